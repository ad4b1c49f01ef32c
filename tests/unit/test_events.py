"""Events: what can happen to a checkout, and how it is shown."""

from typing import get_args

import pytest

from checkout_core.domain.events import (
    EVENT_OF_KIND,
    KINDS_OF_EVENT,
    OUTBOX_EVENT_KINDS,
    EventKind,
    EventName,
    History,
    OrderEvent,
    Source,
    Tone,
)
from checkout_core.domain.orders import OrderStatus
from tests.support.builders import NOW, order


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_has_a_label_and_a_tone(kind: EventKind) -> None:
    assert kind.label
    assert kind.label[0].isupper()
    assert isinstance(kind.tone, Tone)
    assert kind == kind.value == kind.name
    assert EventKind(kind.value) is kind  # type: ignore[call-arg] # by value, not a new member


def test_labels_tell_the_kinds_apart() -> None:
    assert len({kind.label for kind in EventKind}) == len(EventKind)


@pytest.mark.parametrize(
    ("kind", "tone"),
    [
        (EventKind.disputed, Tone.bad),
        (EventKind.refund_unconfirmed, Tone.waiting),
        (EventKind.refund_confirmed, Tone.good),
        (EventKind.refund_failed, Tone.bad),
        (EventKind.failed, Tone.bad),
        (EventKind.payment_declined, Tone.bad),
        (EventKind.expired, Tone.bad),
        (EventKind.paid, Tone.good),
        (EventKind.processing, Tone.waiting),
        (EventKind.pending, Tone.waiting),
    ],
)
def test_what_needs_an_operators_attention_does_not_look_plain(kind: EventKind, tone: Tone) -> None:
    assert kind.tone is tone


@pytest.mark.parametrize("status", OrderStatus)
def test_every_move_of_an_order_has_a_kind(status: OrderStatus) -> None:
    assert EventKind[status.name].value == status.value


def test_each_name_of_an_event_stands_for_kinds_of_its_own() -> None:
    assert list(KINDS_OF_EVENT) == list(get_args(EventName))
    assert sum(map(len, KINDS_OF_EVENT.values())) == len(OUTBOX_EVENT_KINDS) == len(EVENT_OF_KIND)
    assert EVENT_OF_KIND[EventKind.partially_refunded] == "refunded"
    assert {EVENT_OF_KIND[kind] for kind in (EventKind.dispute_won, EventKind.dispute_lost)} == {"dispute_closed"}


def test_an_event_carries_its_order_and_who_reported_it() -> None:
    mine = order()
    event = OrderEvent.of(mine, kind=EventKind.paid, source=Source.webhook, at=NOW, stripe_event_id="evt_1", amount=5)
    assert (event.order_id, event.stripe_checkout_session_id) == (mine.id, mine.stripe_checkout_session_id)
    assert (event.kind, event.source, event.at, event.stripe_event_id) == (EventKind.paid, Source.webhook, NOW, "evt_1")
    assert event.detail == {"amount": 5}
    assert event.id.startswith("event_")


def test_jupyter_shows_a_history_and_escapes_what_a_shopper_typed() -> None:
    event = OrderEvent.of(order(), kind=EventKind.paid, source=Source.webhook, at=NOW, note="<b>", amount=5)
    shown = History([event])._repr_html_()
    for text in ("2026-03-01 12:00:00", "paid", "webhook", "amount: 5", "&lt;b&gt;"):
        assert text in shown
    assert "<b>" not in shown
