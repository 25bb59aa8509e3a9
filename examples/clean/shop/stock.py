"""What is on the shelves, in SQLite."""

import sqlite3

TABLE = """
CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, price INTEGER, pieces INTEGER)
"""


def open_stock(path: str = ":memory:") -> sqlite3.Connection:
    """Open the stock, and create it where there is none."""
    stock = sqlite3.connect(path)
    stock.execute(TABLE)
    return stock


def add(stock: sqlite3.Connection, sku: str, price: int, pieces: int) -> None:
    """Put an article on the shelf, or change what is there."""
    stock.execute("INSERT OR REPLACE INTO stock VALUES (?, ?, ?)", (sku, price, pieces))
    stock.commit()


def find(stock: sqlite3.Connection, sku: str) -> tuple[int, int] | None:
    """Price and pieces of an article; None if the shop has never had it."""
    query = "SELECT price, pieces FROM stock WHERE sku = ?"
    row: tuple[int, int] | None = stock.execute(query, (sku,)).fetchone()
    return row


def take(stock: sqlite3.Connection, sku: str, pieces: int) -> None:
    """Take pieces off the shelf."""
    stock.execute("UPDATE stock SET pieces = pieces - ? WHERE sku = ?", (pieces, sku))
    stock.commit()
