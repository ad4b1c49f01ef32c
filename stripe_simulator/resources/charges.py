"""/v1/charges: https://docs.stripe.com/api/charges."""

from .. import payment_methods
from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.request import ApiRoute
from ..ids import random_id
from ..records import Decline, PaymentMethod, Shopper
from ..wire import JSON, Charge, PaymentIntent

RETURNED = Decline("payment_method_customer_decline", "The customer's bank returned the debit.")
NO_ADDRESS = {
    "city": None,
    "country": None,
    "line1": None,
    "line2": None,
    "postal_code": None,
    "state": None,
}


def build_charge(intent: PaymentIntent, method: PaymentMethod, shopper: Shopper, now: int, receipt_base: str) -> Charge:
    """Return one attempt to take the money: `succeeded`, `failed` or, when the money comes later, `pending`.

    Args:
        intent: what is paid.
        method: what the shopper pays with.
        shopper: who pays.
        now: the simulated time, in seconds since the epoch.
        receipt_base: the address of receipts, without the charge's id.
    """
    id = random_id("ch_3", 24)
    decline = method.decline
    succeeded = decline is None and not payment_methods.is_delayed(method.type)
    return {
        "id": id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if succeeded else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "authorization_code": None,
        "balance_transaction": None,
        "billing_details": {
            "address": shopper.address or NO_ADDRESS,
            "email": shopper.email,
            "name": shopper.name,
            "phone": shopper.phone,
            "tax_id": None,
        },
        "calculated_statement_descriptor": None,
        "captured": decline is None,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "level3": None,
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(decline),
        "paid": succeeded,
        "payment_intent": intent["id"],
        "payment_method": random_id("pm_1", 23),
        "payment_method_details": payment_methods.charge_details(method),
        "presentment_details": None,
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None if decline else f"{receipt_base}/{id}",
        "refunded": False,
        "refunds": None,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "failed" if decline else "succeeded" if succeeded else "pending",
        "transfer": None,
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(decline: Decline | None) -> JSON:
    if decline is None:
        status, type, message = "approved_by_network", "authorized", "Payment complete."
    else:
        status, type = "declined_by_network", "issuer_declined"
        message = "The bank did not return any further details with this decline."
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": status,
        "reason": (decline.decline_code or decline.code) if decline else None,
        "risk_level": "normal",
        "risk_score": 20,
        "rule": None,
        "seller_message": message,
        "type": type,
    }


def method_type(charge: Charge) -> str:
    """Return the type of the payment method that a charge was paid with."""
    return str(charge["payment_method_details"]["type"])


def settle_charge(charge: Charge) -> Charge:
    """Return a pending charge after its money arrived."""
    return {
        **charge,
        "amount_captured": charge["amount"],
        "paid": True,
        "status": "succeeded",
    }


def return_charge(charge: Charge) -> Charge:
    """Return a pending charge after the shopper's bank refused to pay it."""
    return {
        **charge,
        "failure_code": RETURNED.code,
        "failure_message": RETURNED.message,
        "outcome": _outcome(RETURNED),
        "paid": False,
        "status": "failed",
    }


list_charges = listing("charges", text("customer"), text("payment_intent"), unsupported=("transfer_group",))

ROUTES: list[ApiRoute] = [
    ("GET", "/v1/charges/{id}", retrieve("charges", "charge")),
    ("GET", "/v1/charges", list_charges),
]
