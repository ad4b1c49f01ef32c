"""The ASGI application: Stripe's paths, the pages for browsers and the controls."""

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import api
from .browser.bank_page import BankPage
from .browser.intent_pages import IntentPages
from .browser.other_pages import OtherPages
from .browser.pages import BrowserPages
from .browser.payment_pages import PaymentPages
from .controls import Controls
from .dashboard.pages import Dashboard
from .doorkeeper import Doorkeeper
from .simulator import Simulator


def create_app(simulator: Simulator) -> Starlette:
    """Return an app for the root of a port or for a mount such as `/stripe`.

    The lifespan of a mounted app does not run by itself: enter `app.router.lifespan_context(app)`.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with simulator.running():
            yield

    async def home(request: Request) -> Response:
        return RedirectResponse(f"{simulator.public_url}/_simulator")

    simulated, rest = api.build_routes(simulator)
    routes = [
        *simulated,
        *IntentPages(simulator).routes(),
        *PaymentPages(simulator).routes(),
        *BrowserPages(simulator).routes(),
        *BankPage(simulator).routes(),
        *OtherPages(simulator).routes(),
        *Controls(simulator).routes(),
        *Dashboard(simulator).routes(),
        *rest,
        Route("/", home),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(Doorkeeper, simulator=simulator)])
    app.state.simulator = simulator
    return app
