"""Prices in cents: discounts for many, and how they are shown."""

DISCOUNT_FROM = 10  # pieces
DISCOUNT = 5  # per cent


def total(price: int, quantity: int) -> int:
    """What `quantity` pieces cost; ten or more of them get the discount."""
    full = price * quantity
    return full * (100 - DISCOUNT) // 100 if quantity >= DISCOUNT_FROM else full


def show(cents: int) -> str:
    """The price as a customer reads it."""
    return f"{cents // 100}.{cents % 100:02d} EUR"
