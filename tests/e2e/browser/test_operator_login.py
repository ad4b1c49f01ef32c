"""Operators who sign in with their organisation's account, at a real OpenID Connect provider."""

import re
from collections.abc import Iterator

import pytest
from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.conftest import running_demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]

SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "as good as random, for a test"
client_id = "checkout"
client_secret = "any will do"
server_metadata_url = "http://localhost:{port}/.well-known/openid-configuration"
"""
USERS = [
    User(sub="ada", claims={"email": "Ada@example.com", "email_verified": True}),
    User(sub="eve", claims={"email": "eve@example.com", "email_verified": True}),
    User(sub="mallory", claims={"email": "ada@example.com", "email_verified": False}),
]


@pytest.fixture
def answers_expected() -> str:
    return "404"  # the provider has no icon


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo with a provider in its secrets file."""
    folder = tmp_path_factory.mktemp("login")
    with run_server_in_thread(user_claims=USERS) as provider:
        (folder / ".streamlit").mkdir()
        (folder / ".streamlit" / "secrets.toml").write_text(SECRETS.format(port=provider.server_port))
        with running_demo(folder, HOME=str(folder), CHECKOUT_OPERATORS="ada@example.com") as address:
            yield address


def sign_in(page: Page, sub: str) -> None:
    """Go to the provider and back."""
    page.route(
        re.compile("^https:"), lambda route: route.fulfill(body="")
    )  # the provider's page has its style from elsewhere
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("sub").fill(sub)
    page.get_by_role("button", name="Authorize").click()


def sign_out(page: Page, button: str) -> None:
    """Here and at the provider, which leads back to the shop."""
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tonight, and all week, in the dark.")


def test_an_operator_comes_back_to_the_page_that_was_asked_for_and_stays_until_signing_out(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/order?id=order_of_nobody")
    sign_in(page, "ada")
    expect(page.get_by_text("Signed in as Ada@example.com")).to_be_visible()
    expect(page.get_by_role("heading", name="No such order")).to_be_visible()
    assert page.url == f"{address}/order?id=order_of_nobody"
    page.goto(f"{address}/orders")
    expect(page.get_by_text("No order yet")).to_be_visible()
    cookies = [one for one in page.context.cookies() if one["name"].startswith("_streamlit_user")]
    assert cookies
    assert all(one["httpOnly"] and one["sameSite"] == "Lax" for one in cookies)
    sign_out(page, "Sign out")
    page.goto(f"{address}/orders")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_text("No order yet")).to_have_count(0)


def test_whoever_is_not_on_the_list_is_refused_and_can_take_another_account(page: Page, address: str) -> None:
    page.goto(f"{address}/orders")
    sign_in(page, "eve")
    expect(page.get_by_text("eve@example.com is not in CHECKOUT_OPERATORS")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Insights|Export"))).to_have_count(0)
    page.wait_for_function(
        "!/operator-page=[^;]/.test(document.cookie)"
    )  # the page to return to is forgotten once it was shown
    page.goto(address)  # the shop is open to everybody
    expect(page.get_by_role("heading", level=1)).to_have_text("Tonight, and all week, in the dark.")
    page.goto(f"{address}/orders")
    sign_out(page, "Use another account")
    page.goto(f"{address}/orders")
    sign_in(page, "mallory")  # who says to be Ada, and the provider does not vouch for it
    expect(page.get_by_text("This account may not enter")).to_be_visible()


def test_at_another_address_than_the_provider_knows_the_page_says_where_to_sign_in(page: Page, address: str) -> None:
    page.goto(f"{address.replace('127.0.0.1', 'localhost')}/orders")
    link = page.get_by_role("link", name=re.compile("^Go to 127.0.0.1"))
    expect(link).to_have_attribute("href", f"{address}/orders")
