"""The simulator's pages in a real browser."""

import os
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import stripe
from playwright.sync_api import Page, expect, sync_playwright

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
def page() -> Iterator[Page]:
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        opened = browser.new_page()
        problems: list[str] = []
        opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: problems.append(str(error)))
        yield opened
        browser.close()
    # a declined card answers 402, which Chromium reports as an error of the network
    assert [problem for problem in problems if "402 (Payment Required)" not in problem] == []


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
    expect(page.get_by_role("link", name=session.id)).to_be_visible()
    expect(page.get_by_text("POST /v1/checkout/sessions").first).to_be_visible()
