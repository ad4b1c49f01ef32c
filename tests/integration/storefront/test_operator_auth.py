"""Who may enter the operator's pages: nobody but this machine, a password, or a login."""

import time

import pytest
from streamlit.runtime.context import ContextProxy

from checkout_core.config.addresses import is_loopback, leads_to_loopback
from storefront.operator import auth
from storefront.operator.auth import LoginRateLimit
from storefront.operator.login import is_allowed
from storefront.pages import OPERATOR_PAGES
from tests.support.storefront import MakeSettings, OpenShop, VisitPage, press, text_of


def test_on_this_machine_with_the_simulator_the_pages_are_open(visit: VisitPage) -> None:
    assert auth.LOCAL in text_of(visit("orders"))


@pytest.mark.parametrize("page", OPERATOR_PAGES)
@pytest.mark.parametrize(
    "changes",
    [
        {"public_url": "https://shop.example"},
        {
            "stripe_secret_key": "sk_test_real",
            "stripe_api_base": None,
            "ui_mode": "hosted_page",
            "stripe_publishable_key": None,
        },
    ],
)
def test_elsewhere_without_a_password_every_page_says_what_to_set(
    open_shop: OpenShop, changes: dict[str, object], page: str
) -> None:
    shop = open_shop(**changes).switch_page(f"views/{page}.py").run()
    assert not shop.exception
    assert "CHECKOUT_OPERATOR_PASSWORD" in text_of(shop)
    assert "CHECKOUT_OPERATORS" in text_of(shop)
    assert auth.LOCAL not in text_of(shop)
    assert not shop.text_input


@pytest.mark.parametrize("page", OPERATOR_PAGES)
def test_a_password_closes_every_page_here_too(open_shop: OpenShop, page: str) -> None:
    shop = open_shop(operator_password="open sesame").switch_page(f"views/{page}.py").run()
    assert "For operators" in text_of(shop)
    assert [field.label for field in shop.text_input] == ["Password"]


def test_a_wrong_password_is_refused_and_the_right_one_opens_until_signed_out(open_shop: OpenShop) -> None:
    shop = open_shop(operator_password="öpen sesame").switch_page("views/orders.py").run()
    shop.text_input(key="operator-password").input("open sesame")
    press(shop, "Sign in")
    assert "not the password" in text_of(shop)
    shop.text_input(key="operator-password").input("öpen sesame")
    press(shop, "Sign in")
    assert "Signed in by password" in text_of(shop)
    assert "No order yet" in text_of(shop)
    shop.switch_page("views/insights.py").run()
    assert "Signed in by password" in text_of(shop)
    shop.button(key="sign-out").click().run()
    assert "For operators" in text_of(shop)


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(open_shop: OpenShop) -> None:
    shop = open_shop(operator_password="right").switch_page("views/orders.py").run()
    for attempt in ["wrong"] * 5 + ["right"]:
        shop.text_input(key="operator-password").input(attempt)
        press(shop, "Sign in")
    assert "Too many wrong passwords. Try again in 5 min." in text_of(shop)


def test_tries_come_back_with_time_and_are_counted_for_each_address_and_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = now = time.time()
    monkeypatch.setattr("time.time", lambda: now)
    limit = LoginRateLimit(tries=2, seconds=60)
    assert [limit.take("a"), limit.take("a"), limit.take("b")] == [0, 0, 0]
    now = began + 15
    assert limit.take("a") == pytest.approx(45)
    limit.reset("b")
    assert [limit.take("b"), limit.take("b"), limit.take("b") > 0] == [0, 0, True]
    now = began + 61
    assert limit.take("a") == 0
    for number in range(40):
        limit.take(f"address {number}")
    assert limit.take("yet another") > 0


def test_only_listed_and_verified_addresses_may_sign_in(settings_of: MakeSettings) -> None:
    operators = settings_of(operators="Ada@example.com, grace@example.com").operators
    for verified in (True, "true"):
        assert is_allowed({"email": "ada@Example.com", "email_verified": verified}, operators)
        assert not is_allowed({"email": "eve@example.com", "email_verified": verified}, operators)
    for unverified in (False, "false", "", None, 0, 1, 1.0, "1", "True or false", [True]):
        assert not is_allowed({"email": "grace@example.com", "email_verified": unverified}, operators)
    assert not is_allowed({"email": "ada@example.com"}, operators), "a claim that is missing is not a yes"
    assert not is_allowed({}, operators)
    kelvin = {"email": "\N{KELVIN SIGN}im@example.com", "email_verified": True}
    assert not is_allowed(kelvin, frozenset({"kim@example.com"})), (
        "its small letter is a k, and the address another one"
    )
    assert not is_allowed({"email": "", "email_verified": True}, settings_of().operators)


def test_a_provider_that_never_says_verified_is_believed_when_its_issuer_is_named() -> None:
    operators, tenant = frozenset({"ada@example.com"}), "https://login.microsoftonline.com/ours/v2.0"
    user = {"email": "ada@example.com", "iss": tenant}
    assert is_allowed(user, operators, tenant)
    assert not is_allowed(user, operators)
    assert not is_allowed(user | {"iss": "https://login.microsoftonline.com/theirs/v2.0"}, operators, tenant)
    assert not is_allowed({"email": "ada@example.com"}, operators, tenant)
    assert not is_allowed(user | {"email_verified": False}, operators, tenant)
    assert not is_allowed(user | {"email": "eve@example.com"}, operators, tenant)


def test_a_configured_login_takes_the_place_of_the_password(open_shop: OpenShop) -> None:
    shop = open_shop(operator_password="right", operators="ada@example.com")
    shop.secrets["auth"] = {"redirect_uri": "http://127.0.0.1:8501/oauth2callback"}
    shop.switch_page("views/orders.py").run()
    assert "organisation" in text_of(shop)
    assert not shop.text_input
    shop.user = {"is_logged_in": True, "email": "eve@example.com"}
    shop.run()
    assert "eve@example.com is not in CHECKOUT_OPERATORS" in text_of(shop)
    shop.user = {"is_logged_in": True, "email": "ada@example.com"}
    shop.run()
    assert "does not say that ada@example.com is verified" in text_of(shop)
    shop.user = {"is_logged_in": True, "email": "ada@example.com", "email_verified": True}
    shop.run()
    assert "Signed in as ada@example.com" in text_of(shop)


def test_loopback_addresses_are_told_from_others() -> None:
    assert all(
        map(leads_to_loopback, ["http://127.0.0.1:8501", "http://localhost", "http://[::1]:80", "//shop.localhost"])
    )
    assert not any(
        map(leads_to_loopback, ["https://shop.example", "http://127.0.0.1.evil.example", "http://10.0.0.1", ""])
    )
    assert all(map(is_loopback, ["127.0.0.1", "::1", "localhost", "shop.localhost"]))
    assert not any(map(is_loopback, ["localhost.evil.example", "0.0.0.0", ""]))


def test_each_provider_of_the_secrets_file_has_its_button(open_shop: OpenShop) -> None:
    shop = open_shop()
    shop.secrets["auth"] = {"redirect_uri": "http://127.0.0.1/oauth2callback", "google": {"client_id": "1"}, "okta": {}}
    shop.switch_page("views/orders.py").run()
    assert [button.label for button in shop.button][-2:] == ["Sign in with google", "Sign in with okta"]


def test_a_login_that_is_not_set_up_completely_says_what_is_missing(open_shop: OpenShop) -> None:
    shop = open_shop()
    shop.secrets["auth"] = {"redirect_uri": "http://127.0.0.1:8501/oauth2callback", "client_id": "1"}
    shop.switch_page("views/orders.py").run()
    press(shop, "Sign in")
    assert not shop.exception
    assert "The login is not set up completely." in text_of(shop)
    assert "secrets.toml" in text_of(shop)


@pytest.mark.parametrize(
    ("what", "value"), [("headers", {"Host": "rebound.example"}), ("ip_address", "192.0.2.7")], ids=["name", "machine"]
)
def test_open_pages_are_closed_to_other_machines_and_names_that_lead_here_from_outside(
    visit: VisitPage, monkeypatch: pytest.MonkeyPatch, what: str, value: object
) -> None:
    assert auth.LOCAL in text_of(visit("orders"))
    monkeypatch.setattr(ContextProxy, what, value)  # a test has no request, so this is all that is made up
    assert "pages are closed" in text_of(visit("orders"))
