"""What the payment provider is told."""

import os

from shop.orders import Order


def request(order: Order) -> dict[str, str]:
    """The fields of a payment request; the provider's key comes from the environment."""
    key = os.environ.get("SHOP_PAYMENT", "")
    return {
        "key": key,
        "amount": str(order.price),
        "reference": f"{order.quantity} x {order.sku}",
    }
