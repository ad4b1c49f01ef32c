"""The application, as a function of a `Checkout`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from checkout_core import Checkout, open_checkout

from . import errors
from .limits import BodyLimit
from .routes import checkout_routes, other_routes


def create_app(checkout: Checkout | None = None) -> FastAPI:
    """The callback service, at the root or mounted anywhere.

    Without a `checkout` the app opens one from the environment when it starts and closes it when it stops; a given
    one stays its owner's.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if checkout is not None:
            yield
            return
        own = open_checkout()
        app.state.checkout = own
        try:
            yield
        finally:
            await run_in_threadpool(own.close)

    app = FastAPI(
        title="Checkout callbacks",
        summary="The four steps of Stripe Checkout over HTTP.",
        version=version("checkout-toolkit"),
        lifespan=lifespan,
    )
    app.state.checkout = checkout
    app.add_middleware(BodyLimit)
    errors.install(app)
    app.include_router(checkout_routes)
    app.include_router(other_routes)
    return app
