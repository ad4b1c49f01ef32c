"""The simulator's hosted payment page in a real browser."""

from typing import Any

import pytest
import stripe
from playwright.sync_api import Page, expect

from stripe_simulator.payment_methods.card import CHALLENGED, DECLINES
from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, created, fill, fits, post

pytestmark = pytest.mark.browser


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


def test_every_decline_has_its_message(page: Page, simulator: Running, shop: Any) -> None:
    page.goto(created(simulator, shop, customer_email="ada@example.com").url)
    for number, decline in DECLINES.items():
        fill(page, number)
        page.get_by_role("button", name="Pay €12.50").click()
        if number in CHALLENGED:
            challenge = page.frame_locator("iframe[title='Bank authentication']")
            challenge.get_by_role("button", name="Complete").click()
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


def test_only_the_payment_methods_of_the_session_are_offered(page: Page, simulator: Running, shop: Any) -> None:
    asked: Any = {"excluded_payment_method_types": ["card"], "customer_email": "ada@example.com"}
    page.goto(created(simulator, shop, **asked).url)
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    form.get_by_label("IBAN").fill("DE89370400440532013000")
    expect(form.get_by_label("Card number")).to_be_hidden()
    page.get_by_role("button", name="Pay €12.50").click()
    page.wait_for_url(f"{shop.url}/thanks?id=*")
