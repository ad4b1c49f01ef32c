"""The page of a session inside a shop's page: embedded, and as a form."""

from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, created

pytestmark = pytest.mark.browser
EMBEDDED = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<script src="{base}/{release}/stripe.js"></script></head><body><div id="checkout"></div><p id="done"></p>
<script>
Stripe("pk_test_123").{create}({{ fetchClientSecret: async () => "{secret}",
  onComplete: () => {{ document.getElementById("done").textContent = "Complete"; }} }})
  .then((page) => {{ window.embedded = page; page.mount("#checkout"); }});
</script></body></html>"""
FORM = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<script src="{base}/{release}/stripe.js"></script></head><body><p id="total"></p><div id="form"></div><p id="error" role="alert"></p>
<script>
window.events = [];
const sdk = Stripe("pk_test_123").{init}({{ clientSecret: "{secret}" }});
const element = sdk.{create}();
element.mount("#form");
for (const type of ["ready", "loaderstart", "change"]) element.on(type, (event) => events.push({{ ...event, type }}));
sdk.loadActions().then(({{ actions }}) => {{
  document.getElementById("total").textContent = actions.getSession().total.total.amount;
  element.on("confirm", (event) => {{
    events.push({{ ...event, type: "confirm" }});
    actions.confirm({{ formConfirmEvent: event }})
      .then(({{ error }}) => {{ document.getElementById("error").textContent = `${{error.code}}: ${{error.message}}`; }});
  }});
}});
</script></body></html>"""


def card_in(form: FrameLocator, number: str) -> None:
    element = form.frame_locator("iframe[title='Secure payment input frame']")
    element.get_by_label("Card number").fill(number)
    element.get_by_label("Expiration date").fill("12 / 34")
    element.get_by_label("Security code").fill("123")


@pytest.mark.parametrize(
    ("release", "create"),
    [("basil", "initEmbeddedCheckout"), ("clover", "initEmbeddedCheckout"), ("endive", "createEmbeddedCheckoutPage")],
)
def test_an_embedded_page_is_declined_and_paid(
    page: Page, simulator: Running, shop: Any, *, release: str, create: str
) -> None:
    session = created(simulator, shop, ui_mode="embedded_page")
    shop.page = EMBEDDED.format(base=simulator.url, release=release, create=create, secret=session.client_secret)
    page.goto(f"{shop.url}/checkout")
    inside = page.frame_locator("iframe[title='Secure checkout page frame']")
    inside.get_by_label("Email").fill("ada@example.com")
    card_in(inside, "4000000000000002")
    inside.get_by_role("button", name="Pay €12.50").click()
    expect(inside.locator("#error")).to_have_text("Your card was declined.")
    card_in(inside, "4242424242424242")
    inside.get_by_role("button", name="Pay €12.50").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")


def test_a_second_embedded_page_is_refused_until_the_first_is_destroyed(
    page: Page, simulator: Running, shop: Any
) -> None:
    session = created(simulator, shop, ui_mode="embedded_page")
    values = {"release": "endive", "create": "createEmbeddedCheckoutPage", "secret": session.client_secret}
    shop.page = EMBEDDED.format(base=simulator.url, **values)
    page.goto(f"{shop.url}/checkout")
    expect(page.locator("iframe")).to_have_count(1)
    again = f"Stripe('pk_test_123').createEmbeddedCheckoutPage({{ clientSecret: '{session.client_secret}' }})"
    assert "multiple Embedded Checkout" in page.evaluate(f"{again}.catch((error) => error.message)")
    page.evaluate("embedded.destroy()")
    expect(page.locator("iframe")).to_have_count(0)
    assert page.evaluate(f"{again}.then((page) => Object.keys(page))") == ["mount", "unmount", "destroy"]


@pytest.mark.parametrize(
    ("release", "init", "create"),
    [("endive", "initCheckoutFormSdk", "createForm"), ("clover", "initCheckout", "createPaymentFormElement")],
)
def test_a_form_asks_the_shop_to_confirm(
    page: Page, simulator: Running, shop: Any, *, release: str, init: str, create: str
) -> None:
    session = created(simulator, shop, ui_mode="form")
    values = {"release": release, "init": init, "create": create}
    shop.page = FORM.format(base=simulator.url, secret=session.client_secret, **values)
    page.goto(f"{shop.url}/checkout")
    form = page.frame_locator("iframe[title='Secure checkout form frame']")
    pay = form.get_by_role("button", name="Pay €12.50")
    pay.click()
    expect(form.get_by_text("Enter an email address")).to_be_visible()
    form.get_by_label("Email").fill("ada@example.com")
    card_in(form, "4000000000000002")
    page.wait_for_function("events.some(({ type, complete }) => type === 'change' && complete)")
    value = page.evaluate("element.getValue()")
    assert (value["value"]["customerDetails"]["email"], value["value"]["payment"]["type"]) == (
        "ada@example.com",
        "card",
    )
    pay.click()
    expect(page.get_by_role("alert")).to_have_text("paymentFailed: Your card was declined.")
    card_in(form, "4000002500003155")
    pay.click()
    challenge = form.frame_locator("iframe[title='Bank authentication']")
    challenge.get_by_role("button", name="Complete").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    assert api(simulator).v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


@pytest.mark.parametrize("policy", ["never", "if_required"])
def test_an_embedded_page_stays_where_the_session_says_so(
    page: Page, simulator: Running, shop: Any, policy: str
) -> None:
    asked: Any = {"redirect_on_completion": policy}
    session = created(simulator, shop, ui_mode="embedded_page", customer_email="ada@example.com", **asked)
    values = {"release": "endive", "create": "createEmbeddedCheckoutPage", "secret": session.client_secret}
    shop.page = EMBEDDED.format(base=simulator.url, **values)
    page.goto(f"{shop.url}/checkout")
    inside = page.frame_locator("iframe[title='Secure checkout page frame']")
    card_in(inside, "4242424242424242")
    inside.get_by_role("button", name="Pay €12.50").click()
    expect(page.locator("#done")).to_have_text("Complete")
    expect(inside.get_by_text("This checkout is complete.")).to_be_visible()
    assert page.url == f"{shop.url}/checkout"
