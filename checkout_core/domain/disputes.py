"""Disputes: what an order says of them, and the steps of each that its history shows. Pure.

Every step of a dispute is recorded under the dispute's id with Stripe's status, so the history tells which steps are
missing, whichever event is lost, late or doubled.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .checkout_session import Dispute
from .events import EventKind, OrderEvent
from .orders import Order

INQUIRY = "warning_"
"""How the statuses of an inquiry begin: the bank only asks, and no money has moved."""

UNANSWERED_STATUSES = ("needs_response", "warning_needs_response")
"""The statuses in which evidence is due."""

OPEN_DISPUTE_STATUSES = (*UNANSWERED_STATUSES, "under_review", "warning_under_review")
"""The statuses of disputes that a bank has not decided, the most urgent first."""

FIRST_STATUS = "needs_response"
"""The status of a dispute of which no status is known: a version of this package recorded none."""

HOLDING_STATUSES = frozenset({"needs_response", "under_review", "lost"})
"""The statuses in which the bank has the money."""

STEPS: Mapping[str, EventKind] = {
    "warning_needs_response": EventKind.inquiry_opened,
    "warning_under_review": EventKind.dispute_under_review,
    "warning_closed": EventKind.inquiry_closed,
    "needs_response": EventKind.disputed,
    "under_review": EventKind.dispute_under_review,
    "won": EventKind.dispute_won,
    "lost": EventKind.dispute_lost,
    "prevented": EventKind.dispute_prevented,
}
"""The event of each of Stripe's statuses (https://docs.stripe.com/api/disputes/object#dispute_object-status)."""

_ORDER_OF_STEPS = tuple(STEPS)
_KINDS = frozenset(STEPS.values())
_OUTCOMES = ("won", "lost")


@dataclass(frozen=True, slots=True)
class DisputeStep:
    """A step of a dispute. `corrected_from` is the outcome that the bank has changed by it."""

    dispute: Dispute
    status: str
    corrected_from: str | None = None

    @property
    def kind(self) -> EventKind:
        """The kind of event that records it."""
        return STEPS.get(self.status, EventKind.dispute_under_review)

    @property
    def at(self) -> datetime | None:
        """When it happened, where Stripe tells."""
        if self.kind in (EventKind.disputed, EventKind.inquiry_opened):
            return self.dispute.created_at
        return self.dispute.closed_at if self.status == self.dispute.status else None

    @property
    def detail(self) -> dict[str, Any]:
        """What its event says."""
        due = self.dispute.evidence_due_at if self.status in UNANSWERED_STATUSES else None
        return {
            "dispute": self.dispute.id,
            "reason": self.dispute.reason,
            "amount": self.dispute.amount,
            "status": self.status,
            **({"evidence_due_by": f"{due:%Y-%m-%d}"} if due else {}),
            **({"corrected_from": self.corrected_from} if self.corrected_from else {}),
        }


def recorded_statuses(history: Iterable[OrderEvent]) -> dict[str, list[str]]:
    """Return the statuses that a history shows of each dispute, by its id, oldest first."""
    recorded: dict[str, list[str]] = {}
    for event in history:
        if event.kind in _KINDS and "dispute" in event.detail:
            recorded.setdefault(event.detail["dispute"], []).append(event.detail.get("status", FIRST_STATUS))
    return recorded


def missing_steps(disputes: Sequence[Dispute], history: Iterable[OrderEvent]) -> list[DisputeStep]:
    """Return the steps of disputes that a history does not show yet, in the order in which to record them."""
    recorded = recorded_statuses(history)
    by_age = sorted(disputes, key=_created)
    return [step for dispute in by_age for step in _steps_after(dispute, recorded.get(dispute.id, []))]


def says_something_new(status: str, recorded: Sequence[str]) -> bool:
    """Whether an event with that status of a dispute can lead to a step that is not recorded.

    Args:
        status: the dispute's when the event was made.
        recorded: the statuses of that dispute in the history.
    """
    if status in recorded:
        return False
    closed = status not in OPEN_DISPUTE_STATUSES
    return closed or all(_place(status) > _place(past) for past in recorded)


def dispute_fields(disputes: Sequence[Dispute]) -> dict[str, object]:
    """Return what an order says of its disputes.

    `amount_disputed` is what banks hold or have taken for good. The status is that of the dispute that an operator has
    to know of first: one that needs an answer, the most urgent first, then one that a bank is looking at, then the
    youngest of those that were decided.
    """
    first = min(disputes, key=_urgency)
    return {
        "amount_disputed": sum(one.amount for one in disputes if one.status in HOLDING_STATUSES),
        "dispute_status": first.status,
        "dispute_evidence_due_at": first.evidence_due_at if first.status in UNANSWERED_STATUSES else None,
    }


def disputes_differ(order: Order, disputes: Sequence[Dispute], history: Iterable[OrderEvent]) -> bool:
    """Whether an order or its history does not say what Stripe says of its disputes."""
    if not disputes:
        return False
    fields = dispute_fields(disputes)
    return any(getattr(order, name) != value for name, value in fields.items()) or bool(
        missing_steps(disputes, history)
    )


def _steps_after(dispute: Dispute, recorded: Sequence[str]) -> list[DisputeStep]:
    status, last = dispute.status, recorded[-1] if recorded else None
    if status == last:
        return []
    steps: list[DisputeStep] = []
    inquiry = status.startswith(INQUIRY)
    if last is None and status != "prevented":
        steps.append(DisputeStep(dispute, "warning_needs_response" if inquiry else "needs_response"))
    elif last is not None and last.startswith(INQUIRY) and not inquiry and status != "prevented":
        steps.append(DisputeStep(dispute, "needs_response"))
    if not steps or steps[-1].status != status:
        steps.append(DisputeStep(dispute, status, last if last in _OUTCOMES else None))
    return steps


def _created(dispute: Dispute) -> float:
    return dispute.created_at.timestamp() if dispute.created_at else 0


def _urgency(dispute: Dispute) -> tuple[int, float]:
    if dispute.status in UNANSWERED_STATUSES:
        due = dispute.evidence_due_at
        return OPEN_DISPUTE_STATUSES.index(dispute.status), due.timestamp() if due else float("inf")
    if dispute.status in OPEN_DISPUTE_STATUSES:
        return OPEN_DISPUTE_STATUSES.index(dispute.status), -_created(dispute)
    return len(OPEN_DISPUTE_STATUSES), -_created(dispute)


def _place(status: str) -> int:
    return _ORDER_OF_STEPS.index(status) if status in _ORDER_OF_STEPS else len(_ORDER_OF_STEPS)
