"""The service that takes payments: what happens to a session when it is paid, declined or challenged."""

import asyncio
from collections.abc import Callable

from . import payment_methods
from .errors import card_error, invalid
from .events import EventLog
from .ids import random_id
from .records import Challenge, Decline, PaymentMethod, SessionRecord, Shopper
from .resources.balance_transactions import book, charge_transaction
from .resources.charges import build_charge
from .resources.checkout_sessions.service import SessionService
from .resources.checkout_sessions.view import customer_details, known_email
from .resources.customers import customer_from_details
from .resources.payment_intents import (
    build_payment_intent,
    challenge_intent,
    charge_intent,
    decline_error,
    decline_intent,
)
from .state import Account, State
from .webhooks import TIMEOUT_SECONDS, Webhooks
from .wire import JSON, PaymentIntent

AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)

OUTCOMES = {
    "authorized": Decline("", ""),
    "failed": Decline(
        "payment_intent_authentication_failure",
        "The bank did not authorize this payment. Please choose a different payment method and try again.",
    ),
    "canceled": Decline(
        "payment_intent_payment_attempt_failed", "The payment was canceled. Please try again or pay another way."
    ),
}
"""How a payment on the page of a bank may end."""


class PaymentService:
    """Takes payments for sessions.

    Args:
        state: where everything is stored.
        events: what tells of each step.
        webhooks: what delivers the events before the shopper is redirected.
        sessions: what changes sessions.
        now: the simulated time, in seconds since the epoch.
        public_url: the address under which a browser reaches the simulator.
        debit_delay: seconds until a bank debit ends.
    """

    def __init__(
        self,
        state: State,
        events: EventLog,
        webhooks: Webhooks,
        sessions: SessionService,
        now: Callable[[], float],
        *,
        public_url: str,
        debit_delay: float,
    ) -> None:
        self.debit_delay = debit_delay
        self._state = state
        self._events = events
        self._webhooks = webhooks
        self._sessions = sessions
        self._now = now
        self._public_url = public_url
        self._receipt_base = f"{public_url}/_simulator/receipts"
        self._deliveries: dict[str, asyncio.Task[None]] = {}

    async def confirm(
        self,
        account: Account,
        record: SessionRecord,
        method: PaymentMethod | None,
        shopper: Shopper,
        *,
        authenticated: bool = False,
        return_url: str | None = None,
    ) -> bool:
        """Try to pay a session; a session that is complete stays as it is.

        The state changes before anything is awaited, so a second call finds the session complete.

        Args:
            account: whose session it is.
            record: the session.
            method: what the shopper pays with; None only where there is nothing to pay.
            shopper: who pays.
            authenticated: whether the shopper's bank knows already who pays.
            return_url: where the shopper wants to come back to from the page of a bank.

        Returns:
            True when the session is complete, False when the shopper's bank asks the shopper first.

        Raises:
            StripeError: the payment was declined (402), or the session cannot be paid like this (400).
        """
        session = record.session
        _require_not_expired(record)
        if session["status"] == "open":
            if not session["amount_total"]:
                self._sessions.cancel_intent(account, record)
                self._complete(account, record, shopper, session["payment_status"])
            elif session["mode"] == "subscription":
                self._subscribe(account, record, _require_payable(record, method), shopper)
            else:
                paying = Challenge(_require_payable(record, method), shopper, return_url)
                if not self._pay(account, record, paying, authenticated=authenticated):
                    return False
        await self.wait_for_delivery(session["id"])
        return True

    def _pay(
        self,
        account: Account,
        record: SessionRecord,
        paying: Challenge,
        *,
        authenticated: bool,
    ) -> bool:
        method, shopper = paying.method, paying.shopper
        intent = self._begin_intent(account, record)
        if method.challenged and not authenticated:
            self._challenge(account, record, intent, paying)
            return False
        if method.decline is not None:
            self._decline(account, record, intent, method, shopper)
        self._capture(account, record, intent, method, shopper)
        return True

    def _subscribe(self, account: Account, record: SessionRecord, method: PaymentMethod, shopper: Shopper) -> None:
        """Pay the first invoice of a subscription; its payment is not the session's own."""
        now = int(self._now())
        intent = build_payment_intent(record, now)
        charge = build_charge(intent, method, shopper, now, self._receipt_base)
        if method.decline is not None:
            record.last_error = {"message": method.decline.message}
            self._state.put_session(account, record)
            raise decline_error(method, charge["id"], intent)
        charge["balance_transaction"] = book(self._state, account, charge_transaction(charge, now))
        self._state.put(account, "charges", charge["id"], charge)
        intent = charge_intent(intent, charge)
        self._sessions.put_intent(account, intent)
        self._events.emit(account, "charge.succeeded", charge)
        self._events.emit(account, "payment_intent.succeeded", intent)
        record.session = {
            **record.session,
            "invoice": random_id("in_1", 23),
            "subscription": random_id("sub_1", 23),
        }
        self._complete(account, record, shopper, "paid")

    def _challenge(self, account: Account, record: SessionRecord, intent: PaymentIntent, challenge: Challenge) -> None:
        record.challenge = challenge
        self._state.put_session(account, record)
        redirect: JSON | None = None
        if payment_methods.redirects(challenge.method.type):
            redirect = {"url": self.bank_page(record), "return_url": challenge.return_url}
        intent = challenge_intent(intent, redirect)
        self._sessions.put_intent(account, intent)
        self._events.emit(account, "payment_intent.requires_action", intent)
        self._webhooks.flush()

    def _decline(
        self, account: Account, record: SessionRecord, intent: PaymentIntent, method: PaymentMethod, shopper: Shopper
    ) -> None:
        """Record a declined payment and raise the 402."""
        assert method.decline is not None
        charge = build_charge(intent, method, shopper, int(self._now()), self._receipt_base)
        self._state.put(account, "charges", charge["id"], charge)
        intent = decline_intent(intent, method.type, method.decline, charge)
        self._sessions.put_intent(account, intent)
        record.last_error = {"message": method.decline.message}
        self._state.put_session(account, record)
        self._events.emit(account, "charge.failed", charge)
        self._events.emit(account, "payment_intent.payment_failed", intent)
        self._webhooks.flush()
        raise decline_error(method, charge["id"], intent)

    def _capture(
        self, account: Account, record: SessionRecord, intent: PaymentIntent, method: PaymentMethod, shopper: Shopper
    ) -> None:
        """Take the money, or begin to wait for it, and complete the session."""
        now = int(self._now())
        charge = build_charge(intent, method, shopper, now, self._receipt_base)
        if charge["paid"]:
            charge["balance_transaction"] = book(self._state, account, charge_transaction(charge, now))
        self._state.put(account, "charges", charge["id"], charge)
        intent = charge_intent(intent, charge)
        self._sessions.put_intent(account, intent)
        record.last_error = None
        if payment_methods.is_delayed(method.type):
            record.debit_due = now + self.debit_delay
            record.debit_succeeds = method.succeeds
            self._state.schedule(record.debit_due, "debit", record.session["id"])
            self._events.emit(account, "charge.pending", charge)
            self._events.emit(account, "payment_intent.processing", intent)
            self._complete(account, record, shopper, "unpaid")
        else:
            self._events.emit(account, "charge.succeeded", charge)
            self._events.emit(account, "payment_intent.succeeded", intent)
            self._complete(account, record, shopper, "paid")

    async def authenticate(self, account: Account, record: SessionRecord, succeeded: bool) -> None:
        """Go on after the bank's challenge.

        Args:
            account: whose session it is.
            record: the session.
            succeeded: whether the bank recognised the shopper.

        Raises:
            StripeError: the challenge failed (402), or the session is not waiting for one (400).
        """
        if record.session["status"] == "complete":
            await self.wait_for_delivery(record.session["id"])
            return
        challenge, record.challenge = record.challenge, None
        _require_not_expired(record)
        if challenge is None:
            raise invalid("This Checkout Session is not waiting for authentication.")
        if succeeded:
            await self.confirm(account, record, challenge.method, challenge.shopper, authenticated=True)
            return
        self._state.put_session(account, record)
        intent = decline_intent(self._begin_intent(account, record), challenge.method.type, AUTHENTICATION_FAILED, None)
        self._sessions.put_intent(account, intent)
        self._events.emit(account, "payment_intent.payment_failed", intent)
        self._webhooks.flush()
        raise card_error(AUTHENTICATION_FAILED.code, AUTHENTICATION_FAILED.message)

    def bank_page(self, record: SessionRecord) -> str:
        """Return the address of the page on which the shopper's bank asks."""
        return f"{self._public_url}/_simulator/bank/{record.session['id']}/{record.session['payment_intent']}"

    async def end_redirect(self, account: Account, record: SessionRecord, outcome: str) -> None:
        """Go on after the page of a bank; a payment that failed or was canceled leaves the session open.

        Args:
            account: whose session it is.
            record: the session.
            outcome: one of `OUTCOMES`.

        Raises:
            StripeError: the session is not waiting for a bank.
        """
        challenge = record.challenge
        if challenge is None or not payment_methods.redirects(challenge.method.type):
            raise invalid("This Checkout Session is not waiting for the page of a bank.")
        _require_not_expired(record)
        record.challenge = None
        if record.session["status"] == "complete":  # paid another way meanwhile: the bank is asked for nothing any more
            self._state.put_session(account, record)
            await self.wait_for_delivery(record.session["id"])
            return
        if outcome == "authorized":
            await self.confirm(account, record, challenge.method, challenge.shopper, authenticated=True)
            return
        decline = OUTCOMES[outcome]
        record.last_error = {"message": decline.message}
        self._state.put_session(account, record)
        intent = decline_intent(self._begin_intent(account, record), challenge.method.type, decline, None)
        self._sessions.put_intent(account, intent)
        self._events.emit(account, "payment_intent.payment_failed", intent)
        await self._webhooks.deliver()

    async def wait_for_delivery(self, session_id: str) -> None:
        """Wait until the webhooks of a payment were answered, at most ten seconds."""
        task = self._deliveries.get(session_id)
        if task is not None:
            await asyncio.wait({task}, timeout=TIMEOUT_SECONDS)

    def forget_deliveries(self) -> None:
        """Wait for no delivery any more."""
        self._deliveries.clear()

    def _begin_intent(self, account: Account, record: SessionRecord) -> PaymentIntent:
        """Return the payment intent of a session, a new one at the first try to pay."""
        intent = account.payment_intent_of(record)
        if intent is not None:
            return intent
        intent = build_payment_intent(record, int(self._now()))
        self._sessions.put_intent(account, intent)
        record.session = {**record.session, "payment_intent": intent["id"]}
        self._state.put_session(account, record)
        self._events.emit(account, "payment_intent.created", intent)
        return intent

    def _complete(self, account: Account, record: SessionRecord, shopper: Shopper, payment_status: str) -> None:
        session = record.session
        details = customer_details(known_email(session) or shopper.email, shopper)
        customer_id = session["customer"]
        always = session["customer_creation"] == "always" or session["mode"] == "subscription"
        if always and customer_id is None:
            customer = customer_from_details(details, int(self._now()))
            customer_id = customer["id"]
            self._state.put(account, "customers", customer["id"], customer)
            self._events.emit(account, "customer.created", customer)
        for table, id in record.redeemed:
            redeemed = account.tables[table][id]
            self._state.put(account, table, id, {**redeemed, "times_redeemed": redeemed["times_redeemed"] + 1})
        record.session = {
            **session,
            "client_secret": None,
            "customer": customer_id,
            "customer_details": details,
            "payment_status": payment_status,
            "status": "complete",
            "url": None,
        }
        self._state.put_session(account, record)
        self._events.emit(account, "checkout.session.completed", record.session)
        task = self._webhooks.flush()
        if task is not None:
            id = session["id"]
            self._deliveries[id] = task
            task.add_done_callback(lambda _: self._deliveries.pop(id, None))


def _require_not_expired(record: SessionRecord) -> None:
    if record.session["status"] == "expired":
        raise invalid("This Checkout Session has expired.", code="checkout_session_expired")


def _require_payable(record: SessionRecord, method: PaymentMethod | None) -> PaymentMethod:
    if method is None:
        raise invalid("A payment method is required.", "payment_method")
    if method.type not in record.session["payment_method_types"]:
        raise invalid(f"This Checkout Session cannot be paid by {method.type}.", "payment_method")
    return method
