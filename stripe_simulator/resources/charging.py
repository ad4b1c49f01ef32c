"""The service that charges a payment intent: what happens to it, its charge and its payment method, whoever pays it."""

from collections.abc import Callable

from .. import payment_methods
from ..errors import StripeError
from ..events import EventLog, changed_fields
from ..records import PaymentMethod, Shopper
from ..state import Account, State
from ..wire import JSON, Charge, PaymentIntent
from .balance_transactions import book, charge_transaction
from .charges import build_charge, capture_charge, release_charge
from .dispute_service import DisputeService
from .disputes import build_dispute
from .payment_intents import (
    cancel_intent,
    challenge_intent,
    charge_intent,
    decline_error,
    decline_intent,
    put_intent,
)
from .payment_methods import billing_details, store_method


class Charging:
    """Charges payment intents.

    Args:
        state: where everything is stored.
        events: what tells of each step.
        now: the simulated time, in seconds since the epoch.
        public_url: the address under which a browser reaches the simulator.
    """

    def __init__(self, state: State, events: EventLog, now: Callable[[], float], public_url: str) -> None:
        self._state = state
        self._events = events
        self._now = now
        self._receipt_base = f"{public_url}/_simulator/receipts"

    def with_object(
        self,
        account: Account,
        method: PaymentMethod,
        shopper: Shopper,
        *,
        customer: str | None = None,
        redisplay: str = "unspecified",
    ) -> PaymentMethod:
        """Return a payment method whose object can be retrieved; a new object is made when it has none.

        Args:
            account: whose shopper pays.
            method: what the shopper pays with.
            shopper: who pays.
            customer: the id of the customer that it is saved for, if any.
            redisplay: whether it may be shown to the customer again.
        """
        billing, now = billing_details(shopper), int(self._now())
        return store_method(self._state, account, method, billing, now, customer=customer, redisplay=redisplay)

    def challenge(
        self, account: Account, intent: PaymentIntent, method: PaymentMethod, redirect: JSON | None
    ) -> PaymentIntent:
        """Let the shopper's bank ask who pays, and return the intent.

        Args:
            account: whose intent it is.
            intent: the intent.
            method: what the shopper pays with.
            redirect: `url` of the bank's page and `return_url`; None where Stripe.js shows what the bank asks.
        """
        intent = challenge_intent(intent, redirect, method.id)
        put_intent(self._state, account, intent)
        self._events.emit(account, "payment_intent.requires_action", intent)
        return intent

    def decline(self, account: Account, intent: PaymentIntent, method: PaymentMethod, shopper: Shopper) -> StripeError:
        """Record a declined payment, and return its 402.

        Args:
            account: whose intent it is.
            intent: the intent.
            method: what is declined.
            shopper: who tried to pay.
        """
        assert method.decline is not None
        charge = build_charge(intent, method, shopper, int(self._now()), self._receipt_base)
        self._state.put(account, "charges", charge["id"], charge)
        intent = decline_intent(intent, account.payment_method(method.id, method.type), method.decline, charge)
        put_intent(self._state, account, intent)
        self._events.emit(account, "charge.failed", charge)
        self._events.emit(account, "payment_intent.payment_failed", intent)
        return decline_error(method, charge["id"], intent)

    def take(
        self, account: Account, intent: PaymentIntent, method: PaymentMethod, shopper: Shopper
    ) -> tuple[PaymentIntent, Charge]:
        """Take the money, hold it, or begin to wait for it; return the intent and its charge.

        Args:
            account: whose intent it is.
            intent: the intent.
            method: what the shopper pays with.
            shopper: who pays.
        """
        now = int(self._now())
        charge = build_charge(intent, method, shopper, now, self._receipt_base)
        if charge["captured"] and charge["paid"] and intent["capture_method"] == "automatic":
            charge["balance_transaction"] = book(self._state, account, charge_transaction(charge, now))
        self._state.put(account, "charges", charge["id"], charge)
        intent = charge_intent(intent, charge)
        put_intent(self._state, account, intent)
        if payment_methods.is_delayed(method.type):
            self._events.emit(account, "charge.pending", charge)
            self._events.emit(account, "payment_intent.processing", intent)
            return intent, charge
        self._events.emit(account, "charge.succeeded", charge)
        if intent["status"] == "requires_capture":
            self._events.emit(account, "payment_intent.amount_capturable_updated", intent)
        else:
            self._events.emit(account, "payment_intent.succeeded", intent)
        return intent, charge

    def settle(self, account: Account, charge: Charge, method: PaymentMethod | None = None) -> None:
        """Book the money of a charge that was captured asynchronously, and let cards for it be disputed.

        Args:
            account: whose charge it is.
            charge: the charge.
            method: what it was paid with; None where nothing is disputed.
        """
        now = int(self._now())
        if charge["captured"] and charge["paid"] and charge["balance_transaction"] is None:
            booked = book(self._state, account, charge_transaction(charge, now))
            after: Charge = {**charge, "balance_transaction": booked}
            self._state.put(account, "charges", charge["id"], after)
            self._events.emit(account, "charge.updated", after, changed_fields(charge, after))
            charge = after
        reason = None if method is None else method.facts.get("dispute")
        if reason is not None and charge["captured"]:
            inquiry = reason == "inquiry"
            dispute = build_dispute(charge, "fraudulent" if inquiry else reason, now, inquiry=inquiry)
            DisputeService(self._state, self._events, now).open(account, charge, dispute)

    def capture(self, account: Account, intent: PaymentIntent, amount: int) -> PaymentIntent:
        """Capture what was authorized, or a part of it, and return the intent.

        Args:
            account: whose intent it is.
            intent: an intent that requires capture.
            amount: how much, in minor units; the rest is given back.
        """
        assert intent["latest_charge"] is not None
        before = account.charges[intent["latest_charge"]]
        charge = capture_charge(before, amount)
        charge["balance_transaction"] = book(self._state, account, charge_transaction(charge, int(self._now())))
        self._state.put(account, "charges", charge["id"], charge)
        after: PaymentIntent = {**intent, "amount_capturable": 0, "amount_received": amount, "status": "succeeded"}
        put_intent(self._state, account, after)
        self._events.emit(account, "charge.captured", charge, changed_fields(before, charge))
        self._events.emit(account, "payment_intent.succeeded", after)
        return after

    def cancel(self, account: Account, intent: PaymentIntent, reason: str | None) -> PaymentIntent:
        """Cancel an intent, give back what was authorized, and return the intent.

        Args:
            account: whose intent it is.
            intent: an intent that did not succeed.
            reason: why, as `cancellation_reason` says it.
        """
        if intent["status"] == "requires_capture" and intent["latest_charge"] is not None:
            before = account.charges[intent["latest_charge"]]
            charge = release_charge(before)
            self._state.put(account, "charges", charge["id"], charge)
            self._events.emit(account, "charge.refunded", charge, changed_fields(before, charge))
        after = cancel_intent(intent, int(self._now()), reason)
        put_intent(self._state, account, after)
        self._events.emit(account, "payment_intent.canceled", after)
        return after
