"""A Stripe for your laptop: the HTTP API, Stripe.js, the hosted page and webhooks of Stripe Checkout in payment mode.

Knows nothing of the code that it is tested with, and does not need Stripe's SDK. Names are imported when they are
first used, because every pytest run of an environment loads this package for its plugin.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .simulator import Simulator
    from .sync import SyncSimulator

    __version__: str

__all__ = ["Simulator", "SyncSimulator", "__version__", "create_app"]


def __getattr__(name: str) -> Any:
    """Return a public name from the module where it lives: https://peps.python.org/pep-0562/."""
    if name == "create_app":
        from .app import create_app

        return create_app
    if name == "Simulator":
        from .simulator import Simulator

        return Simulator
    if name == "SyncSimulator":
        from .sync import SyncSimulator

        return SyncSimulator
    if name == "__version__":
        from importlib.metadata import version

        return version("stripe-simulator")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
