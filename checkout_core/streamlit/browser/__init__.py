"""What only the browser can do: keep a cookie, go to another page in the same tab, begin each page at its top,
show that a button was pressed."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).parent
_cookie = st.components.v2.component("checkout_cookie", js=(_FOLDER / "cookie.js").read_text(encoding="utf-8"))
_redirect = st.components.v2.component("checkout_redirect", js=(_FOLDER / "redirect.js").read_text(encoding="utf-8"))
_places = st.components.v2.component("checkout_places", js=(_FOLDER / "places.js").read_text(encoding="utf-8"))
_presses = st.components.v2.component("checkout_presses", js=(_FOLDER / "presses.js").read_text(encoding="utf-8"))
_disclosure = st.components.v2.component(
    "checkout_disclosure",
    html=(_FOLDER / "disclosure.html").read_text(encoding="utf-8"),
    js=(_FOLDER / "disclosure.js").read_text(encoding="utf-8"),
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


def keep_watched_cookie(name: str, value: str) -> str | None:
    """Keep a cookie as `keep_cookie` does, and hear of other tabs.

    Returns:
        What another tab has just made of it. It comes from the browser, as any cookie does.
    """
    data = {"name": name, "value": value, "days": CART_DAYS, "watched": True}
    changed: object = _cookie(key=f"cookie-{name}", data=data, on_changed_change=lambda: None).changed
    return changed if isinstance(changed, str) and changed != value else None


def redirect_to(url: str) -> None:
    """Go to another site in the same tab."""
    _redirect(key="redirect", data={"url": url})


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
