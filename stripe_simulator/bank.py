"""The service that acts for the shopper's bank after a payment: it settles debits, disputes charges, returns refunds."""

from collections.abc import Callable

from .errors import invalid
from .events import EventLog, changed_fields
from .records import SessionRecord
from .resources.charges import RETURNED, method_type, return_charge, settle_charge
from .resources.disputes import dispute_session
from .resources.payment_intents import charge_intent, return_intent
from .resources.refunds import fail_newest_refund
from .state import Account, State
from .wire import JSON


class BankService:
    """Does what the shopper's bank does to a payment later.

    Args:
        state: where everything is stored.
        events: what tells of each step.
        now: the simulated time, in seconds since the epoch.
    """

    def __init__(self, state: State, events: EventLog, now: Callable[[], float]) -> None:
        self._state = state
        self._events = events
        self._now = now

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
            charge = settle_charge(charge)
            intent = charge_intent(intent, charge)
            record.session = {**record.session, "payment_status": "paid"}
        else:
            charge = return_charge(charge)
            intent = return_intent(intent, method_type(charge), RETURNED, charge)
        self._state.put_session(account, record)
        self._state.put(account, "charges", charge["id"], charge)
        self._state.put(account, "payment_intents", intent["id"], intent)
        outcome = "succeeded" if succeeded else "failed"
        self._events.emit(account, f"charge.{outcome}", charge)
        self._events.emit(account, "payment_intent.succeeded" if succeeded else "payment_intent.payment_failed", intent)
        self._events.emit(account, f"checkout.session.async_payment_{outcome}", record.session)

    def dispute(self, account: Account, record: SessionRecord, reason: str) -> JSON:
        """Dispute what a session took, and return the dispute.

        Args:
            account: whose session it is.
            record: the session.
            reason: why, such as `fraudulent`.

        Raises:
            StripeError: the reason is unknown, nothing was paid, or the charge is disputed already.
        """
        dispute, charge = dispute_session(account, record, reason, int(self._now()))
        self._state.put(account, "disputes", dispute["id"], dispute)
        self._state.put(account, "charges", charge["id"], charge)
        self._events.emit(account, "charge.dispute.created", dispute)
        return dispute

    def fail_refund(self, account: Account, record: SessionRecord, reason: str) -> JSON:
        """Send the newest refund of a session back, and return the refund.

        Args:
            account: whose session it is.
            record: the session.
            reason: why, such as `expired_or_canceled_card`.

        Raises:
            StripeError: the reason is unknown, or the session has no refund that could fail.
        """
        refund, charge = fail_newest_refund(account, record, reason)
        changed = changed_fields(account.tables["refunds"][refund["id"]], refund)
        self._state.put(account, "refunds", refund["id"], refund)
        self._state.put(account, "charges", charge["id"], charge)
        self._events.emit(account, "refund.updated", refund, changed)
        self._events.emit(account, "refund.failed", refund)
        return refund
