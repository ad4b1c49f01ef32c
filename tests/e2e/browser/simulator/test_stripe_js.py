"""The simulator's Stripe.js on a shop's page, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, created, fill, post

pytestmark = pytest.mark.browser
SHOP = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<script src="{base}/endive/stripe.js"></script></head><body>
<p id="total"></p><div id="payment"></div><button id="pay">Pay</button><p id="error" role="alert"></p>
<script>
const checkout = Stripe("pk_test_123").initCheckoutElementsSdk({{clientSecret: Promise.resolve("{secret}"),
  elementsOptions: {{appearance: {{variables: {{colorPrimary: "#7a1fa2", borderRadius: "12px"}}}}}}}});
checkout.createPaymentElement().mount("#payment");
const show = (error) => {{ document.getElementById("error").textContent = `${{error.code === undefined ? error.name : error.code}}: ${{error.message}}`; }};
checkout.loadActions().then((loaded) => {{
  const read = () => {{ document.getElementById("total").textContent = loaded.actions.getSession().total.total.amount; }};
  if (!location.search.includes("unread")) read();
  document.getElementById("pay").onclick = () => loaded.actions.confirm({{email: "ada@example.com"}}).then((result) => show(result.error), show);
}});
</script></body></html>"""

OLD_SHOP = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<script src="{base}/v3/"></script></head><body><p id="total"></p><div id="payment"></div><button id="pay">Pay</button>
<script>
Stripe("pk_test_123").initCheckout({{fetchClientSecret: () => Promise.resolve("{secret}")}}).then((checkout) => {{
  checkout.createPaymentElement().mount("#payment");
  document.getElementById("total").textContent = checkout.session().total.total.amount;
  document.getElementById("pay").onclick = () => checkout.confirm({{email: "ada@example.com"}});
}});
</script></body></html>"""


@pytest.mark.parametrize("button", ["Complete", "Fail"])
def test_a_bank_can_ask_the_shopper_first(page: Page, simulator: Running, shop: Any, button: str) -> None:
    session = created(simulator, shop, ui_mode="elements")
    shop.page = SHOP.format(base=simulator.url, secret=session.client_secret)
    page.goto(f"{shop.url}/checkout")
    expect(page.locator("#total")).to_have_text("€12.50")
    fill(page, "4000002500003155")
    page.get_by_role("button", name="Pay").click()
    page.frame_locator("iframe[title='Bank authentication']").get_by_role("button", name=button).click()
    if button == "Complete":
        page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    else:
        expect(page.get_by_role("alert")).to_contain_text("paymentFailed: We are unable to")


def test_confirm_wants_the_total_to_be_shown_and_the_form_to_be_complete(
    page: Page, simulator: Running, shop: Any
) -> None:
    session = created(simulator, shop, ui_mode="elements")
    shop.page = SHOP.format(base=simulator.url, secret=session.client_secret)
    page.goto(f"{shop.url}/checkout?unread")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_contain_text("IntegrationError: Before calling confirm()")
    page.goto(f"{shop.url}/checkout")
    expect(page.locator("#total")).to_have_text("€12.50")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_contain_text("null: Your card number is incomplete.")


def test_what_a_frame_was_asked_is_answered_also_when_it_is_loaded_anew(
    page: Page, simulator: Running, shop: Any
) -> None:
    session = created(simulator, shop, ui_mode="elements")
    shop.page = SHOP.format(base=simulator.url, secret=session.client_secret)
    page.goto(f"{shop.url}/checkout")
    expect(page.locator("#total")).to_have_text("€12.50")
    expect(page.frame_locator("#payment iframe").get_by_label("Card number")).to_be_enabled()
    page.evaluate("document.body.prepend(document.getElementById('payment')); document.getElementById('pay').click()")
    expect(page.get_by_role("alert")).to_contain_text("null: Your card number is incomplete.")


def test_a_page_for_an_older_release_pays_through_init_checkout(page: Page, simulator: Running, shop: Any) -> None:
    session = created(simulator, shop, ui_mode="elements")
    shop.page = OLD_SHOP.format(base=simulator.url, secret=session.client_secret)
    page.goto(f"{shop.url}/checkout")
    expect(page.locator("#total")).to_have_text("€12.50")
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")


def test_stripe_js_changes_codes_shipping_and_contact(page: Page, simulator: Running, shop: Any) -> None:
    client = api(simulator)
    client.v1.coupons.create({"id": "FIVER", "amount_off": 500, "currency": "eur", "name": "Five off"})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "FIVER"}, "code": "FIVE"})
    asked: Any = {"shipping_options": [post("Standard", 0), post("Express", 990)], "allow_promotion_codes": True}
    session = created(simulator, shop, ui_mode="elements", **asked)
    shop.page = SHOP.format(base=simulator.url, secret=session.client_secret)
    page.goto(f"{shop.url}/checkout")
    expect(page.locator("#total")).to_have_text("€12.50")

    def act(call: str) -> Any:
        return page.evaluate(f"checkout.loadActions().then(({{actions}}) => actions.{call})")

    before = act("getSession()")
    standard, express = before["shippingOptions"]
    assert (standard["displayName"], express["amount"], express["minorUnitsAmount"]) == ("Standard", "€9.90", 990)
    assert (before["shipping"]["shippingOption"], before["discountAmounts"]) == (standard, None)
    chosen = act(f"updateShippingOption('{express['id']}')")
    assert (chosen["type"], chosen["session"]["total"]["total"]["amount"]) == ("success", "€22.40")
    assert chosen["session"]["shipping"] == {"shippingOption": express, "taxAmounts": None}
    assert act("updateShippingOption('shr_none')")["type"] == "error"
    assert act("applyPromotionCode('NOPE')")["error"] == {"message": "This code is invalid.", "code": "invalidCode"}
    reduced = act("applyPromotionCode(' five ')")["session"]
    [discount] = reduced["discountAmounts"]
    assert (discount["displayName"], discount["promotionCode"], discount["amount"]) == ("Five off", "FIVE", "€5.00")
    assert (reduced["total"]["discount"]["minorUnitsAmount"], reduced["total"]["total"]["amount"]) == (500, "€17.40")
    assert act("removePromotionCode()")["session"]["discountAmounts"] is None
    assert act("updatePhoneNumber('+15550100')")["session"]["phoneNumber"] == "+15550100"
    billing = "{name: 'Ada', address: {country: 'GB', line1: '1 Lane', city: 'London', postal_code: 'N1'}}"
    assert act(f"updateBillingAddress({billing})")["session"]["billingAddress"]["name"] == "Ada"
    shipping = act(f"updateShippingAddress({billing})")["session"]["shippingAddress"]
    assert (shipping["name"], shipping["address"]["city"]) == ("Ada", "London")
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    details = client.v1.checkout.sessions.retrieve(session.id).customer_details
    assert details is not None
    assert details.address is not None
    assert (details.name, details.phone, details.address.city) == ("Ada", "+15550100", "London")


def test_a_form_that_is_mounted_late_knows_the_session_and_the_looks(page: Page, simulator: Running, shop: Any) -> None:
    session = created(simulator, shop, ui_mode="elements")
    late = SHOP.format(base=simulator.url, secret=session.client_secret)
    shop.page = late.replace('checkout.createPaymentElement().mount("#payment");', "checkout.createPaymentElement();")
    page.goto(f"{shop.url}/checkout")
    expect(page.locator("#total")).to_have_text("€12.50")
    page.evaluate("""() => {
      checkout.changeAppearance({variables: {colorPrimary: "#0a7d33"}});
      checkout.getPaymentElement().mount("#payment");
    }""")
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    expect(form.get_by_role("tab", name="SEPA debit")).to_be_visible()
    expect(form.get_by_role("tab", name="Card")).to_have_css("color", "rgb(10, 125, 51)")
