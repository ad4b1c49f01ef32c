"""What an order says of its disputes, and which of their steps its history lacks."""

from datetime import datetime, timedelta

import pytest

from checkout_core.domain.checkout_session import CheckoutSession, Dispute
from checkout_core.domain.disputes import STEPS, disputes_differ, missing_steps
from checkout_core.domain.events import EventKind, OrderEvent, Source
from checkout_core.domain.orders import Order, OrderStatus
from checkout_core.domain.reconciling import reconcile_change
from tests.support.builders import MARK, NOW, order, session

DAY = timedelta(days=1)


def dispute(status: str, number: int = 1, amount: int = 100, due: int | None = 7) -> Dispute:
    """Return the dispute that was opened `number` days after now; its evidence is due `due` days after that."""
    created = NOW + number * DAY
    return Dispute(
        f"du_{number}",
        "fraudulent",
        amount,
        status,
        created_at=created,
        evidence_due_at=None if due is None else created + due * DAY,
    )


def reconciled(before: Order, said: CheckoutSession, history: list[OrderEvent]) -> tuple[Order, list[OrderEvent]]:
    change = reconcile_change(said, Source.webhook, NOW, mark=MARK, seen=before, history=history)
    decision = change(before)
    assert decision.order is not None
    return decision.order, [*decision.events]


AN_ORDER = order(status=OrderStatus.paid, amount_total=100)


@pytest.mark.parametrize(
    ("steps", "recorded"),
    [
        (["needs_response"], ["disputed"]),
        (["lost"], ["disputed", "dispute_lost"]),
        (["won"], ["disputed", "dispute_won"]),
        (["needs_response", "needs_response", "lost", "lost"], ["disputed", "dispute_lost"]),
        (["needs_response", "under_review", "won"], ["disputed", "dispute_under_review", "dispute_won"]),
        (["under_review"], ["disputed", "dispute_under_review"]),
        (["warning_needs_response"], ["inquiry_opened"]),
        (["warning_closed"], ["inquiry_opened", "inquiry_closed"]),
        (
            ["warning_needs_response", "warning_under_review", "warning_closed"],
            ["inquiry_opened", "dispute_under_review", "inquiry_closed"],
        ),
        (["warning_needs_response", "needs_response", "lost"], ["inquiry_opened", "disputed", "dispute_lost"]),
        (["warning_under_review", "lost"], ["inquiry_opened", "dispute_under_review", "disputed", "dispute_lost"]),
        (["prevented"], ["dispute_prevented"]),
        (["lost", "won"], ["disputed", "dispute_lost", "dispute_won"]),
        (["won", "lost"], ["disputed", "dispute_won", "dispute_lost"]),
    ],
)
def test_each_step_is_recorded_once_however_many_of_them_were_not_heard_of(
    steps: list[str], recorded: list[str]
) -> None:
    now, history = AN_ORDER, list[OrderEvent]()
    for status in steps:
        now, events = reconciled(now, session(disputes=(dispute(status),)), history)
        history += events
    assert [event.kind for event in history] == recorded
    last = session(disputes=(dispute(steps[-1]),))
    assert reconciled(now, last, history) == (now, [])
    assert not disputes_differ(now, last.disputes, history)


def test_an_outcome_that_the_bank_changes_says_what_it_was() -> None:
    now, history = reconciled(AN_ORDER, session(disputes=(dispute("lost"),)), [])
    _, [won] = reconciled(now, session(disputes=(dispute("won"),)), history)
    assert won.detail["corrected_from"] == "lost"


@pytest.mark.parametrize(
    ("disputes", "amount", "status", "due"),
    [
        ([dispute("needs_response")], 100, "needs_response", NOW + 8 * DAY),
        ([dispute("needs_response", due=None)], 100, "needs_response", None),
        ([dispute("under_review")], 100, "under_review", None),
        ([dispute("lost")], 100, "lost", None),
        ([dispute("won")], 0, "won", None),
        ([dispute("prevented")], 0, "prevented", None),
        ([dispute("warning_needs_response")], 0, "warning_needs_response", NOW + 8 * DAY),
        ([dispute("warning_closed")], 0, "warning_closed", None),
        ([dispute("lost", 2, 30), dispute("won", 1, 70)], 30, "lost", None),
        ([dispute("won", 2, 30), dispute("lost", 1, 70)], 70, "won", None),
        ([dispute("lost", 2, 30), dispute("needs_response", 1, 70)], 100, "needs_response", NOW + 8 * DAY),
        (
            [dispute("under_review", 2), dispute("warning_needs_response", 1)],
            100,
            "warning_needs_response",
            NOW + 8 * DAY,
        ),
        (
            [dispute("needs_response", 1, due=9), dispute("needs_response", 2, due=3)],
            200,
            "needs_response",
            NOW + 5 * DAY,
        ),
    ],
)
def test_an_order_says_what_banks_hold_and_what_has_to_be_answered_first(
    disputes: list[Dispute], amount: int, status: str, due: datetime | None
) -> None:
    now, _ = reconciled(AN_ORDER, session(disputes=tuple(disputes)), [])
    assert (now.amount_disputed, now.dispute_status, now.dispute_evidence_due_at) == (amount, status, due)


def test_steps_of_several_disputes_are_recorded_by_age() -> None:
    disputes = (dispute("lost", 2), dispute("won", 1))
    _, history = reconciled(AN_ORDER, session(disputes=disputes), [])
    told = [(event.detail["dispute"], event.kind) for event in history]
    assert told == [
        ("du_1", EventKind.disputed),
        ("du_1", EventKind.dispute_won),
        ("du_2", EventKind.disputed),
        ("du_2", EventKind.dispute_lost),
    ]


def test_steps_are_dated_by_stripe_where_it_tells() -> None:
    closed_at = NOW + 3 * DAY
    lost = Dispute("du_1", "fraudulent", 100, "lost", created_at=NOW - DAY, closed_at=closed_at)
    _, history = reconciled(AN_ORDER, session(disputes=(lost,)), [])
    assert [event.at for event in history] == [NOW - DAY, closed_at]


def test_an_answer_that_is_older_than_the_order_changes_nothing() -> None:
    newer = AN_ORDER.evolve(NOW, amount_disputed=0, dispute_status="won")
    change = reconcile_change(session(disputes=(dispute("lost"),)), Source.webhook, NOW, mark=MARK, seen=AN_ORDER)
    assert change(newer).order == newer


def test_a_deadline_that_was_moved_is_taken_over_without_an_event() -> None:
    now, history = reconciled(AN_ORDER, session(disputes=(dispute("needs_response"),)), [])
    moved, events = reconciled(now, session(disputes=(dispute("needs_response", due=14),)), history)
    assert (moved.dispute_evidence_due_at, events) == (NOW + 15 * DAY, [])


def test_a_dispute_that_an_older_version_recorded_is_not_recorded_again() -> None:
    old = OrderEvent.of(AN_ORDER, kind=EventKind.disputed, source=Source.webhook, at=NOW, dispute="du_1", amount=100)
    assert missing_steps([dispute("needs_response")], [old]) == []
    assert [step.kind for step in missing_steps([dispute("lost")], [old])] == [EventKind.dispute_lost]


def test_a_status_that_is_new_at_stripe_is_recorded_once_and_holds_no_money() -> None:
    said = session(disputes=(dispute("arbitration"),))
    now, history = reconciled(AN_ORDER, said, [])
    assert (now.amount_disputed, now.dispute_status) == (0, "arbitration")
    assert [event.detail["status"] for event in history] == ["needs_response", "arbitration"]
    assert reconciled(now, said, history) == (now, [])


def test_each_status_of_a_dispute_has_an_event() -> None:
    assert set(STEPS) == {
        "lost",
        "needs_response",
        "prevented",
        "under_review",
        "warning_closed",
        "warning_needs_response",
        "warning_under_review",
        "won",
    }
