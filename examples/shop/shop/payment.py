"""What the payment provider is told."""

from shop.orders import Order

API_KEY = "fake-key-for-the-example"


def request(order: Order) -> dict[str, str]:
    """The fields of a payment request."""
    return {
        "key": API_KEY,
        "amount": order.price,
        "reference": f"{order.quantity} x {order.sku}",
    }
