"""Payment intents, as objects: https://docs.stripe.com/api/payment_intents."""

from ..errors import StripeError, card_error
from ..http.shapes import filled
from ..ids import random_id
from ..records import Decline, PaymentMethod, SessionRecord
from ..state import Account, State
from ..wire import JSON, Charge, PaymentIntent

SHIPPING = ("address", "carrier", "name", "phone", "tracking_number")
CARD_OPTIONS = ("installments", "mandate_options", "network", "request_three_d_secure")
"""What an intent always shows of cards."""
CANCELLATION_REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")


def build_payment_intent(record: SessionRecord, now: int) -> PaymentIntent:
    """Return the payment intent that a session gets when the shopper first tries to pay."""
    session, data = record.session, record.payment_data
    amount, currency = session["amount_total"], session["currency"]
    assert amount is not None  # only a session that saves a payment method has none, and it is never paid
    assert currency is not None
    given = {
        **data,
        "customer": session["customer"],
        "metadata": record.payment_metadata,
        "payment_method_options": session["payment_method_options"],
        "payment_method_types": session["payment_method_types"],
    }
    return new_intent(amount, currency, now, given)


def new_intent(amount: int, currency: str, now: int, given: JSON) -> PaymentIntent:
    """Return a payment intent that waits for a payment method.

    Args:
        amount: what is to be paid, in minor units.
        currency: its currency.
        now: the simulated time, in seconds since the epoch.
        given: fields of the intent that the caller decides; all others are as Stripe sets them at first.
    """
    id = random_id("pi_3", 24)
    intent: PaymentIntent = {
        "id": id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{id}_secret_{random_id('', 25)}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": [],
        "payment_record": None,
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    intent.update(given)  # type: ignore[typeddict-item]
    intent["shipping"] = filled(intent["shipping"], SHIPPING)
    options = intent["payment_method_options"]
    if "card" in options:
        intent["payment_method_options"] = {**options, "card": {**dict.fromkeys(CARD_OPTIONS), **options["card"]}}
    return intent


def put_intent(state: State, account: Account, intent: PaymentIntent) -> None:
    """Store a payment intent, new or changed."""
    state.put(account, "payment_intents", intent["id"], intent)


def payment_error(method: JSON, decline: Decline, charge_id: str | None) -> JSON:
    """Return `last_payment_error` of an intent: like every error, it has only what there is to say.

    Args:
        method: the payment method, as an object.
        decline: why the payment failed.
        charge_id: the failed charge, if there is one.
    """
    error = {
        "charge": charge_id,
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://docs.stripe.com/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": method,
        "payment_method_type": method["type"],
        "type": "card_error",
    }
    return {name: value for name, value in error.items() if value is not None}


def decline_intent(intent: PaymentIntent, method: JSON, decline: Decline, charge: Charge | None) -> PaymentIntent:
    """Return the intent after a payment that failed: it waits for another payment method.

    Args:
        intent: the intent before.
        method: the payment method, as an object.
        decline: why the payment failed.
        charge: the failed charge; None when the bank did not recognise the shopper.
    """
    return {
        **intent,
        "last_payment_error": payment_error(method, decline, charge and charge["id"]),
        "latest_charge": charge["id"] if charge else intent["latest_charge"],
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }


def return_intent(intent: PaymentIntent, method: JSON, decline: Decline, charge: Charge) -> PaymentIntent:
    """Return the intent of a bank debit that was returned; it keeps the payment method that it was paid with."""
    return {
        **intent,
        "last_payment_error": payment_error(method, decline, charge["id"]),
        "status": "requires_payment_method",
    }


def challenge_intent(intent: PaymentIntent, redirect: JSON | None, method_id: str | None) -> PaymentIntent:
    """Return the intent while the shopper's bank asks who pays.

    Args:
        intent: the intent before.
        redirect: `url` of the bank's page and `return_url`; None where Stripe.js shows what the bank asks.
        method_id: the id of the payment method.
    """
    action: JSON = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    return {
        **intent,
        "payment_method": method_id,
        "next_action": action if redirect is None else {"type": "redirect_to_url", "redirect_to_url": redirect},
        "status": "requires_action",
    }


def charge_intent(intent: PaymentIntent, charge: Charge) -> PaymentIntent:
    """Return the intent after its charge succeeded, was authorized, or began to wait for the money."""
    paid = charge["status"] == "succeeded"
    held = paid and not charge["captured"]
    return {
        **intent,
        "amount_capturable": intent["amount"] if held else 0,
        "amount_received": charge["amount_captured"] if paid else 0,
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "payment_method": charge["payment_method"],
        "status": ("requires_capture" if held else "succeeded") if paid else "processing",
    }


def reprice_intent(intent: PaymentIntent, amount: int) -> PaymentIntent:
    """Return the intent of a session whose total changed: an attempt that was in progress is abandoned."""
    return {
        **intent,
        "amount": amount,
        "next_action": None,
        "status": "requires_payment_method",
    }


def cancel_intent(intent: PaymentIntent, now: int, reason: str | None) -> PaymentIntent:
    """Return an intent that is canceled.

    Args:
        intent: the intent before.
        now: the simulated time, in seconds since the epoch.
        reason: why, as `cancellation_reason` says it.
    """
    return {
        **intent,
        "amount_capturable": 0,
        "canceled_at": now,
        "cancellation_reason": reason,
        "next_action": None,
        "status": "canceled",
    }


def decline_error(method: PaymentMethod, charge_id: str, intent: PaymentIntent) -> StripeError:
    """Return the 402 for a declined payment method."""
    assert method.decline is not None
    decline = method.decline
    return card_error(decline.code, decline.message, decline.decline_code, charge=charge_id, payment_intent=intent)
