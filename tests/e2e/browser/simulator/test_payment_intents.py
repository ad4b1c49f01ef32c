"""`stripe.elements()` and `confirmPayment()`: a payment intent that a shop makes and its page pays."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, fill

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<script src="{base}/endive/stripe.js"></script></head><body>
<div id="address"></div><div id="payment"></div><button id="pay">Pay</button><p id="said" role="alert"></p>
<script>
window.stripe = Stripe("pk_test_123");
const secret = "{secret}";
window.elements = stripe.elements({options});
elements.create("payment", {{ layout: "tabs" }}).mount("#payment");
const say = (text) => {{ document.getElementById("said").textContent = text; }};
document.getElementById("pay").onclick = async () => {{
  const submitted = await elements.submit();
  if (submitted.error) return say(`submit: ${{submitted.error.message}}`);
  const {{ error, paymentIntent }} = await stripe.confirmPayment({{
    elements, {given} redirect: "{redirect}",
    confirmParams: {{ return_url: "{back}", payment_method_data: {{ billing_details: {{ name: "Ada" }} }} }},
  }});
  say(error ? `${{error.type}} ${{error.code}}: ${{error.message}}` : paymentIntent.status);
}};
</script></body></html>"""


def opened(page: Page, simulator: Running, shop: Any, *, redirect: str = "always", deferred: bool = False) -> Any:
    asked: Any = {"amount": 1250, "currency": "eur", "automatic_payment_methods": {"enabled": True}}
    intent = api(simulator).v1.payment_intents.create(asked)
    options = "{ mode: 'payment', amount: 1250, currency: 'eur' }" if deferred else "{ clientSecret: secret }"
    values = {"options": options, "given": "clientSecret: secret," if deferred else "", "redirect": redirect}
    shop.page = PAGE.format(base=simulator.url, secret=intent.client_secret, back=f"{shop.url}/thanks?a=1", **values)
    page.goto(f"{shop.url}/checkout")
    return intent


@pytest.mark.parametrize("deferred", [False, True], ids=["with-intent", "deferred"])
def test_a_payment_is_declined_and_made(page: Page, simulator: Running, shop: Any, deferred: bool) -> None:
    intent = opened(page, simulator, shop, deferred=deferred)
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_have_text("submit: Your card number is incomplete.")
    fill(page, "4000000000009995")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_have_text("card_error card_declined: Your card has insufficient funds.")
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/thanks?a=1&payment_intent={intent.id}*redirect_status=succeeded")
    expand = ["latest_charge", "payment_method"]
    paid: Any = api(simulator).v1.payment_intents.retrieve(intent.id, {"expand": expand})
    assert (paid.status, paid.amount_received, paid.payment_method.card.last4) == ("succeeded", 1250, "4242")
    assert (paid.latest_charge.billing_details.name, paid.latest_charge.billing_details.address.country) == (
        "Ada",
        "US",
    )


@pytest.mark.parametrize(("button", "said"), [("Complete", "succeeded"), ("Fail", "card_error")])
def test_the_bank_asks_first(page: Page, simulator: Running, shop: Any, *, button: str, said: str) -> None:
    intent = opened(page, simulator, shop, redirect="if_required")
    fill(page, "4000002760003184")
    page.get_by_role("button", name="Pay").click()
    page.frame_locator("iframe[title='Bank authentication']").get_by_role("button", name=button).click()
    expect(page.get_by_role("alert")).to_contain_text(said)
    after = page.evaluate("secret => stripe.retrievePaymentIntent(secret)", intent.client_secret)["paymentIntent"]
    assert after["status"] == ("succeeded" if button == "Complete" else "requires_payment_method")


@pytest.mark.parametrize(
    ("answer", "status", "after"),
    [
        ("Authorize", "succeeded", "succeeded"),
        ("Fail", "failed", "requires_payment_method"),
        ("Cancel", "failed", "requires_payment_method"),
    ],
)
@pytest.mark.parametrize("method", ["iDEAL", "Bancontact", "Klarna", "PayPal"])
def test_a_redirect_is_passed_failed_and_canceled(
    page: Page, simulator: Running, shop: Any, *, method: str, answer: str, status: str, after: str
) -> None:
    intent = opened(page, simulator, shop)
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    form.get_by_role("tab", name=method).click()
    page.get_by_role("button", name="Pay").click()
    page.get_by_role("button", name=answer).click()
    page.wait_for_url(f"{shop.url}/thanks?a=1&payment_intent={intent.id}*redirect_status={status}")
    assert api(simulator).v1.payment_intents.retrieve(intent.id).status == after


def test_confirming_a_deferred_payment_wants_the_elements_submitted(page: Page, simulator: Running, shop: Any) -> None:
    intent = opened(page, simulator, shop, deferred=True)
    said = page.evaluate(
        """(clientSecret) => stripe.confirmPayment({ elements, clientSecret, redirect: "if_required" })
             .catch(({ name, message }) => `${name}: ${message}`)""",
        intent.client_secret,
    )
    assert said.startswith("IntegrationError: elements.submit() must be called")


def test_a_group_hands_over_addresses_and_refuses_what_is_not_simulated(
    page: Page, simulator: Running, shop: Any
) -> None:
    intent = opened(page, simulator, shop, redirect="if_required")
    page.evaluate("elements.create('address', { mode: 'shipping' }).mount('#address')")
    said = page.evaluate("() => { try { elements.create('card'); } catch (error) { return error.message; } }")
    assert said == "The Stripe simulator does not simulate the element card."
    form = page.frame_locator("#address iframe")
    form.get_by_label("Full name").fill("Grace Hopper")
    form.get_by_label("Country or region").select_option("DE")
    form.get_by_label("Address line 1").fill("Linienstr. 1")
    form.get_by_label("City").fill("Berlin")
    form.get_by_label("Postal code").fill("10119")
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_have_text("succeeded")
    shipping = api(simulator).v1.payment_intents.retrieve(intent.id).shipping
    assert shipping is not None
    assert (shipping.name, shipping.address and shipping.address.city) == ("Grace Hopper", "Berlin")
