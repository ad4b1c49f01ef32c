"""The simulator's dashboard in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, created, fits

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
@pytest.mark.parametrize(("button", "status"), [("Win", "won"), ("Lose", "lost")])
def test_the_dashboard_takes_a_dispute_to_its_end(
    page: Page, simulator: Running, shop: Any, size: tuple[int, int], *, button: str, status: str
) -> None:
    simulator.simulator.reset()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    data = {"description": "Order 7: Tea"}
    session = created(simulator, shop, client_reference_id="order-7", payment_intent_data=data)
    simulator.simulator.pay_session(session.id)
    page.goto(f"{simulator.url}/_simulator")
    expect(page.get_by_text("Order 7: Tea")).to_be_visible()
    expect(page.get_by_text("order-7", exact=True)).to_be_visible()
    page.get_by_role("button", name="Inquire").click()
    expect(page.get_by_text("dispute: warning needs response")).to_be_visible()
    page.get_by_role("button", name="Escalate").click()
    expect(page.get_by_text("dispute: needs response")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text(f"dispute: {status}")).to_be_visible()
    assert api(simulator).v1.disputes.list().data[0].status == status


def test_the_dashboard_empties_and_fills_the_balance(page: Page, simulator: Running) -> None:
    simulator.simulator.reset()
    page.goto(f"{simulator.url}/_simulator")
    page.get_by_role("button", name="Empty").click()
    expect(page.get_by_text("Empty: refunds are refused.")).to_be_visible()
    page.get_by_role("button", name="Fill").click()
    expect(page.get_by_text("Refunds are made.")).to_be_visible()
