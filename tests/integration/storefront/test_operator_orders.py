"""The operator's list of orders."""

from datetime import timedelta

from checkout_cli.demo_data import seed_store
from checkout_core import Checkout
from checkout_core.domain.orders import OrderStatus
from tests.support.storefront import Buy, Control, Pay, VisitPage, elements, text_of

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
    for wanted in (paid.id, paid.stripe_checkout_session_id, "ADA@EXAMPLE", "lovelace", "  ada "):
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
    assert "Disputed, answer by" in text_of(page)
    names = {buyer.name for buyer in (disputed, lost)}
    for filter, shown in {"Open": {disputed.name}, "Lost": {lost.name}, "Won": set[str]()}.items():
        elements(page, "button_group")[1].set_value([filter]).run()
        text = text_of(page)  # orders of other tests may be there, too
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
