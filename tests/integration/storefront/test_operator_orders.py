"""The operator's list of orders."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from checkout_cli.demo_data import seed_store
from checkout_core import Checkout
from checkout_core.domain.orders import OrderStatus, Oversold
from checkout_core.domain.tickets import order_code
from checkout_core.stores.base import OrderSort
from storefront.operator.exports import export_file
from storefront.operator.search import Search
from tests.support import builders
from tests.support.orders import creating
from tests.support.storefront import Buy, Control, Pay, VisitPage, elements, text_of

DAY = datetime.now(UTC).date()

NASTY = "<img src=x onerror=alert(1)> **bold** [link](javascript:alert(1)) " + "w" * 100


def test_without_orders_the_list_says_so(visit: VisitPage) -> None:
    assert "No order yet" in text_of(visit("orders"))


def test_an_order_is_listed_with_what_matters(visit: VisitPage, buy: Buy) -> None:
    order = buy()
    page = visit("orders")
    text = text_of(page)
    assert "1 order, newest first" in text
    for shown in ("Ada Lovelace", "ada@example.com", "2 × Marquee tote bag", "Paid", order.total):
        assert shown in text
    (link,) = [link for link in elements(page, "page_link") if link.proto.label == order.id]
    assert link.proto.query_string == f"id={order.id}"


def test_the_list_is_filtered_by_status_and_by_text(visit: VisitPage, buy: Buy) -> None:
    paid, pending = buy(), buy(card=None, email="grace@example.com", name="Grace Hopper")
    page = visit("orders")
    elements(page, "button_group")[0].set_value([OrderStatus.pending]).run()
    assert "Grace Hopper" in text_of(page)
    assert "Ada Lovelace" not in text_of(page)
    elements(page, "button_group")[0].set_value([]).run()
    code = order_code(paid.id)
    for wanted in (paid.id, paid.stripe_checkout_session_id, code, code.lower(), "ADA@EXAMPLE", "lovelace", "  ada "):
        page.text_input(key="orders-text").input(wanted).run()
        assert "Ada Lovelace" in text_of(page), wanted
        assert "Grace Hopper" not in text_of(page), wanted
    page.text_input(key="orders-text").input("nobody of this name").run()
    assert "No such order" in text_of(page)
    assert pending.id not in text_of(page)


def test_the_list_is_filtered_by_disputes(visit: VisitPage, buy: Buy, checkout: Checkout, control: Control) -> None:
    buy(name="Barbara Liskov")
    disputed, lost = buy(name="Grace Hopper"), buy(name="Edsger Dijkstra")
    for order in (disputed, lost):
        control(f"sessions/{order.stripe_checkout_session_id}/dispute")
    control(f"sessions/{lost.stripe_checkout_session_id}/end_dispute", outcome="lost")
    checkout.sweep(older_than=timedelta(0))
    page = visit("orders")
    names = {buyer.name for buyer in (disputed, lost)}
    for filter, shown in {"Open": {disputed.name}, "Lost": {lost.name}, "Won": set[str]()}.items():
        elements(page, "button_group")[1].set_value([filter]).run()
        text = text_of(page)  # orders of other tests may be there, too: the simulator tells the sweep of them
        assert ("Disputed, answer by" in text) == (filter == "Open")
        assert {name for name in names if str(name) in text} == shown
        assert "Barbara Liskov" not in text


def test_the_list_is_turned_page_by_page_and_a_search_begins_at_the_first(visit: VisitPage, checkout: Checkout) -> None:
    seed_store(checkout.settings.database_url.get_secret_value(), 120, 1, lambda done: None, settings=checkout.settings)
    found = checkout.store.count()
    page = visit("orders")
    newest = [link.proto.label for link in elements(page, "page_link") if link.proto.label.startswith("order_")]
    assert newest == [order.id for order in checkout.store.find(limit=25)]
    assert page.button(key="newer").disabled
    page.button(key="older").click().run()
    second = [link.proto.label for link in elements(page, "page_link") if link.proto.label.startswith("order_")]
    assert second == [order.id for order in checkout.store.find(limit=25, offset=25)]
    page.number_input(key="orders-page").set_value(-(-found // 25)).run()
    assert page.button(key="older").disabled
    page.text_input(key="orders-text").input(newest[0]).run()
    assert newest[0] in [link.proto.label for link in elements(page, "page_link")]


def test_text_from_shoppers_is_shown_as_text(visit: VisitPage, checkout: Checkout, buy: Buy) -> None:
    order = buy(card=None, name=NASTY)
    for page in (visit("orders"), visit("order", id=order.id)):
        assert "<img src=x" not in text_of(page)
        assert "&lt;img src=x onerror=alert(1)&gt; **bold** [link](javascript:alert(1))" in text_of(page)
        assert not page.markdown


def test_two_paid_orders_of_one_purchase_are_marked_and_lead_to_each_other(
    visit: VisitPage, checkout: Checkout, pay: Pay
) -> None:
    orders = []
    for number in (1, 2):
        session_id = checkout.create_session({"tote-bag": number}, purchase="cart-1").id
        checkout.create_pending_order(session_id, email="ada@example.com")
        pay(session_id)
        orders.append(checkout.complete_order(session_id))
    assert "Paid twice?" not in text_of(visit("orders"))
    checkout.dispatch_outbox()
    assert text_of(visit("orders")).count("Paid twice?") == 2
    page = visit("order", id=orders[0].id)
    assert f"Another order of the same purchase is paid, too: {orders[1].id}" in text_of(page)


ASKED: dict[str, dict[str, Any]] = {
    "everything": {},
    "a status": {"statuses": (OrderStatus.paid, OrderStatus.refunded)},
    "a text": {"text": "anna"},
    "a text of wildcards that none has": {"text": "%_!'"},
    "a part of an id": {"text": "cs_test_"},
    "days": {"first_day": DAY - timedelta(days=30), "last_day": DAY - timedelta(days=2)},
    "a day that has none": {"first_day": DAY - timedelta(days=900), "last_day": DAY - timedelta(days=900)},
    "amounts": {"currency": "eur", "total_from": 1_500, "total_to": 4_000, "sort": OrderSort.highest},
    "another currency": {"currency": "usd", "sort": OrderSort.oldest},
    "disputes": {"disputes": ("Lost", "Open")},
    "oversold": {"oversold": True},
    "the cheapest": {"sort": OrderSort.lowest, "statuses": (OrderStatus.expired,)},
}


@pytest.fixture
def seeded(checkout: Checkout) -> Checkout:
    """A shop that has sold for a while, the last day being `DAY`."""
    url = checkout.settings.database_url.get_secret_value()
    seed_store(url, 150, 7, lambda done: None, settings=checkout.settings)
    special: list[dict[str, Any]] = [{"dispute_status": "lost"}, {"oversold": Oversold.open}]
    for number, fields in enumerate(special):
        session_id = f"cs_test_{number}"
        order = builders.order(id=f"order_{number}", stripe_checkout_session_id=session_id, **fields)
        checkout.store.update(session_id, creating(order))
    return checkout


@pytest.mark.parametrize("name", ASKED)
def test_the_file_of_a_list_has_the_orders_of_the_list_in_its_order(seeded: Checkout, name: str) -> None:
    search = Search(seeded, **ASKED[name])
    listed = [order.id for order in search.page(1, 1_000)]
    rows = list(csv.DictReader(StringIO(export_file(seeded, "orders", "csv", search.query).decode())))
    assert [row["id"] for row in rows] == listed
    assert search.count() == len(listed)
    assert bool(listed) is ("none" not in name)


def test_a_file_of_a_list_is_made_for_excel_too(seeded: Checkout) -> None:
    search = Search(seeded, statuses=(OrderStatus.paid,))
    assert export_file(seeded, "orders", "xlsx", search.query).startswith(b"PK")


def test_the_list_is_narrowed_by_days_and_amounts_and_sorted(visit: VisitPage, checkout: Checkout) -> None:
    for number, total in enumerate((900, 2500, 1000)):
        order = builders.order(
            id=f"order_{number}",
            stripe_checkout_session_id=f"cs_test_{number}",
            amount_total=total,
            created_at=datetime(2026, 5, 1 + number, 23, 59, tzinfo=UTC),
        )
        checkout.store.update(order.stripe_checkout_session_id, creating(order))
    page = visit("orders")

    def listed() -> list[str]:
        found = [link.proto.label for link in elements(page, "page_link")]
        return [label for label in found if label.startswith("order_")]

    assert listed() == ["order_2", "order_1", "order_0"]
    page.selectbox(key="orders-sort").set_value(OrderSort.highest).run()
    assert listed() == ["order_1", "order_2", "order_0"]
    assert "3 orders, highest amount first" in text_of(page)
    page.number_input(key="orders-at-least-eur").set_value(10.0).run()
    assert listed() == ["order_1", "order_2"]
    page.number_input(key="orders-at-most-eur").set_value(24.99).run()
    assert listed() == ["order_2"]
    page.date_input(key="orders-last-day").set_value(date(2026, 5, 2)).run()
    assert "No such order" in text_of(page)
    page.number_input(key="orders-at-most-eur").set_value(None).run()
    page.date_input(key="orders-first-day").set_value(date(2026, 5, 2)).run()
    assert listed() == ["order_1"]
