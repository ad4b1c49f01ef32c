"""The page before Streamlit has drawn anything: its title, its colours, and a word that it is opening.

Streamlit's own page is white and called "Streamlit" until its scripts have run: on a slow line for many seconds, and again
when the shopper comes back from paying. Here the HTML itself says where one is. It also says where the server is: a page
that is opened at a deeper address, such as `/confirmation`, would otherwise guess by asking `/confirmation/_stcore/health`
first, a 404 and a wasted round trip. It names or brings the modules that the shop's first page needs, which would otherwise be
asked for one after the other, and it connects while they load. It hears presses before there is anything to press.
"""

import gzip
import re
import tomllib
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME, XSRF_COOKIE_NAME

from checkout_core.domain.errors import CheckoutError
from checkout_core.services.shops import Shops
from checkout_core.streamlit.browser import STEADY_PRESSES
from storefront.pages import PAGES, SHOP, Page
from storefront.rendering import render
from storefront.theme import THEME

from .answers import collected, takes_gzip, without
from .front_end import front_end

_TITLE = re.compile(rb"<title>[^<]*</title>")
_ICON = re.compile(rb'<link rel="shortcut icon"[^>]*>')
_MODULE = re.compile(rb'<link rel="modulepreload"[^>]*>\s*')
_SCRIPT = re.compile(rb'<script type="module"[^>]*></script>\s*')
_NO_SCRIPT = re.compile(rb"<noscript>.*?</noscript>\s*", re.DOTALL)
"""What Streamlit says without scripts: how programs use it, and nothing for shoppers."""
_STYLE = b'<link rel="stylesheet" '
_LATE_STYLE = b"""<link rel="stylesheet" media="print" onload="this.media = 'all'" """
"""For formulas and icons: without this the browser paints nothing before it has come."""
_FONT = re.compile(rb'<link\s+rel="preload"\s[^>]*as="font"[^>]*>')
_BY_PATH = {page.path: page for page in PAGES}


class PageHeadMiddleware:
    """ASGI middleware for `st.App`: pages have a head and a first picture of the shop's own."""

    def __init__(self, app: ASGIApp, shops: Shops) -> None:
        self._app = app
        self._shops = shops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, a page with the shop's own head."""
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or scope["method"] != "GET" or path.count("/") != 1 or "." in path:
            await self._app(scope, receive, send)
            return
        answer = await collected(self._app, scope, receive, without(scope, b"accept-encoding", b"range"))
        if answer.is_whole and answer.headers.get("content-type", "").startswith("text/html"):
            words = self._words(scope, _BY_PATH.get(path[1:], SHOP))
            answer.body = _with_head(answer.body, *words, connects=_may_connect(scope))
            if takes_gzip(scope):
                answer.body = gzip.compress(answer.body)
                answer.headers["Content-Encoding"] = "gzip"
            answer.headers.add_vary_header("Accept-Encoding")
        await answer.send(send)

    def _words(self, scope: Scope, page: Page) -> tuple[str, str, str]:
        """Return the shop's name, the page's title, and what is being done."""
        try:
            checkout = self._shops.at(Headers(scope=scope).get("host", ""))
        except CheckoutError:  # the page itself says so
            return "", "", "Opening …"
        name = checkout.settings.shop_name
        return name, page.title_in(name, checkout.catalog.welcome.shelf), page.opening


def _may_connect(scope: Scope) -> bool:
    """Return whether the page may connect before Streamlit's scripts do.

    Who is signed in has a cookie, which is believed together with a token that Streamlit's scripts may still have to fetch.
    """
    cookies = HTTPConnection(scope).cookies
    return XSRF_COOKIE_NAME in cookies or USER_COOKIE_NAME not in cookies


@lru_cache(maxsize=200)
def _with_head(page: bytes, name: str, title: str, opening: str, *, connects: bool) -> bytes:
    """Return Streamlit's page with our head and splash.

    Args:
        page: Streamlit's.
        name: the shop's.
        title: the page's.
        opening: what is being done.
        connects: whether the page connects before Streamlit's scripts do.
    """
    themes = tomllib.loads(THEME.read_text(encoding="utf-8"))["theme"]
    head = render("page_head.html", title=title, connects=connects, steady_presses=STEADY_PRESSES)
    style = render("page_style.html", light=themes["light"], dark=themes["dark"])
    end = render("splash.html", name=name, opening=opening)
    for pattern in (_TITLE, _ICON, _FONT, _NO_SCRIPT):
        page = pattern.sub(b"", page)
    if front_end().files and (script := _SCRIPT.search(page)):
        end += render("page_scripts.html", modules=front_end(), script=script[0].decode())
        page = _MODULE.sub(b"", page.replace(script[0], b""))
    page = page.replace(_STYLE, _LATE_STYLE)
    page = page.replace(b"<head>", b"<head>" + head.encode(), 1).replace(b"</head>", style.encode() + b"</head>", 1)
    # After the root: the link that skips to the content has to be the first of the page.
    return page.replace(b"</body>", end.encode() + b"</body>", 1)
