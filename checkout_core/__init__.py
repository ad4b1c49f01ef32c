"""The four steps of Stripe Checkout, done so well that nobody has to think about them again.

Names are imported when they are first used: whoever wants the settings alone does not wait for DuckDB and Stripe.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analytics import open_orders
    from .checkout import Checkout, open_checkout
    from .errors import CheckoutError
    from .orders import Order, OrderEvent, OrderStatus
    from .settings import Settings

__all__ = [
    "Checkout",
    "CheckoutError",
    "Order",
    "OrderEvent",
    "OrderStatus",
    "Settings",
    "open_checkout",
    "open_orders",
]

_HOMES = {
    "Checkout": "checkout",
    "CheckoutError": "errors",
    "Order": "orders",
    "OrderEvent": "orders",
    "OrderStatus": "orders",
    "Settings": "settings",
    "open_checkout": "checkout",
    "open_orders": "analytics",
}


def __getattr__(name: str) -> Any:
    """A public name, from the module where it lives (https://peps.python.org/pep-0562/)."""
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
