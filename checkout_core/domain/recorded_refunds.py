"""What an order's history says of its refunds, and what it does not say yet. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from .checkout_session import Refund
from .events import EventKind, History

MADE = frozenset({EventKind.refunded, EventKind.partially_refunded})
"""The kinds of event that record one refund that was made."""


@dataclass(frozen=True, slots=True)
class MissingEvent:
    """A refund that was made, or that came back, and of which the history has no event."""

    refund: Refund
    came_back: bool

    @property
    def amount(self) -> int:
        """What the event adds to the amount refunded, in minor units."""
        return -self.refund.amount if self.came_back else self.refund.amount


@dataclass(frozen=True, slots=True)
class RecordedRefunds:
    """The refunds that a history has events of, by Stripe's ids: `re_…`.

    Events of an older version of this package name no refund: only their amounts are known, in minor units, and one may
    stand for several refunds. The oldest refunds are taken for theirs.
    """

    made: frozenset[str] = frozenset()
    came_back: frozenset[str] = frozenset()
    unnamed_made: int = 0
    unnamed_came_back: int = 0

    @classmethod
    def of(cls, history: History) -> Self:
        """Read a history."""
        made = [event.detail for event in history if event.kind in MADE]
        came_back = [event.detail for event in history if event.kind is EventKind.refund_failed]
        return cls(
            made=frozenset(detail["refund"] for detail in made if "refund" in detail),
            came_back=frozenset(detail["refund"] for detail in came_back if "refund" in detail),
            unnamed_made=sum(detail["amount"] for detail in made if "refund" not in detail),
            unnamed_came_back=sum(detail["amount"] for detail in came_back if "refund" not in detail),
        )

    def missing(self, refunds: Sequence[Refund]) -> Sequence[MissingEvent]:
        """Return what the history lacks, in the order in which it has to be written.

        Refunds that came back stand first: what comes back can be refunded again. A refund that came back before
        anybody looked gets both events, so that the amounts of a history always add up.

        Args:
            refunds: all refunds of the payment as Stripe knows them now, newest first.
        """
        unnamed_made, unnamed_came_back = self.unnamed_made, self.unnamed_came_back
        known: list[MissingEvent] = []
        new: list[MissingEvent] = []
        oldest_first = [*reversed(refunds)]
        oldest_first.sort(key=lambda each: each.created_at)
        for refund in oldest_first:
            made = refund.id in self.made
            if not made and refund.amount <= unnamed_made:
                made, unnamed_made = True, unnamed_made - refund.amount
            came_back = refund.id in self.came_back
            if refund.undone and made and not came_back and refund.amount <= unnamed_came_back:
                came_back, unnamed_came_back = True, unnamed_came_back - refund.amount
            if not made:
                new.append(MissingEvent(refund, came_back=False))
            if refund.undone and not came_back:
                (known if made else new).append(MissingEvent(refund, came_back=True))
        return [*known, *new]


NO_REFUNDS = RecordedRefunds()
"""What a history without refunds says of them."""
