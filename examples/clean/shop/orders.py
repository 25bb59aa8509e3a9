"""Orders: what is asked for, and whether the shop can give it."""

import sqlite3
from dataclasses import dataclass

from shop import pricing, stock


class OrderError(Exception):
    """The order cannot be filled; the message says why."""


@dataclass(frozen=True)
class Order:
    """An order that was filled, with its price in cents."""

    sku: str
    quantity: int
    price: int


def place(shelf: sqlite3.Connection, sku: str, quantity: int) -> Order:
    """Fill an order and take its pieces off the shelf."""
    if quantity < 1:
        raise OrderError("an order needs at least one piece")
    article = stock.find(shelf, sku)
    if article is None:
        raise OrderError(f"there is no article {sku}")
    price, pieces = article
    if pieces < quantity:
        raise OrderError(f"only {pieces} of {sku} are left")
    stock.take(shelf, sku, quantity)
    return Order(sku, quantity, pricing.total(price, quantity))
