"""The service that acts for the shopper's bank after a payment: it settles debits, disputes charges, returns refunds."""

from collections.abc import Callable

from .errors import invalid
from .events import EventLog, changed_fields
from .records import SessionRecord
from .resources.balance_transactions import book
from .resources.charges import RETURNED, return_charge, settle_charge
from .resources.charging import Charging
from .resources.dispute_service import DisputeService, newest_dispute
from .resources.disputes import build_dispute
from .resources.payment_intents import charge_intent, return_intent
from .resources.refunds import (
    REASONS,
    RefundParams,
    end_refund,
    make_refund,
    newest_refund,
    planned_status,
    without_pending_reason,
)
from .state import Account, State
from .wire import JSON, Charge, PaymentIntent


class BankService:
    """Does what the shopper's bank does to a payment later.

    Args:
        state: where everything is stored.
        events: what tells of each step.
        now: the simulated time, in seconds since the epoch.
        charging: what books the money that arrives.
    """

    def __init__(self, state: State, events: EventLog, now: Callable[[], float], charging: Charging) -> None:
        self._state = state
        self._events = events
        self._now = now
        self._charging = charging

    def settle_debit(self, account: Account, record: SessionRecord, succeeded: bool) -> None:
        """End a bank debit that is waiting.

        Args:
            account: whose session it is.
            record: the session.
            succeeded: whether the money arrives.

        Raises:
            StripeError: no bank debit is waiting.
        """
        intent, charge = account.payment_intent_of(record), account.charge_of(record)
        if record.debit_due is None or intent is None or charge is None:
            raise invalid("This Checkout Session has no bank debit that is waiting to settle.")
        record.debit_due = None
        if succeeded:
            record.session = {**record.session, "payment_status": "paid"}
        self._state.put_session(account, record)
        self._end_debit(account, intent, charge, succeeded)
        outcome = "succeeded" if succeeded else "failed"
        self._events.emit(account, f"checkout.session.async_payment_{outcome}", record.session)
        if succeeded:
            self._charging.settle(account, account.charges[charge["id"]])

    def settle_intent(self, id: str) -> None:
        """End the bank debit of a payment intent that no session made."""
        for account in self._state.accounts.values():
            intent = account.payment_intents.get(id)
            charge = None if intent is None else account.charges.get(intent["latest_charge"] or "")
            if intent is None or charge is None or intent["status"] != "processing":
                continue
            kept = account.tables["hidden"].get(charge["payment_method"] or "", {})
            succeeded = kept.get("method", {}).get("succeeds", True)
            self._end_debit(account, intent, charge, succeeded)
            if succeeded:
                self._charging.settle(account, account.charges[charge["id"]])

    def _end_debit(self, account: Account, intent: PaymentIntent, charge: Charge, succeeded: bool) -> None:
        """Store and tell how a bank debit ended; its money is booked by the caller."""
        if succeeded:
            charge = settle_charge(charge)
            intent = charge_intent(intent, charge)
        else:
            charge = return_charge(charge)
            method = account.payment_method(charge["payment_method"], charge["payment_method_details"]["type"])
            intent = return_intent(intent, method, RETURNED, charge)
        self._state.put(account, "charges", charge["id"], charge)
        self._state.put(account, "payment_intents", intent["id"], intent)
        self._events.emit(account, f"charge.{'succeeded' if succeeded else 'failed'}", charge)
        self._events.emit(account, "payment_intent.succeeded" if succeeded else "payment_intent.payment_failed", intent)

    def dispute(
        self, account: Account, record: SessionRecord, reason: str, *, amount: int | None = None, inquiry: bool = False
    ) -> JSON:
        """Dispute what a session took, and return the dispute.

        Args:
            account: whose session it is.
            record: the session.
            reason: why, such as `fraudulent`.
            amount: how much of it, in minor units; None stands for all of it.
            inquiry: whether the bank only asks, and takes no money yet.

        Raises:
            StripeError: reason or amount are wrong, nothing was paid, or the charge is disputed already.
        """
        charge = account.charge_of(record)
        if charge is None:
            raise invalid("This Checkout Session has no paid charge to dispute.")
        dispute = build_dispute(charge, reason, int(self._now()), amount=amount, inquiry=inquiry)
        return self._disputes().open(account, charge, dispute)

    def end_dispute(self, account: Account, record: SessionRecord, *, won: bool) -> JSON:
        """Decide the newest dispute of a session, and return it.

        Args:
            account: whose session it is.
            record: the session.
            won: whether the shop keeps the money.

        Raises:
            StripeError: the session has no dispute that is open.
        """
        return self._disputes().end(account, self._dispute_of(account, record), won=won)

    def escalate_dispute(self, account: Account, record: SessionRecord) -> JSON:
        """Make a chargeback of the inquiry into a session, and return it. Raises when there is no open inquiry."""
        return self._disputes().escalate(account, self._dispute_of(account, record))

    def end_late_dispute(self, id: str) -> None:
        """End a dispute whose last day passed without evidence."""
        for account in self._state.accounts.values():
            dispute = account.tables["disputes"].get(id)
            if dispute is not None:
                self._disputes().expire(account, dispute)

    def _disputes(self) -> DisputeService:
        return DisputeService(self._state, self._events, int(self._now()))

    def _dispute_of(self, account: Account, record: SessionRecord) -> JSON:
        charge = account.charge_of(record)
        dispute = None if charge is None else newest_dispute(account, charge["id"])
        if dispute is None:
            raise invalid("This Checkout Session has no dispute.")
        return dispute

    def refund(self, account: Account, record: SessionRecord, amount: int | None, reason: str | None) -> JSON:
        """Refund what a session took, as its owner can in the dashboard, and return the refund.

        Args:
            account: whose session it is.
            record: the session.
            amount: how much of it, in minor units; None stands for all that is left.
            reason: one of `REASONS`, or None.

        Raises:
            StripeError: amount or reason are wrong, or nothing is left to refund.
        """
        charge = account.charge_of(record)
        if charge is None:
            raise invalid("This Checkout Session has no paid charge to refund.")
        if amount is not None and amount < 1:
            raise invalid("`amount` is at least 1, in minor units.", "amount")
        if reason is not None and reason not in REASONS:
            raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", "reason")
        given = RefundParams(None, charge["id"], amount, reason, {})
        return make_refund(self._state, self._events, account, given, int(self._now()))

    def fail_refund(self, account: Account, record: SessionRecord, reason: str) -> JSON:
        """Send the newest refund of a session back, and return the refund.

        Args:
            account: whose session it is.
            record: the session.
            reason: why, such as `expired_or_canceled_card`.

        Raises:
            StripeError: the reason is unknown, or the session has no refund that could fail.
        """
        return self._end_refund(account, newest_refund(account, record, ("succeeded", "pending")), "failed", reason)

    def cancel_refund(self, account: Account, record: SessionRecord) -> JSON:
        """Cancel the newest pending refund of a session, as its owner can in the dashboard, and return it."""
        refund = newest_refund(account, record, ("pending",))
        return self._end_refund(account, refund, "canceled", "merchant_request")

    def settle_refund(self, account: Account, record: SessionRecord) -> JSON:
        """Let the newest pending refund of a session succeed, and return it. Raises when none is pending."""
        return self._complete_refund(account, newest_refund(account, record, ("pending",)))

    def end_later_refund(self, id: str) -> None:
        """End a refund of one of the cards whose refunds end some time later."""
        for account in self._state.accounts.values():
            refund = account.tables["refunds"].get(id)
            if refund is None:
                continue
            status = planned_status(account.charges[refund["charge"]])
            if status == "succeeded" and refund["status"] == "pending":
                self._complete_refund(account, refund)
            elif status == "failed" and refund["status"] == "succeeded":
                self._end_refund(account, refund, "failed", "expired_or_canceled_card")

    def _complete_refund(self, account: Account, refund: JSON) -> JSON:
        after = {**without_pending_reason(refund), "status": "succeeded"}
        self._state.put(account, "refunds", refund["id"], after)
        self._events.emit(account, "refund.updated", after, changed_fields(refund, after))
        return after

    def _end_refund(self, account: Account, before: JSON, status: str, reason: str) -> JSON:
        refund, charge, returned = end_refund(account, before, status, reason, int(self._now()))
        book(self._state, account, returned)
        self._state.put(account, "refunds", refund["id"], refund)
        self._state.put(account, "charges", charge["id"], charge)
        self._events.emit(account, "refund.updated", refund, changed_fields(before, refund))
        if status == "failed":
            self._events.emit(account, "refund.failed", refund)
        return refund
