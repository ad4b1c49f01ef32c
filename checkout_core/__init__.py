"""The four steps of Stripe Checkout, done so well that nobody has to think about them again.

Names are imported when they are first used: whoever wants the settings alone does not wait for DuckDB and Stripe.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analytics import open_orders
    from .config.settings import Settings
    from .domain.errors import CheckoutError
    from .domain.orders import Order, OrderEvent, OrderStatus
    from .services.checkout import Checkout, open_checkout

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
    "Checkout": "services.checkout",
    "CheckoutError": "domain.errors",
    "Order": "domain.orders",
    "OrderEvent": "domain.orders",
    "OrderStatus": "domain.orders",
    "Settings": "config.settings",
    "open_checkout": "services.checkout",
    "open_orders": "analytics",
}


def __getattr__(name: str) -> Any:
    """A public name, from the module where it lives (https://peps.python.org/pep-0562/)."""
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
