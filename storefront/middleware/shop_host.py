"""A clear 404 for a host that is no shop's, before any page is drawn."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from checkout_core.domain.errors import UnknownShop
from checkout_core.services.shops import Shops


class ShopHostMiddleware:
    """ASGI middleware for `st.App`: only hosts of `shops` get a page. What is mounted at `elsewhere` is not asked."""

    def __init__(self, app: ASGIApp, shops: Shops, elsewhere: Sequence[str] = ()) -> None:
        self._app = app
        self._shops = shops
        self._elsewhere = tuple(elsewhere)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or say that there is no such shop."""
        if scope["type"] == "http" and not scope["path"].startswith(self._elsewhere):
            try:
                self._shops.at(Headers(scope=scope).get("host", ""))
            except UnknownShop as error:
                await PlainTextResponse(error.message, 404)(scope, receive, send)
                return
        await self._app(scope, receive, send)
