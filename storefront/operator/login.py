"""Streamlit's own login (OIDC) for operators: who may enter, and the return to the page where it began.

The provider is the `[auth]` section of `.streamlit/secrets.toml`. Streamlit signs in at the origin of its
`redirect_uri` and nowhere else, so of several shops one can have it.
"""

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import streamlit as st
from streamlit.errors import StreamlitAuthError

from checkout_core import Checkout
from checkout_core.domain.orders import DEFAULT_SHOP
from checkout_core.streamlit import browser
from storefront import markup, messages
from storefront.pages import OPERATOR_PAGES

COOKIE = "operator-page"
"""The operator's page that the login began at: Streamlit itself always leads back to the home page."""


def is_configured() -> bool:
    """Return whether there is a provider."""
    return bool(st.secrets.load_if_toml_exists() and "auth" in st.secrets)


def serves(checkout: Checkout) -> bool:
    """Return whether the provider's login leads to this shop; with a single shop it does, whatever the address."""
    own = urlsplit(checkout.settings.public_url)
    return checkout.shop == DEFAULT_SHOP or (own.scheme, own.netloc) == (_home().scheme, _home().netloc)


def signed_in_operator(operators: frozenset[str], issuer: str | None) -> str | None:
    """Return who has signed in, in words; everybody who has not or may not is shown how to, and is None."""
    user = st.user.to_dict()
    if not user.get("is_logged_in"):
        _show_sign_in()
        return None
    if st.context.cookies.get(COOKIE):
        browser.keep_cookie(COOKIE, "")
    if is_allowed(user, operators, issuer):
        return f"Signed in as {user['email']}"
    text = _refusal(user, operators)
    st.html(markup.notice("This account may not enter", text, "bad", "!"))
    st.button("Use another account", key="sign-out", on_click=st.logout)
    return None


def is_allowed(user: Mapping[str, object], operators: frozenset[str], issuer: str | None = None) -> bool:
    """Return whether a signed-in user is on the list, by an address that is verified.

    Args:
        user: the claims of the login (https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims).
        operators: the addresses of those who may enter, in small letters.
        issuer: a provider that says of no address whether it is verified, and whose addresses are believed all the same.
            Others' are not: in an app of many tenants an address is what the stranger's tenant says.
    """
    email = user.get("email")
    return isinstance(email, str) and _is_listed(email, operators) and _is_verified(user, issuer)


def _is_listed(email: str, operators: frozenset[str]) -> bool:
    """Whether an address is on the list, however it is capitalised.

    A letter outside ASCII may become one of ASCII in small letters (the sign of Kelvin is one), and another address is not
    that one.
    """
    return (email.lower() if email.isascii() else email) in operators


def _is_verified(user: Mapping[str, object], issuer: str | None) -> bool:
    if "email_verified" in user:
        verified = user["email_verified"]
        return verified is True or verified == "true"  # some providers send text, and the number 1 is none of both
    return issuer is not None and user.get("iss") == issuer


def _refusal(user: Mapping[str, object], operators: frozenset[str]) -> str:
    email = user.get("email")
    if isinstance(email, str) and _is_listed(email, operators):
        return (
            f"The provider does not say that {email} is verified. Verify it there; for a provider that never says so, "
            "whoever runs the shop sets CHECKOUT_OIDC_ISSUER."
        )
    return f"{email or 'This account'} is not in CHECKOUT_OPERATORS. Ask whoever runs the shop to add it."


def return_after_login() -> None:
    """Go on from the home page to the operator's page that the login began at, once."""
    cookie: object = st.context.cookies.get(COOKIE)
    if not isinstance(cookie, str) or not cookie or "returned-after-login" in st.session_state:
        return
    if is_configured() and st.user.is_logged_in:
        st.session_state["returned-after-login"] = True
        path, _, order = cookie.partition("~")
        if path in OPERATOR_PAGES:
            st.switch_page(OPERATOR_PAGES[path].view, query_params={"id": order} if order else None)


def _show_sign_in() -> None:
    home, here = _home(), urlsplit(st.context.url or "")
    if here.hostname and here.hostname != home.hostname:  # the cookie of the login would be another host's
        st.html(markup.notice("For operators", "Signing in works at the shop's main address only.", mark="⚷"))
        st.link_button(f"Go to {home.netloc}", home._replace(path=here.path, query="").geturl(), type="primary")
        return
    st.html(markup.notice("For operators", "Sign in with your organisation's account.", mark="⚷"))
    path, order = here.path.rpartition("/")[2], st.query_params.get("id", "")
    if path in OPERATOR_PAGES:
        browser.keep_cookie(COOKIE, f"{path}~{order}" if order.isascii() and order.isidentifier() else path)
    auth: Mapping[str, object] = st.secrets["auth"]
    named = [name for name, section in auth.items() if isinstance(section, Mapping)]
    for name in named if "client_id" not in auth else [None, *named]:
        label = f"Sign in with {markup.label(name)}" if name else "Sign in"
        st.button(label, key=f"sign-in-{name or 'default'}", type="primary", on_click=_begin, args=(name,))
    if problem := messages.said("sign-in"):
        st.html(markup.problem(problem))


def _begin(provider: str | None) -> None:
    try:
        st.login(provider)
    except StreamlitAuthError as error:
        messages.say("sign-in", f"The login is not set up completely. {' '.join(str(error).split())}")


def _home() -> SplitResult:
    uri = str(st.secrets["auth"].get("redirect_uri", ""))
    return urlsplit(uri.replace("{port}", str(st.get_option("server.port"))))  # as Streamlit reads it
