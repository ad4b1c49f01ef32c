"""Payment intents and charges: https://docs.stripe.com/api/payment_intents/object."""

from typing import Any, NamedTuple

from ..cards import Decline, Method, card_error, details
from ..errors import JSON, invalid
from ..state import random_id

INTENT_NULL = [
    "allowed_payment_method_types",
    "amount_details",
    "application",
    "application_fee_amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "customer",
    "customer_account",
    "description",
    "excluded_payment_method_types",
    "hooks",
    "last_payment_error",
    "latest_charge",
    "managed_payments",
    "next_action",
    "on_behalf_of",
    "payment_details",
    "payment_method",
    "payment_method_configuration_details",
    "payment_record",
    "presentment_details",
    "processing",
    "receipt_email",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
]
CHARGE_NULL = [
    "application",
    "application_fee",
    "application_fee_amount",
    "authorization_code",
    "balance_transaction",
    "calculated_statement_descriptor",
    "customer",
    "description",
    "failure_balance_transaction",
    "failure_code",
    "failure_message",
    "fraud_details",
    "level3",
    "on_behalf_of",
    "outcome",
    "payment_method_details",
    "presentment_details",
    "radar_options",
    "receipt_email",
    "receipt_number",
    "receipt_url",
    "refunds",
    "review",
    "shipping",
    "source",
    "source_transfer",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer",
    "transfer_data",
    "transfer_group",
]


class Shopper(NamedTuple):
    """Who pays, as far as they said so."""

    email: str | None
    name: str | None = None
    phone: str | None = None
    address: JSON | None = None


def intent(record: JSON, now: int) -> JSON:
    """The payment intent that a session begins when the shopper first tries to pay."""
    session = record["session"]
    id = random_id("pi_3", 24)
    return {
        **{"id": id, "object": "payment_intent"},
        **dict.fromkeys(INTENT_NULL),
        **{"amount": session["amount_total"], "amount_capturable": 0, "amount_received": 0},
        "amount_details": {**dict.fromkeys(("discount_amount", "error", "line_items", "shipping", "tax")), "tip": {}},
        "customer": session["customer"],
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        **{"capture_method": "automatic_async", "client_secret": f"{id}_secret_{random_id('', 25)}"},
        **{"confirmation_method": "automatic", "created": now, "currency": session["currency"], "livemode": False},
        **{"metadata": record["payment_metadata"], "payment_method_options": {}},
        **{"payment_method_types": session["payment_method_types"], "status": "requires_payment_method"},
        **record["payment_data"],
    }


def charge(intent: JSON, method: Method, shopper: Shopper, now: int, public_url: str) -> JSON:
    """One attempt to take the money: `succeeded`, `failed` or, for debits, `pending`."""
    id = random_id("ch_3", 24)
    decline = method.decline
    status = "failed" if decline else "pending" if method.is_debit else "succeeded"
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    billing = {"address": shopper.address or address, "email": shopper.email, "name": shopper.name}
    made: dict[str, Any] = {
        **{"id": id, "object": "charge"},
        **dict.fromkeys(CHARGE_NULL),
        **{"amount": intent["amount"], "amount_captured": intent["amount"] if status == "succeeded" else 0},
        **{"amount_refunded": 0, "captured": not decline, "created": now, "currency": intent["currency"]},
        "billing_details": {**billing, "phone": shopper.phone, "tax_id": None},
        **{"disputed": False, "fraud_details": {}, "livemode": False, "metadata": intent["metadata"]},
        **{"outcome": _outcome(decline), "paid": status == "succeeded", "payment_intent": intent["id"]},
        **{"payment_method": random_id("pm_1", 23), "payment_method_details": details(method), "refunded": False},
        **{"radar_options": {}, "receipt_email": intent["receipt_email"], "status": status},
        **{
            "customer": intent["customer"],
            "description": intent["description"],
            "receipt_url": f"{public_url}/_simulator/receipts/{id}",
        },
    }
    if status == "succeeded":
        made["balance_transaction"] = random_id("txn_3", 24)
    if decline:
        made |= {"failure_code": decline.code, "failure_message": decline.message, "receipt_url": None}
    return made


def _outcome(decline: Decline | None) -> JSON:
    reason = (decline.decline_code or decline.code) if decline else None
    return {
        **dict.fromkeys(("advice_code", "network_advice_code", "network_decline_code", "rule")),
        **{"network_status": "declined_by_network" if decline else "approved_by_network", "reason": reason},
        **{"risk_level": "normal", "risk_score": 20, "type": "issuer_declined" if decline else "authorized"},
        "seller_message": "The bank did not return any further details with this decline."
        if decline
        else "Payment complete.",
    }


def payment_error(method_type: str, decline: Decline, charge_id: str | None) -> JSON:
    """`last_payment_error` of an intent: every field present."""
    return {
        **dict.fromkeys(("advice_code", "network_advice_code", "network_decline_code", "param", "payment_intent")),
        **dict.fromkeys(("payment_method", "request_log_url", "setup_intent", "source")),
        **{"charge": charge_id, "code": decline.code, "decline_code": decline.decline_code, "type": "card_error"},
        "doc_url": f"https://docs.stripe.com/error-codes/{decline.code.replace('_', '-')}",
        **{"message": decline.message, "payment_method_type": method_type},
    }


def declined(intent: JSON, charge: JSON, method: Method) -> JSON:
    """The intent after a decline: it waits for another payment method."""
    assert method.decline is not None
    error = payment_error(method.type, method.decline, charge["id"])
    changes = {"status": "requires_payment_method", "last_payment_error": error, "latest_charge": charge["id"]}
    return {**intent, **changes, "payment_method": None, "next_action": None}


def challenged(intent: JSON) -> JSON:
    """The intent while the shopper's bank asks who is there."""
    return {**intent, "status": "requires_action", "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}}}


def taken(intent: JSON, charge: JSON) -> JSON:
    """The intent after its charge succeeded, or began to settle."""
    paid = charge["status"] == "succeeded"
    changes = {"status": "succeeded" if paid else "processing", "amount_received": intent["amount"] if paid else 0}
    changes |= {"latest_charge": charge["id"], "payment_method": charge["payment_method"], "next_action": None}
    return {**intent, **changes, "last_payment_error": None}


def repriced(intent: JSON, amount: int) -> JSON:
    """The intent of a session whose total changed: an attempt that was under way is abandoned."""
    return {**intent, "amount": amount, "status": "requires_payment_method", "next_action": None}


def canceled(intent: JSON, now: int) -> JSON:
    """The intent of a session that expired before it was paid."""
    changes = {"status": "canceled", "canceled_at": now, "cancellation_reason": "expired", "next_action": None}
    return {**intent, **changes}


def settled(charge: JSON) -> JSON:
    """A pending charge whose money arrived."""
    changes = {"status": "succeeded", "paid": True, "amount_captured": charge["amount"]}
    return {**charge, **changes, "balance_transaction": random_id("txn_3", 24)}


RETURNED = Decline("payment_method_customer_decline", "The customer's bank returned the debit.")


def returned(charge: JSON) -> JSON:
    """A pending charge whose bank said no."""
    failure = {"failure_code": RETURNED.code, "failure_message": RETURNED.message}
    return {**charge, **failure, "status": "failed", "paid": False, "outcome": _outcome(RETURNED)}


def decline_error(method: Method, charge_id: str, intent: JSON) -> Exception:
    """The 402 for a declined card."""
    assert method.decline is not None
    decline = method.decline
    return card_error(decline.code, decline.message, decline.decline_code, charge=charge_id, payment_intent=intent)


def cancel(intent: JSON) -> None:
    """Raise why an intent cannot be canceled: Checkout made it, so its session is what can be ended.

    https://docs.stripe.com/api/payment_intents/cancel
    """
    if intent["status"] in ("succeeded", "canceled"):
        raise invalid(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            "with one of the following statuses may be canceled: requires_payment_method, requires_capture, "
            "requires_confirmation, requires_action, processing.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    raise invalid(
        "You cannot cancel this PaymentIntent because it was created by a Checkout Session. "
        "Expire the Checkout Session instead.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )
