"""/v1/charges: https://docs.stripe.com/api/charges."""

from .. import payment_methods
from ..events import changed_fields
from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.request import ApiRequest, ApiRoute
from ..http.shapes import SHIPPING, Choice, Fields, Text, filled, take_given
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
    held = decline is None and intent["capture_method"] == "manual"
    prefix = "SIMULATED" if intent["statement_descriptor_suffix"] is None else "SIM* "
    descriptor = f"{prefix}{intent['statement_descriptor_suffix'] or ''}"
    return {
        "id": id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if succeeded and not held else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": {
            "address": shopper.address or NO_ADDRESS,
            "email": shopper.email,
            "name": shopper.name,
            "phone": shopper.phone,
            "tax_id": None,
        },
        "calculated_statement_descriptor": intent["statement_descriptor"] or descriptor,
        "captured": decline is None and not held,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(decline, method.facts.get("risk", "normal")),
        "paid": succeeded,
        "payment_intent": intent["id"],
        "payment_method": method.id,
        "payment_method_details": payment_methods.charge_details(method),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None if decline else f"{receipt_base}/{id}",
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if decline else "succeeded" if succeeded else "pending",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }


RISK_SCORES = {"normal": 20, "elevated": 65, "highest": 95}


def _outcome(decline: Decline | None, risk: str = "normal") -> JSON:
    if risk == "highest":
        status, type, message = "not_sent_to_network", "blocked", "Stripe blocked this payment as too risky."
    elif decline is None:
        status, type, message = "approved_by_network", "authorized", "Payment complete."
    else:
        status, type = "declined_by_network", "issuer_declined"
        message = "The bank did not return any further details with this decline."
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": status,
        "reason": _reason(decline, risk),
        "risk_level": risk,
        "risk_score": RISK_SCORES[risk],
        "seller_message": message,
        "type": type,
    }


def _reason(decline: Decline | None, risk: str) -> str | None:
    if risk == "highest":
        return "highest_risk_level"
    if decline is None:
        return "elevated_risk_level" if risk == "elevated" else None
    return decline.decline_code or decline.code


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


def capture_charge(charge: Charge, amount: int) -> Charge:
    """Return an authorized charge after `amount` of it, in minor units, was captured; the rest is given back."""
    return {**charge, "amount_captured": amount, "amount_refunded": charge["amount"] - amount, "captured": True}


def release_charge(charge: Charge) -> Charge:
    """Return an authorized charge that is given back as a whole."""
    return {**charge, "amount_refunded": charge["amount"], "refunded": True}


CHANGES = Fields(
    {
        "description": Text(),
        "fraud_details": Fields({"user_report": Choice(("fraudulent", "safe"), unset=True)}),
        "receipt_email": Text(800),
        "shipping": SHIPPING,
        "transfer_group": Text(),
    }
)


async def update(request: ApiRequest) -> JSON:
    """Change texts and metadata of a charge: POST /v1/charges/{id}."""
    before = request.account.get("charges", request.path["id"], "charge")
    metadata = request.params.metadata(before=before["metadata"])
    given = take_given(request.params, CHANGES.table)
    request.params.finish(("customer",))
    if "shipping" in given:
        given["shipping"] = filled(given["shipping"], ("address", "carrier", "name", "phone", "tracking_number"))
    charge = {**before, **given, "metadata": metadata}
    request.state.put(request.account, "charges", charge["id"], charge)
    request.events.emit(request.account, "charge.updated", charge, changed_fields(before, charge))
    return charge


list_charges = listing("charges", text("customer"), text("payment_intent"), text("transfer_group"))

ROUTES: list[ApiRoute] = [
    ("GET", "/v1/charges/{id}", retrieve("charges", "charge")),
    ("POST", "/v1/charges/{id}", update),
    ("GET", "/v1/charges", list_charges),
]
