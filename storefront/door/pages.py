"""The door's page that a browser keeps, and the worker that keeps it. Both are the same for everybody and hold no order."""

from functools import cache

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from storefront.rendering import render

from .files import text_of


@cache
def _page() -> str:
    return render(
        "door_offline.html",
        style=Markup(text_of("door.css")),  # noqa: S704 - files of this package
        markup=Markup(text_of("door.html")),  # noqa: S704
        script=Markup(text_of("core.js") + text_of("offline.js")),  # noqa: S704
    )


async def _offline(_request: Request) -> Response:
    return HTMLResponse(_page())


async def _worker(_request: Request) -> Response:
    return Response(text_of("worker.js"), media_type="text/javascript", headers={"Cache-Control": "no-cache"})


ROUTES = [Route("/door/offline", _offline), Route("/door/worker.js", _worker)]
"""What `st.App` serves beside Streamlit's pages."""
