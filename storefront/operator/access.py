"""The door of the operator's pages: a password, Streamlit's own login, or nobody but this machine.

Every operator page calls `require` first; for everybody who may not enter it draws the door and ends the run.
"""

import hmac
import threading
import time
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address
from math import ceil
from urllib.parse import urlsplit

import streamlit as st

from checkout_core import Checkout
from checkout_core.config.settings import Settings
from storefront import markup
from storefront.operator import login

LOCAL = "Open: payments are simulated and you are on this machine."
HERE = "this machine"
_CLOSED = (
    "Set CHECKOUT_OPERATOR_PASSWORD, or configure a login with an [auth] section in .streamlit/secrets.toml and the "
    "e-mail addresses of those who may enter in CHECKOUT_OPERATORS. Then start the shop again."
)


class Tries:
    """How often a password may be tried: `most` times in `window` seconds from one address, 20 times that from all."""

    def __init__(self, most: int = 5, window: float = 300.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._window = window
        self._clock = clock
        self._taken: deque[tuple[float, str]] = deque()
        self._guard = threading.Lock()

    def take(self, address: str) -> float:
        """Use up one try: 0 when there was one, else the seconds until the next."""
        now = self._clock()
        with self._guard:
            while self._taken and self._taken[0][0] <= now - self._window:
                self._taken.popleft()
            mine = [at for at, whose in self._taken if whose == address]
            if len(mine) >= self._most:
                return mine[0] + self._window - now
            if len(self._taken) >= 20 * self._most:
                return self._taken[0][0] + self._window - now
            self._taken.append((now, address))
            return 0.0

    def forget(self, address: str) -> None:
        """Whoever knew the password has all tries again."""
        with self._guard:
            self._taken = deque(one for one in self._taken if one[1] != address)


tries = Tries()


def require(checkout: Checkout) -> str:
    """Who works here, in words. Draws the door and ends the run for everybody who may not enter."""
    settings = checkout.settings
    if login.configured() and login.serves(checkout):
        who = login.door(settings.operators)
    elif settings.operator_password is not None:
        who = _by_password(settings.operator_password.get_secret_value(), checkout.shop)
    else:
        who = _by_place(settings)
    if who is None:
        st.stop()
    return who


def leave() -> None:
    """Sign out."""
    if st.session_state.pop("operator", None) is None and login.configured():
        st.logout()


def is_loopback(url: str) -> bool:
    """Whether an address leads to the machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _visitor_is_local() -> bool:
    """Neither from another machine, nor through a name that leads here from outside."""
    host: object = st.context.headers.get("Host")
    return _address() == HERE and (not isinstance(host, str) or is_loopback(f"//{host}"))


def _address() -> str:
    """The visitor's address; Streamlit has none for a visitor on this machine."""
    address: object = st.context.ip_address
    return address if isinstance(address, str) else HERE


def _by_place(settings: Settings) -> str | None:
    if settings.simulated and is_loopback(settings.public_url) and _visitor_is_local():
        return LOCAL
    st.html(markup.notice("The operator's pages are closed", _CLOSED, "bad", "!"))
    return None


def _by_password(password: str, shop: str) -> str | None:
    if st.session_state.get("operator") == shop:
        return "Signed in by password"
    with st.container(key="operator-door"):
        st.html(markup.notice("For operators", "These pages show shoppers' names and move money.", mark="⚷"))
        with st.form("operator-sign-in", border=False):
            given = st.text_input("Password", type="password", key="operator-password", autocomplete="current-password")
            pressed = st.form_submit_button("Sign in", type="primary", width="stretch")
        if not pressed:
            return None
        address = _address()
        seconds = tries.take(address)
        if seconds:
            st.html(markup.problem(f"Too many wrong passwords. Try again in {ceil(seconds / 60)} min."))
        elif hmac.compare_digest(given.encode(), password.encode()):
            tries.forget(address)
            st.session_state["operator"] = shop
            st.rerun()
        else:
            st.html(markup.problem("This is not the password."))
    return None
