"""The command line, from the outside."""

import tempfile
import unittest
from pathlib import Path

from click.testing import CliRunner

from shop.cli import main


class CommandLine(unittest.TestCase):
    """A shop in a file."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.database = str(Path(folder.name) / "shop.db")

    def call(self, *words: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["--database", self.database, *words])
        return result.exit_code, result.output

    def test_stock_is_kept_between_calls(self) -> None:
        self.assertEqual(
            self.call("add", "tea", "400", "5"), (0, "tea: 5 pieces at 4.00 EUR\n")
        )
        self.assertEqual(self.call("order", "tea", "2"), (0, "2 x tea: 8.00 EUR\n"))

    def test_an_order_that_fails_says_why(self) -> None:
        status, output = self.call("order", "tea", "2")
        self.assertEqual(status, 1)
        self.assertIn("there is no article tea", output)
