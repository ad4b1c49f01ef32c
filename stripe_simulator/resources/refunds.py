"""/v1/refunds: https://docs.stripe.com/api/refunds."""

from dataclasses import dataclass

from ..currencies import require_whole
from ..errors import invalid
from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..records import SessionRecord
from ..state import Account
from ..wire import JSON, Charge

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
FAILURE_REASONS = (
    "lost_or_stolen_card",
    "expired_or_canceled_card",
    "charge_for_pending_refund_disputed",
    "insufficient_funds",
    "declined",
    "merchant_request",
    "unknown",
)
UNSUPPORTED = (
    "refund_application_fee",
    "reverse_transfer",
    "instructions_email",
    "origin",
    "customer",
    "currency",
)


@dataclass(frozen=True, slots=True)
class RefundParams:
    """The parameters of `POST /v1/refunds`; `amount` is in minor units, None stands for all that is left."""

    payment_intent: str | None
    charge: str | None
    amount: int | None
    reason: str | None
    metadata: dict[str, str]

    @classmethod
    def parse(cls, params: Params) -> "RefundParams":
        """Read a form. Raises a 400 for a parameter that is wrong, unknown or not simulated."""
        made = cls(
            payment_intent=params.text("payment_intent"),
            charge=params.text("charge"),
            amount=params.integer("amount", 1),
            reason=params.choice("reason", REASONS),
            metadata=params.metadata(),
        )
        params.finish(UNSUPPORTED)
        return made


def refund_charge(account: Account, given: RefundParams, now: int) -> tuple[JSON, Charge]:
    """Return a refund, and its charge afterwards.

    Args:
        account: whose charge it is.
        given: what was asked for.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: there is no such charge, it did not succeed, or less is left of it than `amount`.
    """
    charge = _find_charge(account, given)
    refundable = charge["amount"] - charge["amount_refunded"]
    if not charge["paid"]:
        message = f"Charge {charge['id']} has not succeeded and can't be refunded."
        raise invalid(message, "charge", "charge_not_refundable")
    if refundable == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = refundable if given.amount is None else given.amount
    if amount > refundable:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({refundable}).",
            "amount",
            "amount_too_large",
        )
    require_whole(amount, charge["currency"], "amount")
    refunded = charge["amount_refunded"] + amount
    after: Charge = {**charge, "amount_refunded": refunded, "refunded": refunded == charge["amount"]}
    return _build_refund(charge, amount, given, now), after


def _find_charge(account: Account, given: RefundParams) -> Charge:
    charge_id = given.charge
    if given.payment_intent is not None:
        intent = account.get("payment_intents", given.payment_intent, "payment_intent", "payment_intent")
        charge_id = charge_id or intent["latest_charge"]
        if charge_id is None or intent["status"] != "succeeded":
            raise invalid(
                f"This PaymentIntent ({given.payment_intent}) does not have a successful charge to refund.",
                "payment_intent",
                "payment_intent_unexpected_state",
            )
    if charge_id is None:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    account.get("charges", charge_id, "charge", "charge")
    return account.charges[charge_id]


def _build_refund(charge: Charge, amount: int, given: RefundParams, now: int) -> JSON:
    return {
        "id": random_id("re_3", 24),
        "object": "refund",
        "amount": amount,
        "balance_transaction": random_id("txn_3", 24),
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "description": None,
        "destination_details": {
            "type": "card",
            "card": {
                "reference": None,
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
        },
        "failure_balance_transaction": None,
        "failure_reason": None,
        "instructions_email": None,
        "metadata": given.metadata,
        "next_action": None,
        "payment_intent": charge["payment_intent"],
        "payment_method": None,
        "pending_reason": None,
        "presentment_details": None,
        "reason": given.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def fail_newest_refund(account: Account, record: SessionRecord, reason: str) -> tuple[JSON, Charge]:
    """Return the newest refund of a session after the shopper's bank sent it back, and its charge.

    https://docs.stripe.com/refunds#failed-refunds

    Args:
        account: whose refund it is.
        record: the session.
        reason: one of `FAILURE_REASONS`.

    Raises:
        StripeError: the reason is unknown, or the session has no refund that could fail.
    """
    if reason not in FAILURE_REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(FAILURE_REASONS)}", "reason")
    intent_id = record.session["payment_intent"]
    refunds = [
        refund
        for refund in account.tables["refunds"].values()
        if refund["payment_intent"] == intent_id and refund["status"] == "succeeded"
    ]
    if not refunds:
        raise invalid("This Checkout Session has no refund that could fail.")
    newest = refunds[-1]
    charge = account.charges[newest["charge"]]
    failed = {
        **newest,
        "failure_balance_transaction": random_id("txn_3", 24),
        "failure_reason": reason,
        "status": "failed",
    }
    after: Charge = {
        **charge,
        "amount_refunded": charge["amount_refunded"] - newest["amount"],
        "refunded": False,
    }
    return failed, after


async def create(request: ApiRequest) -> JSON:
    """Refund a charge or a part of it: POST /v1/refunds."""
    refund, charge = refund_charge(request.account, RefundParams.parse(request.params), request.now)
    before = request.account.charges[charge["id"]]
    state, events = request.state, request.events
    state.put(request.account, "refunds", refund["id"], refund)
    state.put(request.account, "charges", charge["id"], charge)
    changed = {"amount_refunded": before["amount_refunded"], "refunded": before["refunded"]}
    events.emit(request.account, "charge.refunded", charge, changed)
    events.emit(request.account, "refund.created", refund)
    return refund


ROUTES: list[ApiRoute] = [
    ("POST", "/v1/refunds", create),
    ("GET", "/v1/refunds", listing("refunds", text("charge"), text("payment_intent"))),
    ("GET", "/v1/refunds/{id}", retrieve("refunds", "refund")),
]
