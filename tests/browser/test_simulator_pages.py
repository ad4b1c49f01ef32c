"""The simulator's pages in a real browser."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import stripe
from playwright.sync_api import Browser, Page, expect

from stripe_simulator.cards import DECLINES
from stripe_simulator.server import Running, running

pytestmark = pytest.mark.browser
SHOP = """<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<script src="{base}/endive/stripe.js"></script></head><body>
<p id="total"></p><div id="payment"></div><button id="pay">Pay</button><p id="error" role="alert"></p>
<script>
const checkout = Stripe("pk_test_123").initCheckoutElementsSdk({{clientSecret: Promise.resolve("{secret}"),
  elementsOptions: {{appearance: {{variables: {{colorPrimary: "#7a1fa2", borderRadius: "12px"}}}}}}}});
checkout.createPaymentElement().mount("#payment");
const show = (error) => {{ document.getElementById("error").textContent = `${{error.code || error.name}}: ${{error.message}}`; }};
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


@pytest.fixture(scope="module")
def simulator() -> Iterator[Running]:
    with running() as served:
        yield served


@pytest.fixture(scope="module")
def shop() -> Iterator[Any]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.server.page.encode() if self.path.startswith("/checkout") else b"<title>Thanks</title>Thank you"  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    problems: list[str] = []
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    opened.close()
    # Chromium reports every answer of 400 and 402 by itself: a code that is refused, a card that is declined
    refusal = re.compile(r"responded with a status of (400 \(Bad Request\)|402 \(Payment Required\))")
    assert [problem for problem in problems if not refusal.search(problem)] == []


def api(simulator: Running) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_123", base_addresses={"api": simulator.url})


def post(name: str, amount: int, estimate: Any = None) -> Any:
    data = {"display_name": name, "type": "fixed_amount", "fixed_amount": {"amount": amount, "currency": "eur"}}
    return {"shipping_rate_data": {**data, **({"delivery_estimate": estimate} if estimate else {})}}


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def created(simulator: Running, shop: Any, **changes: Any) -> Any:
    client = stripe.StripeClient("sk_test_123", base_addresses={"api": simulator.url})
    price = {"currency": "eur", "unit_amount": 1250, "product_data": {"name": "<b>Tea</b>", "description": "Sencha"}}
    params = {"mode": "payment", "line_items": [{"price_data": price, "quantity": 1}], **changes}
    back = "return_url" if changes.get("ui_mode") == "elements" else "success_url"
    return client.v1.checkout.sessions.create({**params, back: f"{shop.url}/thanks?id={{CHECKOUT_SESSION_ID}}"})  # type: ignore[arg-type,misc]


def fill(page: Page, number: str) -> None:
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    form.get_by_label("Card number").fill(number)
    form.get_by_label("Expiration date").fill("12 / 34")
    form.get_by_label("Security code").fill("123")


def test_the_hosted_page_takes_a_payment_after_a_decline(page: Page, simulator: Running, shop: Any) -> None:
    session = created(simulator, shop)
    page.goto(session.url)
    expect(page.get_by_text("<b>Tea</b>")).to_be_visible()
    pay = page.get_by_role("button", name="Pay €12.50")
    pay.click()
    expect(page.get_by_text("Enter an email address")).to_be_visible()
    page.get_by_label("Email").fill("ada@example.com")
    fill(page, "4000000000000002")
    pay.click()
    expect(page.get_by_text("Your card was declined.")).to_be_visible()
    fill(page, "4242424242424242")
    pay.click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")


def test_an_expired_session_says_so_on_the_hosted_page(page: Page, simulator: Running, shop: Any) -> None:
    session = created(simulator, shop)
    stripe.StripeClient("sk_test_123", base_addresses={"api": simulator.url}).v1.checkout.sessions.expire(session.id)
    answer = page.request.get(f"{simulator.url}/c/pay/{session.id}")
    assert answer.status == 410
    assert "has expired" in answer.text()


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
        expect(page.get_by_role("alert")).to_contain_text("payment_intent_authentication_failure: We are unable to")


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
    expect(page.get_by_role("alert")).to_contain_text("incomplete_number: Your card number is incomplete.")


def test_a_page_for_an_older_release_pays_through_init_checkout(page: Page, simulator: Running, shop: Any) -> None:
    session = created(simulator, shop, ui_mode="elements")
    shop.page = OLD_SHOP.format(base=simulator.url, secret=session.client_secret)
    page.goto(f"{shop.url}/checkout")
    expect(page.locator("#total")).to_have_text("€12.50")
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")


def test_every_decline_has_its_message(page: Page, simulator: Running, shop: Any) -> None:
    page.goto(created(simulator, shop, customer_email="ada@example.com").url)
    for number, decline in DECLINES.items():
        fill(page, number)
        page.get_by_role("button", name="Pay €12.50").click()
        expect(page.locator("#error")).to_have_text(decline.message)
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay €12.50").click()
    page.wait_for_url(f"{shop.url}/thanks?id=*")


@pytest.mark.parametrize(("iban", "after"), [("DE89370400440532013000", "paid"), ("DE62370400440532013001", "unpaid")])
def test_a_bank_debit_is_paid_later(page: Page, simulator: Running, shop: Any, iban: str, after: str) -> None:
    session = created(simulator, shop, customer_email="ada@example.com")
    page.goto(session.url)
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    form.get_by_role("tab", name="SEPA debit").click()
    form.get_by_label("IBAN").fill(iban)
    page.get_by_role("button", name="Pay €12.50").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    sessions = stripe.StripeClient("sk_test_123", base_addresses={"api": simulator.url}).v1.checkout.sessions
    begun = sessions.retrieve(session.id)
    assert (begun.status, begun.payment_status) == ("complete", "unpaid")
    simulator.simulator.advance(61)
    assert sessions.retrieve(session.id).payment_status == after


def test_the_hosted_page_fits_a_phone(page: Page, simulator: Running, shop: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    fixed = {"amount": 500, "currency": "eur"}
    rate = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": fixed}
    session = created(simulator, shop, shipping_options=[{"shipping_rate_data": rate}])
    page.goto(session.url)
    expect(page.get_by_text("€17.50").first).to_be_visible()
    expect(page.get_by_text("Simulated Stripe").first).to_be_visible()
    page.get_by_label("Email").fill("ada@example.com")
    fill(page, "4000002500003155")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Pay €17.50").click()
    page.frame_locator("iframe[title='Bank authentication']").get_by_role("button", name="Complete").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")


def test_the_dashboard_shows_what_happens_as_it_happens(page: Page, simulator: Running, shop: Any) -> None:
    page.goto(f"{simulator.url}/_simulator")
    session = created(simulator, shop)
    row = page.get_by_role("row").filter(has_text=session.id)
    expect(row).to_be_visible()
    expect(page.get_by_text("/v1/checkout/sessions").first).to_be_visible()


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_the_dashboard_drives_the_simulator(page: Page, simulator: Running, shop: Any, size: tuple[int, int]) -> None:
    simulator.simulator.reset()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    first, second = (created(simulator, shop, customer_email=f"{name}@example.com") for name in ("ada", "grace"))
    page.goto(f"{simulator.url}/_simulator")
    page.get_by_role("button", name=first.id).click()
    expect(page.get_by_text("grace@example.com")).to_be_hidden()
    page.get_by_label("Pay with").select_option("4000000000000002")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Your card was declined.")
    page.get_by_text("charge.failed").click()
    expect(page.get_by_text('"failure_code": "card_declined"')).to_be_visible()
    page.get_by_label("Pay with").select_option("4242424242424242")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("The session was paid.")
    expect(page.get_by_text('"failure_code": "card_declined"')).to_be_visible()
    expect(page.get_by_role("button", name="Dispute")).to_be_visible()
    assert fits(page)
    page.get_by_label("What goes wrong").select_option("429")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("429 on /v1 × 1")).to_be_visible()
    page.get_by_role("button", name="Clear all faults").click()
    expect(page.get_by_text("None is waiting.")).to_be_visible()
    page.get_by_label("What becomes of events").select_option("reorder")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_text("now: reorder")).to_be_visible()
    page.get_by_role("button", name="Everything").click()
    expect(page.get_by_text("grace@example.com")).to_be_visible()
    page.get_by_role("button", name="+1 day").click()
    expect(page.get_by_text("expired", exact=True)).to_be_visible()
    assert api(simulator).v1.checkout.sessions.retrieve(second.id).status == "expired"
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("No checkout session yet.")).to_be_visible()


def test_a_promotion_code_is_entered_taken_back_and_paid_with_on_a_phone(
    page: Page, simulator: Running, shop: Any
) -> None:
    client = api(simulator)
    client.v1.coupons.create({"id": "TWENTY", "percent_off": 20})
    code = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "TWENTY"}, "code": "Spring20"})
    session = created(simulator, shop, allow_promotion_codes=True, customer_email="ada@example.com")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(session.url)
    page.get_by_label("Promotion code").fill("nonsense")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("This code is invalid.")).to_be_visible()
    page.get_by_label("Promotion code").fill("spring20")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name="Pay €10.00")).to_be_visible()
    expect(page.get_by_text("−€2.50")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Remove promotion code Spring20").click()
    expect(page.get_by_role("button", name="Pay €12.50")).to_be_visible()
    page.get_by_label("Promotion code").fill("SPRING20")
    page.get_by_role("button", name="Apply").click()
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay €10.00").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["total_details.breakdown", "payment_intent"]})
    assert (paid.amount_subtotal, paid.amount_total) == (1250, 1000)
    assert paid.discounts is not None
    assert [one.promotion_code for one in paid.discounts] == [code.id]
    intent: Any = paid.payment_intent
    assert intent.amount_received == 1000
    assert client.v1.promotion_codes.retrieve(code.id).times_redeemed == 1


def test_a_shipping_method_is_chosen_on_a_phone(page: Page, simulator: Running, shop: Any) -> None:
    days = {"minimum": {"unit": "business_day", "value": 3}, "maximum": {"unit": "business_day", "value": 5}}
    options = [post("Standard", 0, days), post("Express", 990)]
    asked: Any = {"shipping_options": options, "phone_number_collection": {"enabled": True}}
    session = created(simulator, shop, customer_email="ada@example.com", **asked)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(session.url)
    expect(page.get_by_text("3-5 business days")).to_be_visible()
    expect(page.get_by_role("radio", name="Standard")).to_be_checked()
    page.get_by_role("radio", name="Express").check()
    pay = page.get_by_role("button", name="Pay €22.40")
    fill(page, "4000000000000002")
    pay.click()
    expect(page.get_by_text("Enter a phone number.")).to_be_visible()
    page.get_by_label("Phone number").fill("+49 30 123456")
    pay.click()
    expect(page.get_by_text("Your card was declined.")).to_be_visible()
    assert fits(page)
    page.get_by_role("radio", name="Standard").check()
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay €12.50").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    expand = ["payment_intent", "shipping_cost.shipping_rate"]
    paid: Any = api(simulator).v1.checkout.sessions.retrieve(session.id, {"expand": expand})
    assert paid.shipping_cost.shipping_rate.display_name == "Standard"
    assert paid.customer_details.phone == "+49 30 123456"
    assert (paid.amount_total, paid.payment_intent.amount_received) == (1250, 1250)


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
    for beyond in ("updateTaxIdInfo({})", "updateLineItemQuantity({})", "updateShippingAddress({})"):
        assert "does not simulate" in act(beyond)["error"]["message"]
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    details = client.v1.checkout.sessions.retrieve(session.id).customer_details
    assert details is not None
    assert details.address is not None
    assert (details.name, details.phone, details.address.city) == ("Ada", "+15550100", "London")


def test_only_the_payment_methods_of_the_session_are_offered(page: Page, simulator: Running, shop: Any) -> None:
    asked: Any = {"excluded_payment_method_types": ["card"], "customer_email": "ada@example.com"}
    page.goto(created(simulator, shop, **asked).url)
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    form.get_by_label("IBAN").fill("DE89370400440532013000")
    expect(form.get_by_label("Card number")).to_be_hidden()
    page.get_by_role("button", name="Pay €12.50").click()
    page.wait_for_url(f"{shop.url}/thanks?id=*")
