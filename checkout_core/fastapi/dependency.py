"""Which checkout serves a request: what the router was given, or what `lifespan` runs for the application."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, cast
from weakref import WeakKeyDictionary

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

from ..config.logging import get_logger
from ..domain.errors import ConfigurationError
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
    "lifespan runs."
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


def register(app: Any, checkout: AsyncCheckout | None) -> None:
    """Let `checkout_dependency` find the checkout of an application whose lifespan runs; None: it has ended."""
    if checkout is None:
        _running.pop(app, None)
    else:
        _running[app] = checkout


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
    arguments = [request] if inspect.signature(getter).parameters else []
    if inspect.iscoroutinefunction(getter):
        return await getter(*arguments)
    return await run_in_threadpool(getter, *arguments) if _may_block(getter) else getter(*arguments)


def _may_block(getter: Callable[..., Any]) -> bool:
    """Whether it would open a checkout, which reads files: no way of finding one among those that are open does."""
    return getattr(getter, "__module__", "") == "checkout_core.bootstrap"
