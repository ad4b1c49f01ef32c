"""The application, as a function of a `Checkout`, or of several shops'."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import Depends, FastAPI, Request
from starlette.concurrency import run_in_threadpool

from checkout_core import AsyncCheckout, Checkout, Settings
from checkout_core.bootstrap import open_shops
from checkout_core.config import logging as logs
from checkout_core.config.descriptors import raise_descriptor_limit, reserve
from checkout_core.domain.errors import StripeError
from checkout_core.fastapi import checkout_router, install_error_answers
from checkout_core.services.shops import Shops

from .connections import ConnectionLimit, limited_connections
from .documentation import documentation_routes
from .door import door_routes
from .headers import Headers
from .lasting import lasting_objects
from .limits import BodyLimit
from .operation import Readiness, operation_routes
from .operator import operator_routes
from .rates import Rates, limited
from .starting import StartOnRequest

log = logs.get_logger(__name__)


def create_app(serving: Checkout | Shops | None = None) -> FastAPI:
    """Make the callback service of one checkout or of several shops, at the root or mounted anywhere.

    Without either the app opens the shops of the environment when it starts and closes them when it stops, and sets up
    the logs; what is given stays its owner's. Either way orders are kept in the background while the app runs. The
    lifespan of a mounted app does not run: its first request then does what the lifespan does, except for the logs, and
    the worker runs in a thread of its own until the process ends.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.started = True
        async with AsyncExitStack() as stack:
            if serving is None:
                raise_descriptor_limit()
                reserve.fill()
                stack.enter_context(limited_connections(ConnectionLimit()))
                settings = Settings.load()
                logs.configure(settings)
                shops = open_shops(settings)
                stack.push_async_callback(run_in_threadpool, shops.close)
                serve(app, shops)
            await run_in_threadpool(_say_which_shops_share_an_account, app.state.shops)
            for checkout in app.state.shops:
                stack.push_async_callback(checkout.asynchronous.disconnect)  # the app's event loop ends with the app
                await stack.enter_async_context(checkout.asynchronous.background_worker())
            if serving is None:
                stack.enter_context(lasting_objects())
            yield

    app = FastAPI(
        title="Checkout callbacks",
        summary="The four steps of Stripe Checkout over HTTP.",
        version=version("checkout-toolkit"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.readiness = Readiness()
    app.state.started = False
    if serving is not None:
        serve(app, Shops.only(serving) if isinstance(serving, Checkout) else serving)
    app.add_middleware(BodyLimit)
    app.add_middleware(Headers)
    app.add_middleware(StartOnRequest, owner=app, serve=serve)
    install_error_answers(app)
    app.include_router(checkout_router(_checkout_of, dependencies=[Depends(limited)]))
    app.include_router(operation_routes)
    app.include_router(operator_routes)
    app.include_router(door_routes)
    app.include_router(documentation_routes)
    return app


def serve(app: FastAPI, shops: Shops) -> None:
    """Let an app answer for these shops."""
    app.state.shops = shops
    app.state.rates = Rates(next(iter(shops)).settings)


def _say_which_shops_share_an_account(shops: Shops) -> None:
    with suppress(StripeError):  # Stripe may be away at the start; the steps say so when they need it
        for ids in shops.shared_accounts():
            log.warning("shops of one Stripe account: each ignores the others' sessions by their mark", shops=ids)


def _checkout_of(request: Request) -> AsyncCheckout:
    shops: Shops = request.app.state.shops
    return shops.at(request.headers.get("host", "")).asynchronous
