"""What a browser is shown where a program gets JSON: one plain page with a sentence and a way back."""

from collections.abc import Mapping
from html import escape

from fastapi import Request
from fastapi.responses import HTMLResponse

from ..config.settings import Settings
from .dependency import checkout_of

RELOAD_SECONDS = 5
"""After so many seconds a page that says "not confirmed yet" asks again by itself."""

_AFTER_PAYMENT = frozenset({"complete_order", "check_order_status"})
"""The routes that a shopper may come to who has paid."""

_STYLE = """
:root { color-scheme: light dark; --accent: light-dark(LIGHT, DARK); }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1.0625rem/1.5 Figtree, "Segoe UI", system-ui,
  sans-serif; background: light-dark(#fbf5e9, #160d1c); color: light-dark(#28132f, #f6ecdb); }
main { max-width: 34rem; margin: 1.5rem; padding: 2rem; border: 1px solid light-dark(#dccbb0, #46304f);
  border-top: 4px solid var(--accent); background: light-dark(#fffaf0, #1f1327); }
h1 { margin: 0 0 .75rem; font: 700 1.6rem/1.2 Fraunces, "Noto Serif", Georgia, serif; }
p { margin: 0 0 1rem; } a { color: var(--accent); }
"""
_LIGHT, _DARK = "#6b1d4a", "#f6b440"


def wants_page(request: Request) -> bool:
    """Whether a browser asks, for something to read: programs ask for JSON, or for anything."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def is_after_payment(request: Request) -> bool:
    """Whether the shopper who asks may have paid."""
    return getattr(request.scope.get("endpoint"), "__name__", "") in _AFTER_PAYMENT


def page(
    request: Request, status: int, title: str, text: str, *, headers: Mapping[str, str] | None = None, reload: bool
) -> HTMLResponse:
    """Return a page in the shop's colours.

    Args:
        request: what is answered; it says which shop that is.
        status: of HTTP.
        title: the heading.
        text: one or two sentences.
        headers: of the answer.
        reload: whether the page asks again by itself.
    """
    checkout = checkout_of(request)
    settings = checkout.settings if checkout else None
    again = f'<meta http-equiv="refresh" content="{RELOAD_SECONDS}">' if reload else ""
    link = (
        f'<p><a href="{escape(settings.public_url)}">Back to {escape(settings.shop_name)}</a></p>' if settings else ""
    )
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{again}<style>{_style(settings)}</style>'
        f'</head><body><main role="{"status" if reload else "alert"}"><h1>{escape(title)}</h1><p>{escape(text)}</p>{link}'
        "</main></body></html>"
    )
    return HTMLResponse(body, status, {**(headers or {}), "Cache-Control": "no-store"})


def confirmation_url(request: Request, session_id: str) -> str | None:
    """Return the confirmation page of a session of the shop that serves a request."""
    checkout = checkout_of(request)
    return checkout.gateway.urls.after_payment(session_id) if checkout else None


def _style(settings: Settings | None) -> str:
    light = (settings.accent or settings.accent_dark if settings else None) or _LIGHT
    dark = (settings.accent_dark or settings.accent if settings else None) or _DARK
    return _STYLE.replace("LIGHT", light).replace("DARK", dark)
