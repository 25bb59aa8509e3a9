"""Orders against a stock in memory."""

import unittest

from shop import orders, payment, stock


class Orders(unittest.TestCase):
    """What the shop can give."""

    def setUp(self) -> None:
        self.shelf = stock.open_stock()
        self.addCleanup(self.shelf.close)
        stock.add(self.shelf, "tea", price=400, pieces=5)

    def test_an_order_takes_its_pieces_off_the_shelf(self) -> None:
        order = orders.place(self.shelf, "tea", 2)
        self.assertEqual(order, orders.Order("tea", 2, 800))
        self.assertEqual(stock.find(self.shelf, "tea"), (400, 3))

    def test_more_than_there_is_cannot_be_had(self) -> None:
        with self.assertRaisesRegex(orders.OrderError, "only 5 of tea are left"):
            orders.place(self.shelf, "tea", 6)

    def test_an_unknown_article_cannot_be_had(self) -> None:
        with self.assertRaisesRegex(orders.OrderError, "there is no article milk"):
            orders.place(self.shelf, "milk", 1)

    def test_an_order_of_nothing_is_refused(self) -> None:
        with self.assertRaisesRegex(orders.OrderError, "at least one piece"):
            orders.place(self.shelf, "tea", 0)

    def test_the_payment_names_the_order(self) -> None:
        self.assertEqual(
            payment.request(orders.Order("tea", 2, 800))["reference"], "2 x tea"
        )
