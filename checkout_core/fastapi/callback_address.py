"""Does the application serve the address to which Stripe sends shoppers back? If not, they pay and see "not found"."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Mount, NoMatchFound

from ..config.logging import get_logger
from ..services.checkout import AsyncCheckout

COMPLETE_ROUTE = "checkout_complete"
"""The name of the route of step 3."""
COMPLETE_PATH = "/checkout/complete"
"""Its path, below the router's prefix."""

log = get_logger(__name__)


def report_unserved_callback(app: Any, checkout: AsyncCheckout, *, below: str = "", proxied: bool = False) -> None:
    """Say in the log when an application has the routes of the steps, and not where CHECKOUT_API_URL says they are.

    Args:
        app: the application, with all its routes.
        checkout: whose settings say the address.
        below: the path at which the application is mounted.
        proxied: whether a proxy may take a part of the path away without saying so.
    """
    below = below or getattr(app, "root_path", "")
    sentence = unserved_callback(app, checkout.gateway.urls.complete, below=below, proxied=proxied)
    if sentence is not None:
        log.warning(sentence)


def unserved_callback(app: Any, complete_url: str, *, below: str = "", proxied: bool = False) -> str | None:
    """Return the sentence that says what is wrong with the callback address; None: nothing.

    Args:
        app: the application, with all its routes.
        complete_url: where Stripe sends shoppers back.
        below: the path at which the application is served or mounted.
        proxied: whether a proxy may take a part of the path away without saying so.
    """
    parts = urlsplit(complete_url)
    served = [below + path for path in sorted(_paths_of(app))]
    if not served or (parts.path.startswith(below) and _serves(app.routes, parts.path.removeprefix(below))):
        return None
    if proxied and any(parts.path.endswith(path) for path in served):
        return None
    here = f"{parts.scheme}://{parts.netloc}{served[0].removesuffix(COMPLETE_PATH)}"
    said = (
        f"Stripe sends shoppers back to {parts.path}, which this application does not serve: it serves "
        f"{', '.join(served)}. Set CHECKOUT_API_URL={here}"
    )
    outer = next((parts.path.removesuffix(path) for path in served if parts.path.endswith(path)), None)
    if outer:  # the server's own root path is not known before the first request
        return (
            f"{said}, unless {outer} is taken away before, by a proxy or by the server (uvicorn --root-path {outer})."
        )
    return f"{said}."


def _serves(routes: list[BaseRoute], path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(dict(scope))[0] is Match.FULL for route in routes)


def _paths_of(app: Any, below: str = "") -> set[str]:
    """Return the paths of step 3 that an application serves, mounted applications included."""
    found: set[str] = set()
    with suppress(NoMatchFound):
        found.add(below + app.router.url_path_for(COMPLETE_ROUTE))
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, Starlette):
            found |= _paths_of(route.app, below + route.path)
    return found
