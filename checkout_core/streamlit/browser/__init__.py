"""What only the browser can do: keep a cookie, go to another page in the same tab, begin each page at its top,
show that a button was pressed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).parent


def _read(*files: str) -> str:
    """Return files one after the other without the lines that are comments: each browser gets the rest."""
    lines = [line for file in files for line in (_FOLDER / file).read_text(encoding="utf-8").splitlines()]
    return "\n".join(line for line in lines if not line.lstrip().startswith("//"))


STEADY_PRESSES = _read("steady_presses.js")
"""Stands before the script of a component whose buttons must not lose a press."""
TELLING = _read("telling.js")
"""Stands before the script of a component that tells the page something."""
_cookie = st.components.v2.component("checkout_cookie", js=_read("telling.js", "cookie.js"))
_redirect = st.components.v2.component("checkout_redirect", js=_read("redirect.js"))
_places = st.components.v2.component("checkout_places", js=_read("places.js"))
_presses = st.components.v2.component("checkout_presses", js=_read("steady_presses.js", "presses.js"))
_disclosure = st.components.v2.component(
    "checkout_disclosure",
    html=_read("disclosure.html"),
    js=_read("disclosure.js"),
    isolate_styles=False,
)

CART_DAYS = 30
"""For so many days a cart is kept."""


def keep_cookie(name: str, value: str, *, days: int | None = CART_DAYS) -> None:
    """Keep a cookie. Page scripts can read it: nothing belongs in it that they must not know.

    Args:
        name: the cookie's.
        value: the cookie's.
        days: how long; None: until the browser is closed.
    """
    _cookie(key=f"cookie-{name}", data={"name": name, "value": value, "days": days, "watched": False})


@dataclass(frozen=True, slots=True)
class CookieNews:
    """What another tab has made of a cookie. It comes from the browser, as any cookie does.

    Attributes:
        id: tells one news from another: Streamlit may bring the same more than once.
        there: the cookie as it is now.
        base: what it was in this tab before.
        seen: the last news that this tab had taken over when it heard of this.
    """

    id: str
    there: str
    base: str
    seen: str


def keep_watched_cookie(name: str, value: str, *, seen: str, on_news: Callable[[CookieNews], None]) -> None:
    """Keep a cookie as `keep_cookie` does, and hear of other tabs.

    What another tab has written is never written over: it is news, and the page gives another value when it has taken it
    over. News stays until then, whatever else the page is at and however the connection is.

    Args:
        name: the cookie's.
        value: the cookie's.
        seen: what the cookie was when the page read it, or the last news that the page took over.
        on_news: called for news, before the page is drawn.
    """
    key = f"cookie-{name}"

    def take() -> None:
        kept: object = st.session_state.get(key)
        if (news := _news_of(kept.get("news") if isinstance(kept, Mapping) else None)) is not None:
            on_news(news)

    data = {"name": name, "value": value, "days": CART_DAYS, "watched": True, "seen": seen}
    _cookie(key=key, data=data, on_news_change=take)


def _news_of(sent: object) -> CookieNews | None:
    """Read what the browser sent; what is not of that form is no news."""
    if not isinstance(sent, Mapping):
        return None
    given = [sent.get(name) for name in ("id", "there", "base", "seen")]
    return CookieNews(*map(str, given)) if all(isinstance(value, str) for value in given) else None


def redirect_to(url: str, *, after_cookie: str | None = None) -> None:
    """Go to another site in the same tab.

    Args:
        url: where to.
        after_cookie: a cookie that this run keeps: it must be there before.
    """
    _redirect(key="redirect", data={"url": url, "cookie": after_cookie})


def begin_places_at_their_top(page: str, steps: str, navigation: Mapping[str, str], named: str = ".named") -> None:
    """See that each page, and each step of one, begins at its top and with the focus on its heading.

    Also name the navigation, and tie what is wrong to its field: a container `slot-<name>` that holds an alert, to the
    field `field-<name>`. When what has the focus goes away, such as a line with its button, the heading gets it.

    Args:
        page: selects what holds the page.
        steps: selects, in it, the headings that say which step this is, and elements whose `data-place` says so.
        navigation: labels by what selects the links that they are of.
        named: selects the parts whose buttons are called by their text and by what stands there as `.name`.
    """
    _places(key="places", data={"page": page, "steps": steps, "navigation": dict(navigation), "named": named})


def answer_presses() -> None:
    """Mark a button that was pressed with `aria-busy` until the press is answered, and take no second press meanwhile."""
    _presses(key="presses", data={})


def disclose(panel: str, show: str, hide: str, note: str, *, key: str = "disclosure") -> None:
    """Show a button that opens and closes a part of the page in its place, in the browser alone.

    The style sheet says where the part is closed: see `aria-expanded` of `.disclosure`.

    Args:
        panel: selects the part.
        show: what the button says while the part is closed.
        hide: what it says while it is open.
        note: what it says beside that, such as a total.
        key: one for each such button on a page.
    """
    _disclosure(key=key, data={"panel": panel, "show": show, "hide": hide, "note": note})
