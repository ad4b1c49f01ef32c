"""The ASGI application: Stripe's paths, the pages for browsers and the controls."""

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import api
from .browser import Pages
from .control import Controls
from .dashboard import Dashboard
from .simulator import Simulator


def create_app(simulator: Simulator) -> Starlette:
    """An app for the root of a port or for a mount such as `/stripe`.

    Mounted apps' lifespans do not run by themselves: chain `app.router.lifespan_context(app)`.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with simulator.running():
            yield

    async def home(request: Request) -> Response:
        return RedirectResponse(f"{simulator.public_url}/_simulator")

    stripe, elsewhere = api.routes(simulator)
    pages = [*Pages(simulator).routes(), *Controls(simulator).routes(), *Dashboard(simulator).routes()]
    routes = [*stripe, *pages, *elsewhere, Route("/", home)]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.simulator = simulator
    return app
