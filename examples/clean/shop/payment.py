"""What the payment provider is told."""

import os

from shop.orders import Order


def request(order: Order) -> dict[str, str]:
    """The fields of a payment request, with the key that the environment holds."""
    key = os.environ.get("SHOP_PAYMENT", "")
    return {
        "key": key,
        "amount": str(order.price),
        "reference": f"{order.quantity} x {order.sku}",
    }
