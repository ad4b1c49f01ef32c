"""What a session asks of its shopper beyond the e-mail address and the card, on the hosted page."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stripe_simulator.testing.server import Running
from tests.e2e.browser.looking import AXE
from tests.e2e.browser.simulator.payments import api, created, fill, fits
from tests.e2e.browser.tabs import SIZES

pytestmark = pytest.mark.browser
BRANDING = {"display_name": "Powdur", "button_color": "#7f3bd0", "background_color": "#1c2b33", "border_style": "pill"}
ALL: Any = {
    "shipping_address_collection": {"allowed_countries": ["US", "DE"]},
    "billing_address_collection": "required",
    "phone_number_collection": {"enabled": True},
    "name_collection": {"individual": {"enabled": True}, "business": {"enabled": True, "optional": True}},
    "consent_collection": {"terms_of_service": "required", "promotions": "auto"},
    "custom_fields": [
        {"key": "engraving", "label": {"type": "custom", "custom": "Engraving"}, "type": "text", "optional": True},
        {
            "key": "size",
            "label": {"type": "custom", "custom": "Size"},
            "type": "dropdown",
            "dropdown": {"options": [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}]},
        },
        {
            "key": "code",
            "label": {"type": "custom", "custom": "Club number"},
            "type": "numeric",
            "numeric": {"minimum_length": 4, "maximum_length": 6},
        },
    ],
    "custom_text": {
        "shipping_address": {"message": "We ship within two days."},
        "submit": {"message": "Return it for 30 days, see [our policy](https://shop.example/returns)."},
        "after_submit": {"message": "Thank you for buying **local**."},
        "terms_of_service_acceptance": {"message": "I agree to [the terms](https://shop.example/terms)"},
    },
    "branding_settings": BRANDING,
    "submit_type": "book",
    "locale": "de",
}


def fill_address(page: Page, prefix: str, name: str) -> None:
    page.locator(f"#{prefix}-name").fill(name)
    page.locator(f"#{prefix}-country").select_option("US")
    page.locator(f"#{prefix}-line1").fill("1 Lane")
    page.locator(f"#{prefix}-city").fill("Springfield")
    page.locator(f"#{prefix}-state").select_option("IL")
    page.locator(f"#{prefix}-postal_code").fill("62704")


@pytest.mark.parametrize("size", list(SIZES))
def test_the_page_asks_all_that_a_session_asks(
    page: Page, simulator: Running, shop: Any, axe: str, *, size: str
) -> None:
    session = created(simulator, shop, **ALL)
    page.set_viewport_size(SIZES[size])
    page.goto(session.url)
    expect(page.get_by_text("Powdur", exact=True)).to_be_visible()
    pay = page.get_by_role("button", name="Book €12.50")
    expect(pay).to_have_css("background-color", "rgb(127, 59, 208)")
    expect(page.get_by_role("link", name="our policy")).to_have_attribute("href", "https://shop.example/returns")
    pay.click()
    for missing in ("Enter an email address", "Enter a phone number", "Full name is required", "Size is required"):
        expect(page.get_by_text(missing)).to_be_visible()
    expect(page.get_by_text("Accept the terms to go on.")).to_be_visible()
    expect(page.get_by_text("Your address line 1 is incomplete.").first).to_be_visible()
    page.evaluate(axe)
    assert page.evaluate(AXE) == []
    assert fits(page)
    page.get_by_label("Email").fill("ada@example.com")
    page.locator("#phone").fill("+1 555 010 0199")
    page.locator("#individual-name").fill("Ada Lovelace")
    fill_address(page, "shipping", "Ada Lovelace")
    page.get_by_label("Billing address is the same as shipping").uncheck()
    fill_address(page, "billing", "Grace Hopper")
    fill(page, "4242424242424242")
    page.get_by_label("Engraving (optional)").fill("To Charles")
    page.get_by_label("Size").select_option("l")
    page.get_by_label("Club number").fill("12")
    pay.click()
    expect(page.get_by_text("Club number needs at least 4 characters.")).to_be_visible()
    page.get_by_label("Club number").fill("1234")
    page.get_by_label("I agree to the terms").check()
    page.get_by_label("Keep me posted").check()
    pay.click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    paid: Any = api(simulator).v1.checkout.sessions.retrieve(session.id)
    shipping, details = paid.collected_information.shipping_details, paid.customer_details
    assert (shipping.name, shipping.address.postal_code) == ("Ada Lovelace", "62704")
    assert (details.name, details.address.line1, details.phone) == ("Grace Hopper", "1 Lane", "+1 555 010 0199")
    assert (details.individual_name, details.business_name) == ("Ada Lovelace", None)
    assert paid.consent.to_dict() == {"promotions": "opt_in", "terms_of_service": "accepted"}
    engraving, clothes, club = paid.custom_fields
    assert (engraving.text.value, clothes.dropdown.value, club.numeric.value) == ("To Charles", "l", "1234")


def test_quantities_and_optional_items_change_the_order(page: Page, simulator: Running, shop: Any) -> None:
    client = api(simulator)
    product = client.v1.products.create({"name": "Spoon"})
    spoon = client.v1.prices.create({"product": product.id, "currency": "eur", "unit_amount": 300})
    tea = {"currency": "eur", "unit_amount": 1250, "product_data": {"name": "Tea"}}
    line = {"price_data": tea, "quantity": 1, "adjustable_quantity": {"enabled": True, "minimum": 1, "maximum": 3}}
    optional = [{"price": spoon.id, "quantity": 1}]
    session = created(simulator, shop, customer_email="ada@example.com", line_items=[line], optional_items=optional)
    page.set_viewport_size(SIZES["phone"])
    page.goto(session.url)
    page.get_by_role("button", name="One more of Tea").click()
    expect(page.get_by_role("button", name="Pay €25.00")).to_be_visible()
    page.get_by_label("Quantity of Tea").fill("9")
    page.get_by_label("Quantity of Tea").blur()
    expect(page.locator("#error")).to_contain_text("from 1 to 3")
    expect(page.get_by_label("Quantity of Tea")).to_have_value("2")
    page.get_by_role("button", name="Add Spoon").click()
    expect(page.get_by_role("button", name="Pay €28.00")).to_be_visible()
    page.get_by_role("button", name="Remove Spoon").click()
    expect(page.get_by_role("button", name="Pay €25.00")).to_be_visible()
    page.get_by_role("button", name="Add Spoon").click()
    expect(page.get_by_role("button", name="Pay €28.00")).to_be_visible()
    assert fits(page)
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay €28.00").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    lines = client.v1.checkout.sessions.line_items.list(session.id)
    assert [(line.description, line.quantity) for line in lines.data] == [("Tea", 2), ("Spoon", 1)]


def test_tax_is_computed_from_the_address(page: Page, simulator: Running, shop: Any) -> None:
    asked: Any = {
        "automatic_tax": {"enabled": True},
        "billing_address_collection": "required",
        "tax_id_collection": {"enabled": True},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "eur",
                    "unit_amount": 1000,
                    "tax_behavior": "exclusive",
                    "product_data": {"name": "Tea"},
                },
            }
        ],
    }
    session = created(simulator, shop, customer_email="ada@example.com", **asked)
    page.goto(session.url)
    expect(page.get_by_text("Enter your address")).to_be_visible()
    page.locator("#billing-country").select_option("DE")
    page.locator("#billing-name").fill("Ada Lovelace")
    page.locator("#billing-line1").fill("Linienstr. 1")
    page.locator("#billing-city").fill("Berlin")
    page.locator("#billing-postal_code").fill("10119")
    expect(page.get_by_role("button", name="Pay €11.90")).to_be_visible()
    page.get_by_label("I'm purchasing as a business").check()
    page.get_by_label("Business name").fill("Lovelace GmbH")
    page.get_by_label("Tax ID type").select_option(label="DE VAT")
    page.get_by_label("Tax ID", exact=True).fill("DE123456789")
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay €11.90").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    paid: Any = api(simulator).v1.checkout.sessions.retrieve(session.id)
    assert paid.total_details.amount_tax == 190
    assert [(one.type, one.value) for one in paid.customer_details.tax_ids] == [("eu_vat", "DE123456789")]


def test_a_card_is_saved_and_paid_with_again(page: Page, simulator: Running, shop: Any) -> None:
    client = api(simulator)
    customer = client.v1.customers.create({"email": "ada@example.com"})
    saving: Any = {"customer": customer.id, "saved_payment_method_options": {"payment_method_save": "enabled"}}
    first = created(simulator, shop, **saving)
    page.goto(first.url)
    page.get_by_label("Save my payment information").check()
    fill(page, "5555555555554444")
    page.get_by_role("button", name="Pay €12.50").click()
    page.wait_for_url(f"{shop.url}/thanks?id={first.id}")
    second = created(simulator, shop, **saving)
    page.goto(second.url)
    expect(page.get_by_role("radio", name="Mastercard •••• 4444")).to_be_checked()
    page.get_by_role("button", name="Pay €12.50").click()
    page.wait_for_url(f"{shop.url}/thanks?id={second.id}")
    paid: Any = client.v1.checkout.sessions.retrieve(second.id, {"expand": ["payment_intent.payment_method"]})
    assert paid.payment_intent.payment_method.card.last4 == "4444"


@pytest.mark.parametrize("wallet", ["Apple Pay", "Google Pay"])
def test_a_wallet_pays_on_the_hosted_page(page: Page, simulator: Running, shop: Any, wallet: str) -> None:
    session = created(simulator, shop)
    page.goto(session.url)
    express = page.frame_locator("iframe[title='Secure express checkout frame']")
    express.get_by_role("button", name=f"Pay with {wallet}").click()
    page.frame_locator("iframe[title='Simulated wallet']").get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    details = api(simulator).v1.checkout.sessions.retrieve(session.id).customer_details
    assert details is not None
    assert (details.name, details.email) == ("Jenny Rosen", "jenny.rosen@example.com")
