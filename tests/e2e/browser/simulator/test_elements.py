"""The elements beside the Payment Element, on a shop's page."""

from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from stripe_simulator.testing.server import Running
from tests.e2e.browser.looking import AXE
from tests.e2e.browser.simulator.payments import api, created, fill

pytestmark = pytest.mark.browser
FRAMES = {
    "BillingAddress": "Secure address input frame",
    "ShippingAddress": "Secure address input frame",
    "ContactDetails": "Secure contact details input frame",
    "TaxId": "Secure tax ID input frame",
    "ExpressCheckout": "Secure express checkout frame",
    "CurrencySelector": "Secure currency selector frame",
    "Terms": "Secure terms frame",
    "LinkSignup": "Secure Link signup frame",
}
TYPES = {
    "BillingAddress": "address",
    "ShippingAddress": "address",
    "ContactDetails": "contactDetails",
    "TaxId": "taxId",
    "ExpressCheckout": "expressCheckout",
    "CurrencySelector": "currencySelector",
    "Terms": "terms",
    "LinkSignup": "linkSignup",
    "Payment": "payment",
}
PAGE = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 16px sans-serif; max-width: 460px; margin: 16px auto; padding: 0 16px }} main > div {{ margin-bottom: 16px }}</style>
<script src="{base}/endive/stripe.js"></script></head><body><main><h1>Shop</h1>
<div id="one"></div><div id="payment"></div><p id="total"></p><button id="pay">Pay</button><p id="error" role="alert"></p></main>
<script>
window.events = [];
window.checkout = Stripe("pk_test_123").initCheckoutElementsSdk({{ clientSecret: "{secret}" }});
window.element = checkout.create{name}Element({options});
for (const type of ["loaderstart", "ready", "change", "focus", "blur", "escape", "loaderror", "click", "confirm", "cancel"]) {{
  if (type !== "click") element.on(type, (event) => events.push({{ ...event, type }}));
}}
element.mount("#one");
if ("{name}" !== "Payment") checkout.createPaymentElement().mount("#payment");
const say = (text) => {{ document.getElementById("error").textContent = text; }};
checkout.loadActions().then(({{ actions }}) => {{
  window.actions = actions;
  const show = () => {{ document.getElementById("total").textContent = actions.getSession().total.total.amount; }};
  show();
  window.confirming = (given) => actions.confirm({{ email: "ada@example.com", ...given }})
    .then(({{ error }}) => say(`${{error.code}}: ${{error.message}}`), (error) => say(error.message));
  element.on("confirm", (event) => confirming({{ expressCheckoutConfirmEvent: event }}));
  document.getElementById("pay").onclick = () => confirming();
}});
</script></body></html>"""


def opened(page: Page, simulator: Running, shop: Any, name: str, options: str = "", **asked: Any) -> Any:
    session = created(simulator, shop, ui_mode="elements", **asked)
    shop.page = PAGE.format(base=simulator.url, secret=session.client_secret, name=name, options=options)
    page.goto(f"{shop.url}/checkout")
    expect(page.locator("#total")).to_have_text("€12.50")
    return session


def frame_of(page: Page, name: str) -> FrameLocator:
    return page.frame_locator(f"#one iframe[title='{FRAMES[name]}']")


def fill_address(form: FrameLocator, country: str = "US") -> None:
    form.get_by_label("Country or region").select_option(country)
    form.get_by_label("Full name").fill("Ada Lovelace")
    form.get_by_label("Address line 1").fill("1 Lane")
    form.get_by_label("City").fill("Springfield")
    if country == "US":
        form.get_by_label("State").select_option("IL")
    form.get_by_label("ZIP code" if country == "US" else "Postal code").fill("62704")


def events(page: Page, type: str) -> Any:
    return page.evaluate(f"events.filter((event) => event.type === '{type}')")


@pytest.mark.parametrize("name", list(TYPES))
def test_an_element_mounts_unmounts_and_is_made_again(page: Page, simulator: Running, shop: Any, name: str) -> None:
    opened(page, simulator, shop, name)
    page.wait_for_function("events.some(({type}) => type === 'ready')")
    assert [event["elementType"] for event in events(page, "ready")] == [TYPES[name]]
    assert events(page, "loaderstart") == [{"elementType": TYPES[name], "type": "loaderstart"}]
    assert page.evaluate(f"checkout.get{name}Element() === element")
    again = page.evaluate(
        f"() => {{ try {{ checkout.create{name}Element(); }} catch (error) {{ return error.message; }} }}"
    )
    assert again.startswith("Can only create one")
    page.evaluate("element.unmount()")
    expect(page.locator("#one iframe")).to_have_count(0)
    page.evaluate("element.mount(document.getElementById('one')).update({}).focus()")
    page.wait_for_function("events.filter(({type}) => type === 'ready').length === 2")
    page.evaluate("element.destroy()")
    assert page.evaluate(f"checkout.get{name}Element()") is None
    page.evaluate(f"checkout.create{name}Element().mount('#one')")
    expect(page.locator("#one iframe")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["stripe", "night"])
@pytest.mark.parametrize("name", list(FRAMES))
def test_an_element_is_accessible(
    page: Page, simulator: Running, shop: Any, axe: str, *, name: str, scheme: str
) -> None:
    opened(page, simulator, shop, name)
    page.wait_for_function("events.some(({type}) => type === 'ready')")
    page.evaluate(f"checkout.changeAppearance({{ theme: '{scheme}' }})")
    [frame] = [one for one in page.frames if "_element" in one.url and "payment_element" not in one.url]
    ground = "#1a1b25" if scheme == "night" else "#fff"  # the shop's page, which shines through the frame
    frame.evaluate(f"document.documentElement.style.background = '{ground}'")
    frame.wait_for_function(
        f"getComputedStyle(document.documentElement).getPropertyValue('--scheme') === '{'dark' if scheme == 'night' else 'light'}'"
    )
    frame.evaluate(axe)
    assert frame.evaluate(AXE.replace("document,", "document.body,")) == []


@pytest.mark.parametrize("country", ["US", "DE"])
def test_a_billing_address_is_handed_to_confirm(page: Page, simulator: Running, shop: Any, country: str) -> None:
    session = opened(page, simulator, shop, "BillingAddress")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_have_text("null: Your full name is incomplete.")
    fill_address(frame_of(page, "BillingAddress"), country)
    page.wait_for_function("actions.getSession().billingAddress !== null")
    last = events(page, "change")[-1]
    assert (last["elementMode"], last["complete"], last["value"]["name"]) == ("billing", True, "Ada Lovelace")
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    details = api(simulator).v1.checkout.sessions.retrieve(session.id).customer_details
    assert details is not None
    assert details.address is not None
    assert (details.name, details.address.country, details.address.postal_code) == ("Ada Lovelace", country, "62704")
    assert details.address.state == ("IL" if country == "US" else None)


def test_contact_details_give_the_email(page: Page, simulator: Running, shop: Any) -> None:
    session = opened(page, simulator, shop, "ContactDetails")
    email = frame_of(page, "ContactDetails").get_by_label("Email")
    email.fill("ada")
    valid = page.evaluate("actions.validateElements()")
    assert valid["error"]["code"] == "validation_error"
    assert [one["element"] for one in valid["error"]["validation_errors"]] == ["contactDetails", "payment"]
    email.fill("grace@example.com")
    fill(page, "4242424242424242")
    page.wait_for_function("actions.getSession().canConfirm")
    page.evaluate("() => { actions.confirm(); }")
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    details = api(simulator).v1.checkout.sessions.retrieve(session.id).customer_details
    assert details is not None
    assert details.email == "grace@example.com"


@pytest.mark.parametrize("wallet", ["Apple Pay", "Google Pay"])
def test_a_wallet_pays_or_is_put_away(page: Page, simulator: Running, shop: Any, wallet: str) -> None:
    session = opened(page, simulator, shop, "ExpressCheckout")
    button = frame_of(page, "ExpressCheckout").get_by_role("button", name=f"Pay with {wallet}")
    sheet = page.frame_locator("iframe[title='Simulated wallet']")
    button.click()
    expect(sheet.get_by_role("heading")).to_have_text("Pay €12.50?")
    sheet.get_by_role("button", name="Cancel").click()
    page.wait_for_function("events.some(({type}) => type === 'cancel')")
    assert events(page, "ready")[0]["availablePaymentMethods"]["applePay"] is True
    button.click()
    sheet.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    paid = api(simulator).v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    intent: Any = paid.payment_intent
    card = intent.latest_charge.payment_method_details.card
    assert card.wallet.type == wallet.lower().replace(" ", "_")


def test_the_shop_may_refuse_a_wallet_at_its_click(page: Page, simulator: Running, shop: Any) -> None:
    opened(page, simulator, shop, "ExpressCheckout", '{ paymentMethods: { googlePay: "never" } }')
    form = frame_of(page, "ExpressCheckout")
    page.evaluate("element.on('click', (event) => { window.clicked = event.expressPaymentType; event.reject(); })")
    form.get_by_role("button", name="Pay with Apple Pay").click()
    page.wait_for_function("window.clicked === 'apple_pay'")
    expect(form.get_by_role("button", name="Pay with Google Pay")).to_have_count(0)
    expect(page.locator("iframe[title='Simulated wallet']")).to_have_count(0)


def test_a_tax_id_is_named_as_the_api_names_it(page: Page, simulator: Running, shop: Any) -> None:
    opened(page, simulator, shop, "TaxId")
    form = frame_of(page, "TaxId")
    form.get_by_label("Tax ID", exact=True).fill("DE123456789")
    form.get_by_label("Tax ID type").select_option("de_vat")
    valid = page.evaluate("actions.validateElements()")
    assert valid["error"]["validation_errors"][0]["message"] == "Your business name is incomplete."
    form.get_by_label("Business name").fill("Lovelace GmbH")
    page.wait_for_function("actions.getSession().taxIdInfo !== null")
    info = page.evaluate("actions.getSession().taxIdInfo")
    assert info == {"taxId": {"type": "eu_vat", "value": "DE123456789"}, "businessName": "Lovelace GmbH"}
