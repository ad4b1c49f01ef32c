"""Pages of react-stripe-js in its three generations, built by esbuild, pay at the simulator unchanged."""

import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, created, fill
from tests.e2e.node.packages import HERE, package, tool

pytestmark = pytest.mark.browser
RELEASES = ("basil", "clover", "endive")
CHALLENGE = "iframe[title='Bank authentication']"
PAGE = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<script src="{base}/{release}/stripe.js"></script></head>
<body data-key="pk_test_123" data-secret="{secret}" data-strict="{strict}"><div id="root"></div>
<script type="module">{bundle}</script></body></html>"""


@cache
def bundle(release: str) -> str:
    """The page of a release as a browser runs it."""
    esbuild = package("esbuild") / "bin" / "esbuild"
    options = [
        "--bundle",
        "--format=esm",
        "--jsx=automatic",
        "--charset=ascii",
        '--define:process.env.NODE_ENV="development"',
        f"--alias:@stripe/stripe-js=stripe-js-{release}",
        f"--alias:@stripe/react-stripe-js=react-stripe-js-{release}",
    ]
    command = [tool("node"), str(esbuild), f"react/{release}.jsx", *options]
    return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.fixture(params=["", "strict"], ids=["plain", "strict"])
def opened(page: Page, simulator: Running, shop: Any, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Open a page of a release; gives its session."""

    def open_page(release: str, query: str = "", **asked: Any) -> Any:
        session = created(simulator, shop, ui_mode="elements", customer_email="ada@example.com", **asked)
        values = {"release": release, "secret": session.client_secret, "strict": request.param}
        shop.page = PAGE.format(base=simulator.url, bundle=bundle(release), **values)
        page.goto(f"{shop.url}/checkout{query}")
        expect(page.locator("#total")).to_have_text("€12.50")
        return session

    return open_page


@pytest.mark.parametrize("release", RELEASES)
def test_a_react_page_is_declined_and_paid(
    page: Page, simulator: Running, shop: Any, opened: Callable[..., Any], *, release: str
) -> None:
    session = opened(release)
    fill(page, "4000000000000002")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_have_text("paymentFailed: Your card was declined.")
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    assert api(simulator).v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


@pytest.mark.parametrize("release", RELEASES)
def test_a_react_page_passes_three_d_secure(
    page: Page, simulator: Running, shop: Any, opened: Callable[..., Any], *, release: str
) -> None:
    session = opened(release)
    fill(page, "4000002500003155")
    page.get_by_role("button", name="Pay").click()
    page.frame_locator(CHALLENGE).get_by_role("button", name="Fail").click()
    expect(page.get_by_role("alert")).to_contain_text("paymentFailed: We are unable to authenticate")
    page.get_by_role("button", name="Pay").click()
    page.frame_locator(CHALLENGE).get_by_role("button", name="Complete").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")


def test_a_react_page_asks_for_the_billing_address(
    page: Page, simulator: Running, shop: Any, opened: Callable[..., Any]
) -> None:
    session = opened("endive", "?address")
    pay = page.get_by_role("button", name="Pay")
    fill(page, "4242424242424242")
    expect(pay).to_be_disabled()
    form = page.frame_locator("iframe[title='Secure address input frame']")
    form.get_by_label("Full name").fill("Ada Lovelace")
    form.get_by_label("Country or region").select_option("GB")
    form.get_by_label("Address line 1").fill("1 Lane")
    form.get_by_label("Town or city").fill("London")
    form.get_by_label("Postcode").fill("N1 1AA")
    pay.click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    details = api(simulator).v1.checkout.sessions.retrieve(session.id).customer_details
    assert details is not None
    assert details.address is not None
    assert (details.name, details.address.city, details.address.country) == ("Ada Lovelace", "London", "GB")
