"""Refunds: https://docs.stripe.com/api/refunds/object."""

from ..errors import JSON, invalid
from ..forms import Params
from ..state import Account, random_id

FAILURES = (
    *("lost_or_stolen_card", "expired_or_canceled_card", "charge_for_pending_refund_disputed"),
    *("insufficient_funds", "declined", "merchant_request", "unknown"),
)
REFUND_NULL = [
    "balance_transaction",
    "customer",
    "customer_account",
    "description",
    "destination_details",
    "failure_balance_transaction",
    "failure_reason",
    "instructions_email",
    "next_action",
    "payment_method",
    "pending_reason",
    "presentment_details",
    "receipt_number",
    "source_transfer_reversal",
    "transfer_reversal",
]


def refund(account: Account, params: Params, now: int) -> tuple[JSON, JSON]:
    """A refund and its charge afterwards, from the parameters of `POST /v1/refunds`."""
    intent_id, charge_id = params.text("payment_intent"), params.text("charge")
    amount = params.integer("amount", 1)
    reason = params.choice("reason", ("duplicate", "fraudulent", "requested_by_customer"))
    metadata = params.metadata()
    params.finish(
        ("refund_application_fee", "reverse_transfer", "instructions_email", "origin", "customer", "currency")
    )
    if intent_id is not None:
        owner = account.get("payment_intents", intent_id, "payment_intent", "payment_intent")
        charge_id = charge_id or owner["latest_charge"]
        if charge_id is None or owner["status"] != "succeeded":
            raise invalid(
                f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.",
                "payment_intent",
                "payment_intent_unexpected_state",
            )
    if charge_id is None:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    paid = account.get("charges", charge_id, "charge", "charge")
    left = paid["amount"] - paid["amount_refunded"]
    if not paid["paid"]:
        raise invalid(f"Charge {charge_id} has not succeeded and can't be refunded.", "charge", "charge_not_refundable")
    if left == 0:
        raise invalid(f"Charge {charge_id} has already been refunded.", code="charge_already_refunded")
    amount = left if amount is None else amount
    if amount > left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
            "amount",
            "amount_too_large",
        )
    made: JSON = {
        **{"id": random_id("re_3", 24), "object": "refund"},
        **dict.fromkeys(REFUND_NULL),
        **{"amount": amount, "balance_transaction": random_id("txn_3", 24), "charge": charge_id, "created": now},
        **{"currency": paid["currency"], "metadata": metadata, "payment_intent": paid["payment_intent"]},
        **{"reason": reason, "status": "succeeded"},
        "destination_details": {
            "type": "card",
            "card": {
                **dict.fromkeys(("reference", "reference_status", "reference_type")),
                **{"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            },
        },
    }
    refunded = paid["amount_refunded"] + amount
    made["customer"] = paid["customer"]
    return made, {**paid, "amount_refunded": refunded, "refunded": refunded == paid["amount"]}


def failed(account: Account, session: JSON, reason: str) -> tuple[JSON, JSON]:
    """The newest refund of a session after its bank sent the money back, and its charge.

    https://docs.stripe.com/refunds#failed-refunds
    """
    if reason not in FAILURES:
        raise invalid(f"Invalid reason: must be one of {', '.join(FAILURES)}", "reason")
    refunds = account.tables["refunds"].values()
    made = [
        one for one in refunds if one["payment_intent"] == session["payment_intent"] and one["status"] == "succeeded"
    ]
    if not made:
        raise invalid("This Checkout Session has no refund that could fail.")
    returned = {"status": "failed", "failure_reason": reason, "failure_balance_transaction": random_id("txn_3", 24)}
    charge = account.tables["charges"][made[-1]["charge"]]
    left = {"amount_refunded": charge["amount_refunded"] - made[-1]["amount"], "refunded": False}
    return {**made[-1], **returned}, {**charge, **left}
