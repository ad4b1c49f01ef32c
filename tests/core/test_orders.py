from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from checkout_core.domain.orders import (
    TRANSITIONS,
    History,
    Order,
    OrderEvent,
    OrderItem,
    OrderStatus,
    Source,
    becoming,
    new_id,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_order(**changes: object) -> Order:
    fields = {
        "id": new_id("order"),
        "stripe_checkout_session_id": "cs_test_1",
        "items": (OrderItem(product="tee", name="Tee", unit_amount=2400, quantity=2),),
        "currency": "eur",
        "amount_total": 4800,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Order.model_validate(fields | changes)


def test_the_transition_that_wins_writes_one_event() -> None:
    order, events = becoming(OrderStatus.paid, Source.redirect, NOW)(an_order())
    assert order is not None
    assert (order.status, order.paid_at, order.version) == (OrderStatus.paid, NOW, 2)
    assert [event.kind for event in events] == ["paid"]
    assert becoming(OrderStatus.paid, Source.webhook, NOW)(order) == (order, [])


def test_there_is_nothing_to_move_without_an_order() -> None:
    assert becoming(OrderStatus.paid, Source.webhook, NOW)(None) == (None, [])


@pytest.mark.parametrize("start", OrderStatus)
@pytest.mark.parametrize("target", OrderStatus)
def test_only_the_table_decides_a_transition(start: OrderStatus, target: OrderStatus) -> None:
    order = an_order(status=start)
    if target in TRANSITIONS[start]:
        assert order.moved_to(target, NOW).status is target
    else:
        with pytest.raises(ValueError, match="cannot go"):
            order.moved_to(target, NOW)


def test_a_refunded_order_only_becomes_paid_again_and_was_paid_when_it_was_first() -> None:
    assert TRANSITIONS[OrderStatus.refunded] == {OrderStatus.paid}
    refunded = an_order(status=OrderStatus.refunded, paid_at=NOW)
    assert refunded.moved_to(OrderStatus.paid, NOW + timedelta(days=9)).paid_at == NOW


def test_a_time_without_a_zone_is_refused_and_others_become_utc() -> None:
    with pytest.raises(ValidationError):
        an_order(created_at=datetime(2026, 1, 1))  # noqa: DTZ001
    tokyo = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    assert an_order(created_at=tokyo).created_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_ids_are_unique_and_sort_by_time() -> None:
    ids = [new_id("order") for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(text.startswith("order_") for text in ids)


def test_jupyter_shows_an_order_and_its_history_and_escapes_what_a_shopper_typed() -> None:
    order = an_order(email="<script>alert(1)</script>@example.com")
    shown = order._repr_html_()
    assert "€48.00" in shown
    assert "<script>" not in shown
    event = OrderEvent.of(order, kind="paid", source=Source.webhook, at=NOW, note="<b>")
    assert "webhook" in History([event])._repr_html_()
    assert "<b>" not in History([event])._repr_html_()
