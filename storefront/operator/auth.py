"""Who may see the operator's pages: whoever has a password or a login, or nobody but this machine.

Every operator page calls `require_operator` first. For everybody who may not enter it shows how to, and ends the run.
"""

import hmac
import threading
import time
from math import ceil

import streamlit as st
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from checkout_core import Checkout
from checkout_core.config.addresses import leads_to_loopback
from checkout_core.config.settings import Settings
from storefront import downloads, markup
from storefront.operator import login

LOCAL = "Open: payments are simulated and you are on this machine."
THIS_MACHINE = "this machine"
MAX_TRIES = 5
"""How often one address may try a password in `TRIES_SECONDS`. All together may try 20 times as often."""
TRIES_SECONDS = 300
_CLOSED = (
    "Set CHECKOUT_OPERATOR_PASSWORD, or configure a login with an [auth] section in .streamlit/secrets.toml and the "
    "e-mail addresses of those who may enter in CHECKOUT_OPERATORS. Then start the shop again."
)


class LoginRateLimit:
    """How often a password may be tried, from one address and from all, in one process.

    Args:
        tries: from one address; from all it is 20 times that.
        seconds: in which they are counted.
    """

    def __init__(self, tries: int = MAX_TRIES, seconds: int = TRIES_SECONDS) -> None:
        self._of_address = RateLimitItemPerSecond(tries, seconds, "address")
        self._of_all = RateLimitItemPerSecond(20 * tries, seconds, "all")
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._guard = threading.Lock()

    def take(self, address: str) -> float:
        """Use up one try; return 0 when there was one, else the seconds until the next."""
        limiter = self._limiter
        with self._guard:  # both limits or none is used up
            for limit, whose in ((self._of_address, address), (self._of_all, "")):
                if not limiter.test(limit, whose):
                    return max(limiter.get_window_stats(limit, whose).reset_time - time.time(), 1.0)
            limiter.hit(self._of_address, address)
            limiter.hit(self._of_all, "")
            return 0.0

    def reset(self, address: str) -> None:
        """Give an address all its tries again: somebody there knew the password."""
        with self._guard:
            self._limiter.clear(self._of_address, address)


login_rate_limit = LoginRateLimit()


def require_operator(checkout: Checkout) -> str:
    """Return who works here, in words. Everybody who may not enter is shown how to, and the run ends."""
    settings = checkout.settings
    if login.is_configured() and login.serves(checkout):
        operator = login.signed_in_operator(settings.operators, settings.oidc_issuer)
    elif settings.operator_password is not None:
        operator = _by_password(settings.operator_password.get_secret_value(), checkout.shop)
    else:
        operator = _by_place(settings)
    if operator is None:
        st.stop()
    return operator


def sign_out() -> None:
    """Sign out; what was prepared for downloading is gone."""
    downloads.forget_unfetched()
    if st.session_state.pop("operator", None) is None and login.is_configured():
        st.logout()


def visitor_is_local() -> bool:
    """Whether the visitor is on this machine, and did not come through a name that leads here from outside."""
    host: object = st.context.headers.get("Host")
    return _address() == THIS_MACHINE and (not isinstance(host, str) or leads_to_loopback(f"//{host}"))


def _address() -> str:
    """The visitor's address; Streamlit has none for a visitor on this machine."""
    address: object = st.context.ip_address
    return address if isinstance(address, str) else THIS_MACHINE


def _by_place(settings: Settings) -> str | None:
    if settings.simulated and leads_to_loopback(settings.public_url) and visitor_is_local():
        return LOCAL
    st.html(markup.notice("The operator's pages are closed", _CLOSED, "bad", "!"))
    return None


def _by_password(password: str, shop: str) -> str | None:
    if st.session_state.get("operator") == shop:
        return "Signed in by password"
    with st.container(key="operator-sign-in-page"):
        st.html(markup.notice("For operators", "These pages show shoppers' names and move money.", mark="⚷"))
        with st.form("operator-sign-in", border=False):
            given = st.text_input("Password", type="password", key="operator-password", autocomplete="current-password")
            pressed = st.form_submit_button("Sign in", type="primary", width="stretch")
        if not pressed:
            return None
        address = _address()
        seconds = login_rate_limit.take(address)
        if seconds:
            st.html(markup.problem(f"Too many wrong passwords. Try again in {ceil(seconds / 60)} min."))
        elif hmac.compare_digest(given.encode(), password.encode()):
            login_rate_limit.reset(address)
            st.session_state["operator"] = shop
            st.rerun()
        else:
            st.html(markup.problem("This is not the password."))
    return None
