"""The form of each payment method in a real browser, drawn from what the method says of itself."""

from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from stripe_simulator.payment_methods import PAYMENT_METHODS
from stripe_simulator.payment_methods.base import FormField, PaymentMethodType
from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, created

pytestmark = pytest.mark.browser
METHODS = pytest.mark.parametrize("method", PAYMENT_METHODS.values(), ids=PAYMENT_METHODS)
WITH_FIELDS = pytest.mark.parametrize("method", [one for one in PAYMENT_METHODS.values() if one.rows])
EXAMPLES = {"card_number": "4242424242424242", "expiry": "12 / 34", "cvc": "123"}
PAY = "Pay"


def open_form(page: Page, simulator: Running, shop: Any, method: PaymentMethodType) -> tuple[Any, FrameLocator]:
    """A session in a currency of the method, and its form with the method chosen."""
    price = {"currency": min(method.currencies or {"eur"}), "unit_amount": 1200, "product_data": {"name": "Tea"}}
    items = [{"price_data": price, "quantity": 1}]
    session = created(simulator, shop, customer_email="ada@example.com", line_items=items)
    page.goto(session.url)
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    form.get_by_role("tab", name=method.label).click()
    return session, form


def example(field: FormField) -> str:
    return EXAMPLES.get(field.format, field.placeholder)


@METHODS
def test_the_example_in_each_field_pays(page: Page, simulator: Running, shop: Any, method: PaymentMethodType) -> None:
    session, form = open_form(page, simulator, shop, method)
    for row in method.rows:
        for field in row:
            form.get_by_role("textbox", name=field.label).fill(example(field))
    page.get_by_role("button", name=PAY).click()
    if method.redirects:
        page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    paid: Any = api(simulator).v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert paid.payment_intent.latest_charge.payment_method_details.type == method.type


@WITH_FIELDS
def test_each_field_says_when_it_is_incomplete(
    page: Page, simulator: Running, shop: Any, method: PaymentMethodType
) -> None:
    _, form = open_form(page, simulator, shop, method)
    fields = [field for row in method.rows for field in row]
    page.get_by_role("button", name=PAY).click()
    for field in fields:
        expect(form.locator(f"#{field.id}-error")).to_have_text(f"Your {field.noun} is incomplete.")
        expect(form.locator(f"#{field.id}")).to_have_attribute("aria-invalid", "true")
    expect(form.locator(f"#{fields[0].id}")).to_be_focused()
    for field in fields:
        form.get_by_role("textbox", name=field.label).fill(example(field))
        expect(form.locator(f"#{field.id}-error")).to_have_text("")


def test_an_account_that_is_no_test_account_is_marked_in_its_field(page: Page, simulator: Running, shop: Any) -> None:
    _, form = open_form(page, simulator, shop, PAYMENT_METHODS["us_bank_account"])
    form.get_by_label("Routing number").fill("110000000")
    form.get_by_label("Account number").fill("99999999")
    page.get_by_role("button", name=PAY).click()
    expect(form.locator("#account-error")).to_contain_text("That is not a test bank account. Use 000123456789")
    expect(form.locator("#routing")).to_have_attribute("aria-invalid", "false")


def test_arrow_keys_go_around_the_methods_of_the_session(page: Page, simulator: Running, shop: Any) -> None:
    asked = {"allowed_payment_method_types": ["card", "sepa_debit"], "customer_email": "ada@example.com"}
    page.goto(created(simulator, shop, **asked).url)
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    form.get_by_role("tab", name="SEPA debit").click()
    card, debit = form.get_by_role("tab", name="Card"), form.get_by_role("tab", name="SEPA debit")
    expect(form.get_by_role("tab")).to_have_count(2)
    for key, chosen, other in (("ArrowRight", card, debit), ("ArrowRight", debit, card), ("ArrowLeft", card, debit)):
        other.press(key)
        expect(chosen).to_be_focused()
        expect(chosen).to_have_attribute("aria-selected", "true")
        expect(other).to_have_attribute("aria-selected", "false")
    expect(form.get_by_label("Card number")).to_be_visible()
    expect(form.get_by_label("IBAN")).to_be_hidden()
