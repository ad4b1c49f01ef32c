"""Tickets: codes that people read, tokens that nobody can make up, and what the door decides."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checkout_core.domain.errors import ReceiptNotSent
from checkout_core.domain.events import EventKind, OrderEvent, Source
from checkout_core.domain.orders import Order, OrderItem, OrderStatus, new_id
from checkout_core.domain.receipt_requests import DAY, MAX_A_DAY, SHORTEST_GAP, receipt_request_change
from checkout_core.domain.showings import Showing
from checkout_core.domain.tickets import (
    Admission,
    is_link_key,
    link_key,
    order_code,
    order_id_of_token,
    read_code,
    redeem_change,
    redeemed_at,
    ticket_of_token,
    ticket_token,
    tickets_of,
    was_redeemed_by,
)
from tests.support import builders

NOW = datetime(2026, 12, 3, 19, 30, tzinfo=UTC)
SHOWING = Showing(starts=datetime(2026, 12, 3, 20, 30), place="Hall 1")  # noqa: DTZ001 - the clock of the place
FILM, MUG = (
    OrderItem(product="film", name="Film", unit_amount=1250, quantity=3),
    OrderItem(product="mug", name="Mug", unit_amount=1450, quantity=1),
)


def paid(**changes: Any) -> Order:
    fields: dict[str, Any] = {
        "status": OrderStatus.paid,
        "items": (FILM, MUG),
        "paid_at": NOW,
        "email": "a@example.com",
    }
    return builders.order(**fields | changes)


def refund(order: Order, note: str, refund: str = "re_1", kind: EventKind = EventKind.partially_refunded) -> OrderEvent:
    detail: dict[str, Any] = {"amount": 1, "refund": refund, **({"restock": note} if note else {})}
    return OrderEvent.of(order, kind=kind, source=Source.operator, at=NOW, **detail)


def film(order: Order, *history: OrderEvent) -> Any:
    return tickets_of(order, {"film": SHOWING}, history)[0]


def test_a_code_is_the_end_of_the_orders_id_in_letters_that_are_not_mistaken() -> None:
    order = paid(id="order_01m89sk8qaeyzajax6mq0txq87")
    assert order_code(order.id) == "MQ0T-XQ87"
    assert not {"I", "L", "O", "U"} & set(order_code(new_id("order")))


@pytest.mark.parametrize(
    "written", ["MQ0T-XQ87", "mq0txq87", " mq0t xq87 ", "MQOT-XQ87", "mqot - xq87"], ids=lambda text: text.strip()
)
def test_a_code_is_read_however_it_is_typed(written: str) -> None:
    assert read_code(written) == "mq0txq87"


@pytest.mark.parametrize("written", ["", "MQ0T", "MQ0T-XQ8", "MQ0T-XQ87-1", "anna@exa", "MQ0T-XQU7", "ümlaute1"])
def test_what_is_no_code_is_none(written: str) -> None:
    assert read_code(written) is None


def test_one_and_i_and_l_are_the_same_sign() -> None:
    assert read_code("1IL0-OOOO") == "11100000"


def test_a_token_names_the_order_and_no_person_and_no_product() -> None:
    order = paid(name="Anna Example", phone="+49 30 1")
    token = ticket_token(order, "film")
    assert order_id_of_token(token) == order.id
    for secret in ("anna", "example", "film", order.stripe_checkout_session_id, "+49"):
        assert secret not in token.lower()


def test_only_the_right_token_is_a_ticket_of_the_order() -> None:
    order = paid()
    tickets = tickets_of(order, {"film": SHOWING})
    token = ticket_token(order, "film")
    found = ticket_of_token(tickets, token)
    assert found is not None
    assert found.product == "film"
    other = paid(stripe_checkout_session_id="cs_other", id=order.id)
    wrong = [
        "",
        token[:-1],
        token + "0",
        token.upper(),
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        ticket_token(other, "film"),
        f"{order.id.removeprefix('order_')}.{link_key(order)}",
        "ü" * 53,
    ]
    assert [ticket_of_token(tickets, each) for each in wrong] == [None] * len(wrong)


def test_every_order_and_every_product_has_a_token_of_its_own() -> None:
    orders = [paid(stripe_checkout_session_id=f"cs_{number}") for number in range(20)]
    tokens = {ticket_token(order, product) for order in orders for product in ("film", "mug")}
    assert len(tokens) == 40


def test_the_key_of_a_page_fits_its_order_alone() -> None:
    order, other = paid(), paid(stripe_checkout_session_id="cs_2")
    assert is_link_key(order, link_key(order))
    for key in ("", link_key(other), link_key(order)[:-1], ticket_token(order, "film"), "ü"):
        assert not is_link_key(order, key)


@pytest.mark.parametrize(
    ("changes", "admission"),
    [
        ({}, Admission.valid),
        ({"status": OrderStatus.pending}, Admission.unpaid),
        ({"status": OrderStatus.processing}, Admission.unpaid),
        ({"status": OrderStatus.failed}, Admission.unpaid),
        ({"status": OrderStatus.expired}, Admission.unpaid),
        ({"status": OrderStatus.refunded}, Admission.refunded),
        ({"metadata": {"checkout_redeemed": {"film": {"at": NOW.isoformat(), "key": "1"}}}}, Admission.used),
        ({"metadata": {"checkout_redeemed": {"mug": {"at": NOW.isoformat(), "key": "1"}}}}, Admission.valid),
        ({"metadata": {"checkout_redeemed": "nonsense"}}, Admission.valid),
    ],
)
def test_what_the_door_says_of_an_order(changes: dict[str, Any], admission: Admission) -> None:
    assert film(paid(**changes)).admission is admission


@pytest.mark.parametrize(
    ("notes", "admits"),
    [([""], 3), (["0:1"], 2), (["0:1", "0:1"], 1), (["0:3"], 0), (["all"], 0), (["1:1"], 3), (["nonsense"], 3)],
)
def test_a_refund_that_puts_seats_back_on_sale_admits_fewer(notes: list[str], admits: int) -> None:
    order = paid(amount_refunded=100)
    history = [refund(order, note, f"re_{number}") for number, note in enumerate(notes)]
    ticket = film(order, *history)
    assert ticket.admits == admits
    assert ticket.admission is (Admission.valid if admits else Admission.refunded)


def test_a_refund_that_came_back_from_the_bank_lets_the_seats_count_again() -> None:
    order = paid(amount_refunded=0)
    came_back = refund(order, "", kind=EventKind.refund_failed)
    assert film(order, refund(order, "0:2"), came_back).admits == 3


def test_redeeming_is_recorded_with_its_time_and_once() -> None:
    order = paid()
    change = redeem_change(film(order), key="scan", at=NOW, now=NOW + timedelta(hours=1))
    decision = change(order)
    assert decision.order is not None
    assert redeemed_at(decision.order, "film") == NOW
    assert redeemed_at(decision.order, "mug") is None
    assert was_redeemed_by(decision.order, "film", "scan")
    [event] = decision.events
    assert (event.kind, event.at, event.detail) == (EventKind.redeemed, NOW, {"product": "film", "quantity": 3})
    again = change(decision.order)
    assert (again.order, again.events) == (decision.order, ())


def test_an_order_that_has_changed_since_it_was_read_is_not_redeemed() -> None:
    order = paid()
    change = redeem_change(film(order), key="scan", at=NOW, now=NOW)
    refunded = order.evolve(NOW, amount_refunded=1)
    assert change(refunded).order == refunded
    assert change(None).order is None


def test_a_showing_says_day_hour_and_place_in_the_words_of_a_locale() -> None:
    assert SHOWING.words() == "Thursday, December 3, 2026 · 8:30\N{NARROW NO-BREAK SPACE}PM · Hall 1"
    assert SHOWING.words("de_DE") == "Donnerstag, 3. Dezember 2026 · 20:30 · Hall 1"
    assert SHOWING.short("en_GB") == "Thu 3 Dec · 20:30 · Hall 1"
    assert (
        Showing(starts=datetime(2026, 12, 3, 20, 30, tzinfo=UTC)).words("en_GB") == "Thursday, 3 December 2026 · 20:30"
    )


def test_a_receipt_is_asked_for_again_a_few_times_a_day() -> None:
    order, now = paid(), NOW
    for _ in range(MAX_A_DAY):
        decision = receipt_request_change(now, Source.storefront)(order)
        assert decision.order is not None
        assert [event.kind for event in decision.events] == [EventKind.receipt_requested]
        order, now = decision.order, now + SHORTEST_GAP
    with pytest.raises(ReceiptNotSent, match="tomorrow"):
        receipt_request_change(now, Source.storefront)(order)
    assert receipt_request_change(now, Source.operator)(order).events
    assert receipt_request_change(NOW + DAY + SHORTEST_GAP, Source.storefront)(order).events


@pytest.mark.parametrize("source", [Source.storefront, Source.operator])
def test_a_second_press_asks_for_no_second_receipt(source: Source) -> None:
    order = receipt_request_change(NOW, source)(paid()).order
    with pytest.raises(ReceiptNotSent, match="just now"):
        receipt_request_change(NOW + timedelta(seconds=5), source)(order)


@pytest.mark.parametrize("changes", [{"email": None}, {"status": OrderStatus.pending}, {"status": OrderStatus.failed}])
def test_an_order_without_a_receipt_has_none_to_send_again(changes: dict[str, Any]) -> None:
    with pytest.raises(ReceiptNotSent, match="no receipt"):
        receipt_request_change(NOW, Source.operator)(paid(**changes))
