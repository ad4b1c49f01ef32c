"""Every shopper's page and state, on desktop and phone, in light and dark: accessible, quiet, and within the window.

`CHECKOUT_PICTURES=docs/pictures pytest tests/e2e/browser/test_shopper_pages.py` also takes the pictures that docs/tour.md
shows.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.looking import AXE
from tests.e2e.browser.test_demo import DECLINED, GOOD, card_form, fill_card

pytestmark = pytest.mark.browser


def test_axe_finds_what_is_planted(page: Page, axe: str) -> None:
    page.set_content(
        "<html lang=en><title>Planted</title><h1 tabindex=1>Planted</h1><main><button></button>"
        "<p style='color: #999'>pale</p></main></html>"
    )
    page.evaluate(axe)
    assert [found.partition(":")[0] for found in page.evaluate(AXE)] == [
        "button-name",
        "color-contrast",
        "region",
        "tabindex",
    ]


@pytest.fixture
def bought(page: Page, shop: tuple[str, Path]) -> Callable[..., str]:
    """A checkout made over the API and paid without a browser; gives its session id."""
    address = shop[0]

    def post(path: str, **body: Any) -> Any:
        answer = page.request.post(f"{address}/{path}", data=body)
        assert answer.ok, answer.text()
        return answer.json()

    def buy(card: str | None = GOOD) -> str:
        items = [{"product": "night-train-to-trieste", "quantity": 2}, {"product": "enamel-mug", "quantity": 1}]
        session_id: str = post("api/checkout/sessions", items=items)["session_id"]
        post("api/checkout/pending", stripe_checkout_session_id=session_id, email="anna@example.com", name="Anna")
        if card:
            post(f"stripe/_simulator/sessions/{session_id}/pay", card=card)
        return session_id

    return buy


def test_the_shop_from_an_empty_cart_to_the_payment(
    page: Page, shop: tuple[str, Path], look: Callable[[str], None]
) -> None:
    page.goto(f"{shop[0]}/cart")
    expect(page.get_by_text("Your cart is empty")).to_be_visible()
    look("cart-empty")
    page.get_by_role("link", name="See the programme").click()
    expect(page.get_by_role("button", name="Add to cart").nth(11)).to_be_visible()
    look("shop")
    page.get_by_label("Search the shop").fill("dragon")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing by that name")).to_be_visible()
    look("shop-nothing-found")
    page.get_by_role("button", name="Show everything").click()
    expect(page.get_by_text("Night Train to Trieste").first).to_be_visible()
    page.get_by_text("Membership", exact=True).first.click()
    expect(page.get_by_text("Night Train to Trieste")).to_have_count(0)
    page.get_by_role("button", name="Add to cart").first.click()
    expect(page.get_by_role("link", name="Cart · 1")).to_be_visible()
    page.get_by_role("link", name="Cart · 1").click()
    expect(page.get_by_role("button", name="Go to checkout")).to_be_visible()
    look("cart")
    page.get_by_role("button", name="Go to checkout").click()
    email = page.get_by_label("E-mail")
    expect(email).to_be_visible()
    look("checkout")
    page.get_by_role("button", name="Edit the order").click()
    page.get_by_text("Discount code", exact=True).click()
    look("checkout-editing")
    page.get_by_role("button", name="Done").click()
    email.fill("anna@")
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("alert").filter(has_text="Please enter an e-mail")).to_be_visible()
    look("checkout-bad-email")
    email.fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    form = card_form(page)
    fill_card(form, DECLINED)
    look("payment")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("Your card was declined.").first).to_be_visible()
    look("payment-declined")


def test_the_search_answers_while_one_types_keeps_the_focus_and_is_in_the_address(
    page: Page, new_page: Callable[..., Page], shop: tuple[str, Path]
) -> None:
    page.goto(shop[0])
    expect(page.get_by_role("button", name="Add to cart").nth(11)).to_be_visible(timeout=60_000)
    search = page.get_by_label("Search the shop")
    search.focus()
    for letters, found in (("salt ", 1), ("nothing", 0)):
        page.keyboard.type(letters)  # wherever the focus is
        expect(page.locator('[class*="st-key-card-"]')).to_have_count(found)
        expect(search).to_be_focused()
    expect(search).to_have_value("salt nothing")
    search.fill("salt")
    page.wait_for_url("**/?search=salt")
    other = new_page()
    other.goto(page.url)
    expect(other.get_by_label("Search the shop")).to_have_value("salt")
    expect(other.locator('[class*="st-key-card-"]')).to_have_count(1)


def test_the_confirmation_of_every_outcome(
    page: Page, shop: tuple[str, Path], look: Callable[[str], None], bought: Callable[..., str]
) -> None:
    address = shop[0]

    def confirmed(session_id: str, text: str) -> None:
        page.goto(f"{address}/confirmation?session_id={session_id}")
        expect(page.get_by_text(text)).to_be_visible()
        expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")

    def simulate(path: str, **body: Any) -> Any:
        answer = page.request.post(f"{address}/stripe/_simulator/{path}", data=body)
        assert answer.ok, answer.text()

    def refund(session_id: str, amount: int | None = None) -> None:
        client = {"Authorization": "Bearer sk_test_simulator"}
        session = page.request.get(f"{address}/stripe/v1/checkout/sessions/{session_id}", headers=client).json()
        form = {"payment_intent": session["payment_intent"], **({"amount": str(amount)} if amount else {})}
        assert page.request.post(f"{address}/stripe/v1/refunds", headers=client, form=form).ok
        simulate("webhooks", mode="deliver")  # answers when the shop has heard of it

    paid = bought()
    confirmed(paid, "Thank you, it is paid")
    look("confirmation-paid")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download receipt").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    refund(paid, 1250)
    confirmed(paid, "Paid, and partly refunded")
    look("confirmation-partly-refunded")
    refund(paid)
    confirmed(paid, "This order was refunded")
    look("confirmation-refunded")
    debit = bought("DE89370400440532013000")
    confirmed(debit, "Your payment is on its way")
    look("confirmation-processing")
    simulate(f"sessions/{debit}/settle_debit", outcome="succeeded")
    expect(page.get_by_text("Thank you, it is paid")).to_be_visible(timeout=15_000)  # by itself
    failed = bought("DE89370400440532013000")
    simulate(f"sessions/{failed}/settle_debit", outcome="failed")
    confirmed(failed, "The payment did not go through")
    look("confirmation-failed")
    left = bought(None)
    confirmed(left, "Checkout is not complete")
    look("confirmation-open")
    simulate(f"sessions/{left}/expire")
    confirmed(left, "This checkout has expired")
    look("confirmation-expired")
    confirmed("cs_test_nobody", "We do not know this order")
    look("confirmation-unknown")
