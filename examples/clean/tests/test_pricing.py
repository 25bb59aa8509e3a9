"""Prices."""

import unittest

from shop import pricing


class Pricing(unittest.TestCase):
    """What things cost."""

    def test_a_few_pieces_cost_their_price(self) -> None:
        self.assertEqual(pricing.total(250, 9), 2250)

    def test_ten_pieces_get_the_discount(self) -> None:
        self.assertEqual(pricing.total(100, 10), 950)

    def test_many_pieces_get_the_discount(self) -> None:
        self.assertEqual(pricing.total(100, 20), 1900)

    def test_prices_are_shown_with_two_digits(self) -> None:
        self.assertEqual(pricing.show(1905), "19.05 EUR")
