"""What operators meant by their refunds, and what must hold between that and the refunds that Stripe has made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .clients import OK
from .expected import ExpectedOrder, ExpectedRefund

MAYBE = frozenset({"refund_unconfirmed", "refund_in_progress"})
"""The answers after which the refund may have been made."""


@dataclass(slots=True)
class Intention:
    """One refund that somebody means: a press of the button, with a ticket by which it can be sent again.

    Args:
        session_id: whose payment is refunded.
        amount: minor units; None: everything that is left.
        restock: whether all that was bought goes back on sale, or how many of which product.
        answers: the codes that were answered so far.
    """

    session_id: str
    amount: int | None
    restock: bool | Mapping[str, int] = False
    answers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Unconfirmed:
    """A refund without a ticket of which nobody knows whether it was made."""

    made: frozenset[str]
    events: int


class IntendedRefunds:
    """Keeps what was meant; each intention may lead to one refund that stays."""

    def __init__(self) -> None:
        self.by_ticket: dict[str, Intention] = {}
        self._unconfirmed: dict[tuple[str, int | None], _Unconfirmed] = {}

    def new_ticket(self, session_id: str, amount: int | None, restock: bool | Mapping[str, int] = False) -> str:
        """Return the ticket of a new intention."""
        ticket = f"press-{len(self.by_ticket) + 1}"
        self.by_ticket[ticket] = Intention(session_id, amount, restock)
        return ticket

    def without_ticket(
        self,
        before: ExpectedOrder,
        after: ExpectedOrder,
        amount: int | None,
        answers: Sequence[str],
        events: int,
    ) -> Iterator[str]:
        """Yield what is wrong with what came of asking for a refund without a ticket.

        Asking again for the same amount, before the refund shows on our order, means the same refund.

        Args:
            before: the session before it was asked.
            after: the session now.
            amount: minor units; None: everything that is left.
            answers: one for each time that it was asked at the same moment.
            events: how many refunds our order's history told of before.
        """
        asked = (before.session_id, amount)
        known = {refund.id for refund in before.refunds}
        new = {refund.id for refund in after.refunds if refund.id not in known}
        open_ = self._unconfirmed.pop(asked, None)
        stays = {refund.id for refund in after.refunds if not refund.undone}
        if len(new) > len(answers):
            yield f"{len(answers)} requests for a refund of {before.session_id} made {len(new)}"
        if new and not set(answers) & {OK, *MAYBE}:
            yield f"a refund of {before.session_id} was refused ({answers}) and made"
        if open_ is not None and open_.events == events and open_.made & stays and new:
            yield f"the refund of {before.session_id} that was not confirmed was made twice"
        if len(answers) == 1 and answers[0] in MAYBE:
            made = frozenset(new) | (open_.made if open_ is not None else frozenset())
            self._unconfirmed[asked] = _Unconfirmed(made, open_.events if open_ is not None else events)

    def violations(self, known: Mapping[str, ExpectedOrder]) -> Iterator[str]:
        """Yield what Stripe has refunded else than what was meant."""
        made: dict[str, list[ExpectedRefund]] = {}
        for expected in known.values():
            for refund in expected.refunds:
                if refund.intention is None and not refund.in_dashboard:
                    yield f"the refund {refund.id} of {expected.session_id} does not say what it was made for"
                elif refund.intention is not None and not expected.ours:
                    yield f"{refund.id} is of {expected.session_id}, which is another program's"
                elif refund.intention is not None:
                    made.setdefault(refund.intention, []).append(refund)
                    yield from self._stray(expected, refund)
        for key, refunds in made.items():
            if sum(not refund.undone for refund in refunds) > 1:
                yield f"the refund {key} was made {len(refunds)} times"
        for ticket, intention in self.by_ticket.items():
            refunds = made.get(ticket, [])
            if OK in intention.answers and not refunds:
                yield f"the refund {ticket} was said to be made, and Stripe has not made it"
            if refunds and not {OK, *MAYBE} & set(intention.answers):
                yield f"the refund {ticket} was refused ({intention.answers}), and Stripe has made it"

    def _stray(self, expected: ExpectedOrder, refund: ExpectedRefund) -> Iterator[str]:
        meant = self.by_ticket.get(refund.intention or "")
        if meant is None:
            return
        if meant.session_id != expected.session_id or meant.amount not in (None, refund.amount):
            yield f"{refund.id} refunds {refund.amount} of {expected.session_id}, and {meant} was meant"
