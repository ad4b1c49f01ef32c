"""The simulator's Stripe.js has every member that `@stripe/stripe-js` types, in each release."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, created, post
from tests.e2e.node.declarations import members
from tests.e2e.node.packages import package

pytestmark = pytest.mark.browser
RELEASES = ("acacia", "basil", "clover", "dahlia", "endive")
PAGE = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<script src="{base}/{release}/stripe.js"></script></head><body><div id="place"></div></body></html>"""
OPEN = """(secret) => {
  window.stripe = Stripe("pk_test_123");
  if (stripe.initCheckoutElementsSdk) {
    window.sdk = stripe.initCheckoutElementsSdk({ clientSecret: secret });
    return sdk.loadActions().then(({ actions }) => { window.actions = actions; window.session = actions.getSession(); });
  }
  return stripe.initCheckout({ clientSecret: secret }).then((merged) => {
    window.sdk = merged;
    window.actions = merged;
    window.session = merged.session();
  });
}"""
GONE = {
    "initCheckout": ("dahlia", "endive"),
    "initEmbeddedCheckout": ("dahlia", "endive"),
    "redirectToCheckout": ("clover", "dahlia", "endive"),
}


class Typed(NamedTuple):
    """A type of Stripe.js, and where a page finds the object that has it."""

    name: str
    expression: str
    file: str = "checkout"


TYPES = (
    Typed("Stripe", "stripe", "stripe"),
    Typed("StripeCheckoutSession", "session"),
    Typed("StripeCheckoutLineItem", "session.lineItems[0]"),
    Typed("StripeCheckoutDiscountAmount", "session.discountAmounts[0]"),
    Typed("StripeCheckoutShippingOption", "session.shippingOptions[0]"),
    Typed("StripeCheckoutShipping", "session.shipping"),
    Typed("StripeCheckoutTotalSummary", "session.total"),
)
OF_THE_SDK = {
    "acacia": (Typed("StripeCheckout", "sdk"),),
    "basil": (Typed("StripeCheckout", "sdk"),),
    "clover": (Typed("StripeCheckout", "sdk"), Typed("LoadActionsSuccess", "actions")),
    "dahlia": (
        Typed("StripeCheckoutElementsSdk", "sdk"),
        Typed("StripeCheckoutLoadActionsSuccess", "actions"),
        Typed("StripeCheckoutFormSdk", "form"),
    ),
}
OF_THE_SDK["endive"] = OF_THE_SDK["dahlia"]


def opened(page: Page, simulator: Running, shop: Any, release: str) -> None:
    client = api(simulator)
    coupon = client.v1.coupons.create({"amount_off": 100, "currency": "eur"})
    asked: Any = {"shipping_options": [post("Standard", 100)], "discounts": [{"coupon": coupon.id}]}
    session = created(simulator, shop, ui_mode="elements", **asked)
    shop.page = PAGE.format(base=simulator.url, release=release)
    page.goto(f"{shop.url}/checkout")
    page.evaluate(OPEN, session.client_secret)
    if release in ("dahlia", "endive"):
        page.evaluate(
            "(clientSecret) => { window.form = stripe.initCheckoutFormSdk({ clientSecret }); }", "cs_1_secret_2"
        )


@pytest.mark.parametrize("release", RELEASES)
def test_every_typed_member_exists(page: Page, simulator: Running, shop: Any, release: str) -> None:
    folder: Path = package(f"stripe-js-{release}") / "dist" / "stripe-js"
    opened(page, simulator, shop, release)
    missing = {}
    for typed in (*TYPES, *OF_THE_SDK[release]):
        wanted = members(folder / f"{typed.file}.d.ts", typed.name)
        assert len(wanted) > 1, typed
        provided = set(page.evaluate(f"Object.keys({typed.expression})"))
        missing[typed.name] = wanted - provided
    assert missing == {typed: set() for typed in missing}
    assert page.evaluate("Stripe.version") == release


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_not_simulated_says_so(page: Page, simulator: Running, shop: Any, release: str) -> None:
    opened(page, simulator, shop, release)
    said = page.evaluate("""() => {
      const said = {};
      for (const name of Object.keys(stripe)) {
        try { const answer = stripe[name](); answer?.catch?.(() => {}); } catch (error) { said[name] = error; }
      }
      return Object.fromEntries(Object.entries(said).map(([name, {name: kind, message}]) => [name, [kind, message]]));
    }""")
    assert "createToken" in said
    assert {kind for kind, _ in said.values()} == {"IntegrationError"}
    gone = {name for name, (_, message) in said.items() if "is not available in this version" in message}
    assert gone >= {name for name, releases in GONE.items() if release in releases}
    assert "stripe.initCheckoutElementsSdk()" in said["initCheckout"][1] or release not in GONE["initCheckout"]


@pytest.mark.parametrize("release", ["clover", "dahlia", "endive"])
def test_the_sdk_of_newer_releases_comes_at_once(page: Page, simulator: Running, shop: Any, release: str) -> None:
    opened(page, simulator, shop, release)
    name = "initCheckout" if release == "clover" else "initCheckoutElementsSdk"
    at_once = page.evaluate(f"typeof stripe.{name}({{ clientSecret: 'cs_1_secret_2' }}).loadActions")
    assert at_once == "function"


def test_v3_is_the_third_version_and_an_unknown_release_is_none(page: Page, simulator: Running, shop: Any) -> None:
    shop.page = PAGE.format(base=simulator.url, release="v3").replace("/stripe.js", "/")
    page.goto(f"{shop.url}/checkout")
    assert page.evaluate("Stripe.version") == 3
    assert page.request.get(f"{simulator.url}/nashville/stripe.js").status == 404
