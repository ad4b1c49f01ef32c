"""Orders: what may follow what, and what an order is made of."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from checkout_core.domain import orders
from checkout_core.domain.orders import FINAL_STATUSES, MONEY_TAKEN, TRANSITIONS, OrderItem, OrderStatus, new_id
from tests.support.builders import NOW, order

LATER = NOW + timedelta(days=9)

ALLOWED = {
    ("pending", "processing"),
    ("pending", "paid"),
    ("pending", "failed"),
    ("pending", "expired"),
    ("processing", "paid"),
    ("processing", "failed"),
    ("paid", "refunded"),
    ("failed", "paid"),
    ("expired", "processing"),
    ("expired", "paid"),
    ("refunded", "paid"),
}
"""Written out once more: what decides over money must not be changed in one place by mistake."""


@pytest.mark.parametrize("start", OrderStatus)
@pytest.mark.parametrize("target", OrderStatus)
def test_an_order_moves_only_where_the_table_lets_it(start: OrderStatus, target: OrderStatus) -> None:
    before = order(status=start)
    assert before.may_become(target) is ((start.value, target.value) in ALLOWED)
    if before.may_become(target):
        assert before.moved_to(target, LATER).status is target
    else:
        with pytest.raises(ValueError, match="cannot go"):
            before.moved_to(target, LATER)


def test_every_status_has_its_line_in_the_table() -> None:
    assert set(TRANSITIONS) == set(OrderStatus)
    assert set(OrderStatus) - {OrderStatus.pending, OrderStatus.processing} == FINAL_STATUSES
    assert {OrderStatus.paid, OrderStatus.refunded} == MONEY_TAKEN


def test_nothing_but_the_reconciling_rules_moves_an_order() -> None:
    assert not hasattr(orders, "becoming")


def test_becoming_paid_sets_the_time_of_payment_once() -> None:
    paid = order().moved_to(OrderStatus.paid, NOW)
    assert (paid.paid_at, paid.updated_at, paid.version) == (NOW, NOW, 2)
    again = paid.moved_to(OrderStatus.refunded, LATER).moved_to(OrderStatus.paid, LATER)
    assert (again.paid_at, again.updated_at, again.version) == (NOW, LATER, 4)
    assert order().moved_to(OrderStatus.failed, NOW).paid_at is None


def test_a_change_makes_a_new_value_with_the_next_version() -> None:
    before = order()
    after = before.evolve(LATER, email="anna@example.com")
    assert (before.version, before.email, before.updated_at) == (1, None, NOW)
    assert (after.version, after.email, after.updated_at) == (2, "anna@example.com", LATER)
    assert after.created_at == before.created_at


def test_a_time_without_a_zone_is_refused_and_others_become_utc() -> None:
    with pytest.raises(ValidationError, match="time zone"):
        order(created_at=datetime(2026, 1, 1))  # noqa: DTZ001
    tokyo = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    created_at = order(created_at=tokyo).created_at
    assert created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert created_at.tzinfo is UTC


@pytest.mark.parametrize(
    "changes",
    [{"amount_total": -1}, {"amount_refunded": -1}, {"version": 0}, {"status": "lost"}, {"unknown": 1}],
)
def test_a_value_that_no_order_can_have_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        order(**changes)


def test_the_least_values_that_an_order_can_have_are_accepted() -> None:
    assert order(amount_total=0, amount_refunded=0, version=1).amount_total == 0
    free = OrderItem(product="tee", name="", unit_amount=0, quantity=1)
    assert free.amount_subtotal == 0
    for wrong in ({"unit_amount": -1}, {"quantity": 0}):
        with pytest.raises(ValidationError):
            OrderItem.model_validate(free.model_dump() | wrong)


def test_a_line_costs_its_price_times_its_quantity() -> None:
    assert OrderItem(product="tee", name="Tee", unit_amount=2400, quantity=3).amount_subtotal == 7200


def test_ids_are_unique_and_sort_by_time() -> None:
    ids = [new_id("order") for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(text.startswith("order_") for text in ids)


def test_jupyter_shows_an_order_and_escapes_what_a_shopper_typed() -> None:
    shown = order(
        email="<script>alert(1)</script>@example.com",
        amount_refunded=100,
        status=OrderStatus.paid,
        paid_at=NOW,
    )._repr_html_()
    for text in ("€48.00", "€1.00", "2 × Tee", "paid", "cs_test_1", "2026-03-01 12:00:00 UTC"):
        assert text in shown
    assert "<script>" not in shown
    assert "Refunded" not in order()._repr_html_()
    assert "Paid" not in order()._repr_html_()
