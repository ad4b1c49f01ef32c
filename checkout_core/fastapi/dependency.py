"""Which checkout serves a request: what the router was given, or what `lifespan` runs for the application."""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any, cast
from weakref import WeakKeyDictionary

from fastapi import Depends, FastAPI, Request
from starlette.applications import Starlette
from starlette.routing import Mount

from ..config.logging import get_logger
from ..domain.errors import ConfigurationError
from ..services import calling
from ..services.blocking import Checkout
from ..services.checkout import AsyncCheckout

GivenCheckout = AsyncCheckout | Checkout
GetCheckout = (
    Callable[[Request], GivenCheckout]
    | Callable[[Request], Awaitable[GivenCheckout]]
    | Callable[[], GivenCheckout]
    | Callable[[], Awaitable[GivenCheckout]]
)
"""Returns the checkout that serves a request; it may take the request, and it may be a coroutine function."""

NO_CHECKOUT = (
    "This application has no checkout. Give it one when it starts, "
    "`FastAPI(lifespan=checkout_core.fastapi.lifespan(checkout))`, or give the router one, "
    "`checkout_router(lambda: checkout)`. In tests enter the client, `with TestClient(app) as client:`, so that the "
    "lifespan runs. The lifespan of a mounted application does not run: give it to the application that is served."
)
TWO_CHECKOUTS = (
    "This application has two checkouts, and nothing says which of them serves a request. Enter both without the "
    "application, `async with lifespan(one), lifespan(another):`, and give each router its own, "
    "`checkout_router(lambda: one, prefix=…)`."
)
NO_WORKER = (
    "No background worker runs for this checkout: paid orders have no receipt, no handler runs, and lost webhooks are "
    "not found. Add `lifespan=checkout_core.fastapi.lifespan(checkout)` to the application that is served; the lifespan "
    "of a mounted application does not run. If another program has the worker, set CHECKOUT_SWEEP_EVERY=0 here."
)

log = get_logger(__name__)

_GETTER = "checkout_core.get_checkout"
_SERVED_BY = "checkout_core.checkout"
_running: WeakKeyDictionary[Any, AsyncCheckout] = WeakKeyDictionary()
_warned: WeakKeyDictionary[AsyncCheckout, bool] = WeakKeyDictionary()


async def checkout_dependency(request: Request) -> AsyncCheckout:
    """Return the checkout that serves a request: a dependency for routes of your own, and that of the toolkit's routes.

    A test replaces it as any other: `app.dependency_overrides[checkout_dependency] = lambda: another`.

    Raises:
        ConfigurationError: the application has none; the sentence says what to add.
    """
    getter = request.scope.get(_GETTER)
    if getter is None:
        checkout = _running.get(request.app)
        if checkout is None:
            raise ConfigurationError(NO_CHECKOUT)
    else:
        checkout = asynchronous(await _call(getter, request))
    warn_without_worker(checkout)
    request.scope[_SERVED_BY] = checkout
    return checkout


async def served_checkout(request: Request, checkout: Annotated[object, Depends(checkout_dependency)]) -> AsyncCheckout:
    """Return what `checkout_dependency`, or what replaces it, gives to the toolkit's routes: it may be blocking, too.

    Raises:
        ConfigurationError: it is no checkout.
    """
    found = asynchronous(checkout)
    remember_checkout(request, found)
    return found


def require_getter(getter: object) -> None:
    """Check that a function that was given to `checkout_router` can be asked for the checkout of a request.

    Raises:
        ConfigurationError: it is no function, a generator, takes something else than the request, or opens a checkout.
    """
    if not callable(getter):
        raise ConfigurationError(
            f"checkout_router takes a function that returns the checkout, and not {type(getter).__name__}: "
            "checkout_router(lambda: checkout)."
        )
    name = getattr(getter, "__qualname__", type(getter).__name__)
    if getattr(getter, "__module__", "") == "checkout_core.bootstrap":
        raise ConfigurationError(
            f"{name} would open a checkout for every request. Open it once: checkout = {name}(…), and then "
            "checkout_router(lambda: checkout)."
        )
    needed, _ = calling.positional(getter, name)
    if needed > 1:
        raise ConfigurationError(
            f"{name} needs {needed} arguments. A function for checkout_router may take the request."
        )


def serve_with(request: Request, getter: GetCheckout | None) -> None:
    """Let `checkout_dependency` ask `getter` for this request."""
    request.scope[_GETTER] = getter


def remember_checkout(request: Request, checkout: AsyncCheckout) -> None:
    """Let error pages know the shop that serves a request."""
    request.scope[_SERVED_BY] = checkout


def checkout_of(request: Request) -> AsyncCheckout | None:
    """Return the checkout that was found to serve a request."""
    return cast("AsyncCheckout | None", request.scope.get(_SERVED_BY))


def asynchronous(checkout: object) -> AsyncCheckout:
    """Return the checkout as `AsyncCheckout`.

    Raises:
        ConfigurationError: it is no checkout.
    """
    if isinstance(checkout, Checkout):
        return checkout.asynchronous
    if isinstance(checkout, AsyncCheckout):
        return checkout
    raise ConfigurationError(
        f"A checkout is expected here, and not {type(checkout).__name__}. Give what open_async_checkout() returns."
    )


def register(app: Any, checkout: AsyncCheckout) -> None:
    """Let `checkout_dependency` find the checkout of an application whose lifespan runs, and of those mounted in it.

    Raises:
        ConfigurationError: the application has another checkout already.
    """
    if _running.get(app, checkout) is not checkout:
        raise ConfigurationError(TWO_CHECKOUTS)
    for each in _with_mounted(app):
        _running.setdefault(each, checkout)


def unregister(app: Any, checkout: AsyncCheckout) -> None:
    """Forget the checkout of an application whose lifespan has ended."""
    for each in _with_mounted(app):
        if _running.get(each) is checkout:
            del _running[each]


def _with_mounted(app: Any) -> Iterator[Any]:
    yield app
    for route in getattr(app, "routes", ()):
        if isinstance(route, Mount) and isinstance(route.app, Starlette):
            yield from _with_mounted(route.app)


def needs_worker(checkout: AsyncCheckout) -> bool:
    """Return whether a background worker is missing: CHECKOUT_SWEEP_EVERY asks for one, and none runs."""
    return checkout.settings.sweep_every > 0 and not checkout.has_background_worker


def warn_without_worker(checkout: AsyncCheckout) -> None:
    """Say in the log, once for each checkout, that its worker is missing."""
    if checkout not in _warned and needs_worker(checkout):
        _warned[checkout] = True
        log.warning(NO_WORKER)  # in words: the application may show messages alone


async def _call(getter: Callable[..., Any], request: Request) -> object:
    app = request.app
    if isinstance(app, FastAPI):  # what a router was given can be overridden like any other dependency
        getter = app.dependency_overrides.get(getter, getter)
    _, taken = calling.positional(getter, "get_checkout")
    found = getter(request) if taken else getter()  # in no thread: to find one among those that are open does not block
    return await found if inspect.isawaitable(found) else found
