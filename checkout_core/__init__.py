"""The four steps of Stripe Checkout, done so well that nobody has to think about them again.

Names are imported when they are first used: whoever wants the settings alone does not wait for DuckDB and Stripe.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analytics import open_orders
    from .bootstrap import open_async_checkout, open_checkout
    from .config.settings import Settings
    from .domain.errors import CheckoutError
    from .domain.events import OrderEvent
    from .domain.orders import Order, OrderStatus
    from .services.blocking import Checkout
    from .services.checkout import AsyncCheckout

    __version__: str

__all__ = [
    "AsyncCheckout",
    "Checkout",
    "CheckoutError",
    "Order",
    "OrderEvent",
    "OrderStatus",
    "Settings",
    "__version__",
    "open_async_checkout",
    "open_checkout",
    "open_orders",
]

_HOMES = {
    "AsyncCheckout": "services.checkout",
    "Checkout": "services.blocking",
    "CheckoutError": "domain.errors",
    "Order": "domain.orders",
    "OrderEvent": "domain.events",
    "OrderStatus": "domain.orders",
    "Settings": "config.settings",
    "open_async_checkout": "bootstrap",
    "open_checkout": "bootstrap",
    "open_orders": "analytics",
}


def __getattr__(name: str) -> Any:
    """A public name, from the module where it lives (https://peps.python.org/pep-0562/)."""
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name == "__version__":
        return str(import_module("importlib.metadata").version("checkout-core"))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
