"""The service that moves a dispute on: opened, escalated, won, lost, and the money that moves with it."""

from ..currencies import require_amount
from ..errors import invalid
from ..events import EventLog, changed_fields
from ..state import Account, State
from ..wire import JSON, Charge
from .balance_transactions import book, build_transaction, dispute_fee

REASONS = (
    "fraudulent",
    "product_not_received",
    "product_unacceptable",
    "duplicate",
    "credit_not_processed",
    "general",
)
INQUIRY = ("warning_needs_response", "warning_under_review")
OPEN = (*INQUIRY, "needs_response", "under_review")
AWAITING_EVIDENCE = ("warning_needs_response", "needs_response")
STATUSES = (*OPEN, "warning_closed", "won", "lost", "prevented")


class DisputeService:
    """Opens, escalates and ends disputes.

    Args:
        state: where disputes, charges and balance transactions are.
        events: what tells of each step.
        now: the simulated time, in seconds since the epoch.
    """

    def __init__(self, state: State, events: EventLog, now: int) -> None:
        self._state = state
        self._events = events
        self._now = now

    def open(self, account: Account, charge: Charge, dispute: JSON) -> JSON:
        """Store a new dispute; a chargeback takes its amount and a fee out of the balance at once.

        Args:
            account: whose charge it is.
            charge: what is disputed.
            dispute: the dispute, without any balance transaction.

        Returns:
            The dispute afterwards.

        Raises:
            StripeError: the charge cannot be disputed, or not by that much.
        """
        if not charge["paid"]:
            raise invalid("Only a charge that was paid can be disputed.")
        if charge["disputed"]:
            raise invalid(f"Charge {charge['id']} is already disputed.", code="charge_disputed")
        if not 1 <= dispute["amount"] <= charge["amount"]:
            raise invalid(f"`amount` is a number from 1 to {charge['amount']}.", "amount")
        require_amount(dispute["amount"], dispute["currency"], "amount")
        disputed: Charge = {**charge, "disputed": True}
        self._state.put(account, "charges", charge["id"], disputed)
        withdrawn = dispute["status"] not in INQUIRY
        if withdrawn:
            dispute = self._withdraw(account, dispute)
        self._put(account, dispute)
        self._state.schedule(dispute["evidence_details"]["due_by"], "dispute", dispute["id"])
        self._events.emit(account, "charge.dispute.created", dispute)
        if withdrawn:
            self._events.emit(account, "charge.dispute.funds_withdrawn", dispute)
        return dispute

    def escalate(self, account: Account, dispute: JSON) -> JSON:
        """Make a chargeback of an inquiry, which takes the money. Raises when it is no open inquiry."""
        if dispute["status"] not in INQUIRY:
            raise invalid(f"This dispute has a status of `{dispute['status']}`; it is no open inquiry.")
        after = {**dispute, "is_charge_refundable": False, "status": "needs_response"}
        after = self._withdraw(account, after)
        self._put(account, after)
        self._events.emit(account, "charge.dispute.updated", after, changed_fields(dispute, after))
        self._events.emit(account, "charge.dispute.funds_withdrawn", after)
        return after

    def end(self, account: Account, dispute: JSON, *, won: bool) -> JSON:
        """End a dispute; a chargeback that is won gives the amount and the fee back.

        Args:
            account: whose dispute it is.
            dispute: the dispute.
            won: whether the shop keeps the money; an inquiry that it loses becomes a chargeback first.

        Returns:
            The dispute afterwards.

        Raises:
            StripeError: the dispute is closed already.
        """
        require_open(dispute)
        if dispute["status"] in INQUIRY and not won:
            dispute = self.escalate(account, dispute)
        reinstated = won and dispute["status"] not in INQUIRY
        status = ("warning_closed" if not reinstated else "won") if won else "lost"
        after = {**dispute, "status": status}
        if reinstated:
            after["is_charge_refundable"] = True
            after = self._reinstate(account, after)
        self._put(account, after)
        self._events.emit(account, "charge.dispute.closed", after)
        if reinstated:
            self._events.emit(account, "charge.dispute.funds_reinstated", after)
        return after

    def expire(self, account: Account, dispute: JSON) -> None:
        """End a dispute whose last day passed without evidence: a chargeback is lost, an inquiry is closed."""
        if dispute["status"] in AWAITING_EVIDENCE:
            details = {**dispute["evidence_details"], "past_due": True}
            late = {**dispute, "evidence_details": details}
            self.end(account, late, won=dispute["status"] in INQUIRY)

    def close_inquiry(self, account: Account, charge: Charge) -> None:
        """Close the inquiry into a charge that was refunded as a whole, if there is one."""
        dispute = newest_dispute(account, charge["id"])
        if charge["refunded"] and dispute is not None and dispute["status"] in INQUIRY:
            self.end(account, dispute, won=True)

    def _withdraw(self, account: Account, dispute: JSON) -> JSON:
        return self._move(account, dispute, -1, "dispute", "Chargeback withdrawal")

    def _reinstate(self, account: Account, dispute: JSON) -> JSON:
        """Give amount and fee back, as https://docs.stripe.com/testing#evidence says."""
        return self._move(account, dispute, 1, "dispute_reversal", "Chargeback reversal")

    def _move(self, account: Account, dispute: JSON, sign: int, category: str, words: str) -> JSON:
        movement = build_transaction(
            "adjustment",
            sign * dispute["amount"],
            dispute["currency"],
            dispute["id"],
            self._now,
            fee=-sign * dispute_fee(dispute["currency"]),
            category=category,
            description=f"{words} for {dispute['charge']}",
        )
        book(self._state, account, movement)
        return {**dispute, "balance_transactions": [*dispute["balance_transactions"], movement]}

    def _put(self, account: Account, dispute: JSON) -> None:
        self._state.put(account, "disputes", dispute["id"], dispute)


def require_open(dispute: JSON) -> None:
    """Raise when a dispute is closed."""
    if dispute["status"] not in OPEN:
        raise invalid("This dispute is already closed.", code="dispute_already_closed")


def newest_dispute(account: Account, charge_id: str) -> JSON | None:
    """Return the newest dispute of a charge, or None."""
    found = (one for one in reversed(account.tables["disputes"].values()) if one["charge"] == charge_id)
    return next(found, None)


def blocks_refunds(account: Account, charge: Charge) -> bool:
    """Return whether a charge is disputed and cannot be refunded any more."""
    if not charge["disputed"]:
        return False
    dispute = newest_dispute(account, charge["id"])
    return dispute is None or not dispute["is_charge_refundable"]
