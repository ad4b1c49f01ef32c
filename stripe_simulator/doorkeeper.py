"""Controls and dashboard are for whoever runs the simulator, not for pages of other sites in the same browser."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .addresses import foreign
from .errors import StripeError
from .http.responses import JSONResponse
from .simulator import Simulator


class Doorkeeper:
    """ASGI middleware: what is below `/_simulator` answers its own pages, and programs, only."""

    def __init__(self, app: ASGIApp, simulator: Simulator) -> None:
        self._app = app
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or say that it comes from elsewhere."""
        if scope["type"] == "http":
            path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
            if path.startswith("/_simulator"):
                refusal = foreign(Headers(scope=scope), scope, self._simulator.hosts)
                if refusal is not None:
                    await JSONResponse(StripeError(403, refusal).body(), 403)(scope, receive, send)
                    return
        await self._app(scope, receive, send)
