"""The four steps of Stripe Checkout, done so well that nobody has to think about them again."""

from .analytics import open_orders
from .checkout import Checkout, open_checkout
from .errors import CheckoutError
from .orders import Order, OrderEvent, OrderStatus
from .settings import Settings

__all__ = ["Checkout", "CheckoutError", "Order", "OrderEvent", "OrderStatus", "Settings", "open_checkout", "open_orders"]
