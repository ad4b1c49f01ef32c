"""The service that takes payments: what happens to a session when it is paid, declined or challenged."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from . import payment_methods
from .errors import card_error, invalid
from .events import EventLog
from .ids import random_id
from .records import Challenge, Decline, PaymentMethod, SessionRecord, Shopper
from .resources.charging import Charging
from .resources.checkout_sessions.answers import require_answers, with_place
from .resources.checkout_sessions.completion import Completion
from .resources.checkout_sessions.method_rules import (
    capture_method_of,
    challenge_asked,
    option_of,
    saves,
    why_blocked,
)
from .resources.checkout_sessions.service import SessionService
from .resources.payment_intents import build_payment_intent, decline_intent
from .resources.payment_methods import why_not_saved
from .resources.setup_intents import complete_setup_intent
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
        self._charging = Charging(state, events, now, public_url)
        self._completion = Completion(state, events, now, public_url)
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
            require_answers(record, shopper)
            self._price_for(account, record, shopper)
            session = record.session
            if session["mode"] == "setup":
                self._save(account, record, method, shopper)
            elif not session["amount_total"]:
                self._sessions.cancel_intent(account, record)
                self._completion.complete(account, record, shopper, session["payment_status"])
            elif session["mode"] == "subscription":
                self._subscribe(account, record, _require_payable(record, method), shopper)
            else:
                paying = Challenge(_require_payable(record, method), shopper, return_url)
                if not self._pay(account, record, paying, authenticated=authenticated):
                    return False
            self._deliver(record)
        await self.wait_for_delivery(session["id"])
        return True

    def _price_for(self, account: Account, record: SessionRecord, shopper: Shopper) -> None:
        """Compute automatic tax for where the shopper says to be."""
        if not record.session["automatic_tax"]["enabled"]:
            return
        typed = {"address": shopper.address, "shipping": shopper.shipping}
        record.typed = {**record.typed, **{name: one for name, one in typed.items() if one}}
        self._sessions.pricing.reprice(account, record)

    def _pay(
        self,
        account: Account,
        record: SessionRecord,
        paying: Challenge,
        *,
        authenticated: bool,
    ) -> bool:
        shopper = with_place(paying.shopper, paying.method.type)
        method = self._with_object(account, record, paying.method, shopper)
        intent = self._begin_intent(account, record, shopper, method)
        asks = challenge_asked(record, method)
        if (method.challenged or asks in ("any", "challenge")) and not authenticated:
            self._challenge(account, record, intent, replace(paying, method=method))
            return False
        refused = why_blocked(record, method)
        if refused is not None:
            method = replace(method, decline=refused)
        if method.decline is not None:
            record.last_error = {"message": method.decline.message}
            self._state.put_session(account, record)
            error = self._charging.decline(account, intent, method, shopper)
            self._webhooks.flush()
            raise error
        self._take(account, record, intent, method, shopper)
        return True

    def _with_object(
        self, account: Account, record: SessionRecord, method: PaymentMethod, shopper: Shopper
    ) -> PaymentMethod:
        """Return a payment method that can be retrieved; it is saved for the customer where the session says so."""
        saved, customer = saves(record, method, shopper), record.session["customer"]
        given = record.options.get("payment_method_data", {}).get("allow_redisplay")
        redisplay = given or ("always" if shopper.saves else "limited" if saved else "unspecified")
        keeper = customer if saved and method.decline is None else None
        return self._charging.with_object(account, method, shopper, customer=keeper, redisplay=redisplay)

    def _save(self, account: Account, record: SessionRecord, method: PaymentMethod | None, shopper: Shopper) -> None:
        """Save a payment method without charging it."""
        made: PaymentMethod | None = None
        if method is not None:
            refused = why_not_saved(method)
            if refused is not None:
                record.last_error = {"message": str(refused)}
                raise refused
            shopper = with_place(shopper, method.type)
            customer = record.session["customer"]
            made = self._charging.with_object(account, method, shopper, customer=customer, redisplay="limited")
        setup = account.tables["setup_intents"].get(record.session["setup_intent"] or "")
        self._completion.complete(account, record, shopper, "no_payment_required", method=made)
        if setup is not None:
            after = complete_setup_intent(setup, made, record.session["customer"])
            self._state.put(account, "setup_intents", after["id"], after)
            self._events.emit(account, "setup_intent.succeeded", after)

    def _subscribe(self, account: Account, record: SessionRecord, method: PaymentMethod, shopper: Shopper) -> None:
        """Pay the first invoice of a subscription; its payment is not the session's own."""
        shopper = with_place(shopper, method.type)
        method = self._charging.with_object(account, method, shopper, redisplay="limited")
        intent = build_payment_intent(record, int(self._now()))
        if method.decline is not None:
            record.last_error = {"message": method.decline.message}
            self._state.put_session(account, record)
            raise self._charging.decline(account, intent, method, shopper)
        _, charge = self._charging.take(account, intent, method, shopper)
        record.session = {
            **record.session,
            "invoice": random_id("in_1", 23),
            "subscription": random_id("sub_1", 23),
        }
        self._completion.complete(account, record, shopper, "paid")
        self._charging.settle(account, charge)

    def _challenge(self, account: Account, record: SessionRecord, intent: PaymentIntent, challenge: Challenge) -> None:
        record.challenge = challenge
        self._state.put_session(account, record)
        redirect: JSON | None = None
        if payment_methods.redirects(challenge.method.type):
            redirect = {"url": self.bank_page(record), "return_url": challenge.return_url}
        self._charging.challenge(account, intent, challenge.method, redirect)
        self._webhooks.flush()

    def _take(
        self, account: Account, record: SessionRecord, intent: PaymentIntent, method: PaymentMethod, shopper: Shopper
    ) -> None:
        """Take the money, hold it or begin to wait for it, and complete the session."""
        intent, charge = self._charging.take(account, intent, method, shopper)
        record.last_error = None
        if payment_methods.is_delayed(method.type):
            record.debit_due = self._now() + self.debit_delay
            record.debit_succeeds = method.succeeds
            self._state.schedule(record.debit_due, "debit", record.session["id"])
        status = "paid" if intent["status"] == "succeeded" else "unpaid"
        self._completion.complete(account, record, shopper, status, method=method)
        self._charging.settle(account, charge, method)

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
        intent = self._begin_intent(account, record, challenge.shopper, challenge.method)
        intent = decline_intent(
            intent, account.payment_method(challenge.method.id, challenge.method.type), AUTHENTICATION_FAILED, None
        )
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
        intent = self._begin_intent(account, record, challenge.shopper, challenge.method)
        intent = decline_intent(
            intent, account.payment_method(challenge.method.id, challenge.method.type), decline, None
        )
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

    def _begin_intent(
        self, account: Account, record: SessionRecord, shopper: Shopper, method: PaymentMethod
    ) -> PaymentIntent:
        """Return the payment intent of a session with what the shopper says now; a new one at the first try to pay."""
        intent = account.payment_intent_of(record)
        is_new = intent is None
        if intent is None:
            intent = build_payment_intent(record, int(self._now()))
        capture = capture_method_of(record, method)
        usage = record.payment_data.get("setup_future_usage") or option_of(record, method, "setup_future_usage")
        shipping = intent["shipping"]
        if record.session["shipping_address_collection"] is not None and shopper.shipping is not None:
            shipping = {**shopper.shipping, "carrier": None, "phone": shopper.phone, "tracking_number": None}
        intent = {
            **intent,
            "capture_method": capture or intent["capture_method"],
            "setup_future_usage": None if usage in (None, "none") else usage,
            "shipping": shipping,
        }
        self._sessions.put_intent(account, intent)
        if is_new:
            record.session = {**record.session, "payment_intent": intent["id"]}
            self._state.put_session(account, record)
            self._events.emit(account, "payment_intent.created", intent)
        return intent

    def _deliver(self, record: SessionRecord) -> None:
        """Send all that a payment caused, in order; `wait_for_delivery` waits for it."""
        task = self._webhooks.flush()
        if task is not None:
            id = record.session["id"]
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
