"""/v1/refunds: https://docs.stripe.com/api/refunds."""

from dataclasses import dataclass

from ..currencies import require_amount
from ..errors import invalid
from ..events import EventLog, changed_fields
from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..records import SessionRecord
from ..state import LATER_SECONDS, Account, State
from ..wire import JSON, Charge
from .balance_transactions import book, build_transaction, refund_transaction
from .dispute_service import DisputeService, blocks_refunds

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
LATER = {"7726": "succeeded", "5126": "failed"}
"""How refunds of a card end some time later, by its last digits: https://docs.stripe.com/testing#refunds."""
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
        if made.payment_intent is None and made.charge is None:
            raise invalid(
                "One of the following params should be provided for this request: payment_intent or charge.",
                code="parameter_missing",
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
        StripeError: there is no such charge, it did not succeed, or less is left of it than `amount`, or its dispute
            forbids it.
    """
    charge = _find_charge(account, given)
    refundable = charge["amount"] - charge["amount_refunded"]
    if not charge["paid"]:
        message = f"Charge {charge['id']} has not succeeded and can't be refunded."
        raise invalid(message, "charge", "charge_not_refundable")
    if blocks_refunds(account, charge):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise invalid(message, code="charge_disputed")
    if refundable == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = refundable if given.amount is None else given.amount
    if amount > refundable:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({refundable}).",
            "amount",
            "amount_too_large",
        )
    require_amount(amount, charge["currency"], "amount")
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
    assert charge_id is not None
    account.get("charges", charge_id, "charge", "charge")
    return account.charges[charge_id]


def _build_refund(charge: Charge, amount: int, given: RefundParams, now: int) -> JSON:
    pending = planned_status(charge) == "succeeded"
    return {
        "id": random_id("re_3", 24),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": _destination(charge),
        "metadata": given.metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": None,
        **({"pending_reason": "processing"} if pending else {}),
        "reason": given.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if pending else "succeeded",
        "transfer_reversal": None,
    }


def without_pending_reason(refund: JSON) -> JSON:
    """Return a refund that waits for nothing any more."""
    return {name: value for name, value in refund.items() if name != "pending_reason"}


def _destination(charge: Charge) -> JSON:
    type = str(charge["payment_method_details"]["type"])
    if type != "card":
        return {"type": type, type: {}}
    card = {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    return {"type": "card", "card": card}


def _last4(charge: Charge) -> str:
    details = charge["payment_method_details"]
    return str(details[details["type"]].get("last4"))


def planned_status(charge: Charge) -> str | None:
    """Return how refunds of a charge end after `LATER_SECONDS`; None when they are over at once."""
    return LATER.get(_last4(charge)) if charge["payment_method_details"]["type"] == "card" else None


def newest_refund(account: Account, record: SessionRecord, statuses: tuple[str, ...]) -> JSON:
    """Return the newest refund of a session with one of these statuses. Raises a 400 when there is none."""
    intent_id = record.session["payment_intent"]
    for refund in reversed(account.tables["refunds"].values()):
        if intent_id is not None and refund["payment_intent"] == intent_id and refund["status"] in statuses:
            found: JSON = refund
            return found
    raise invalid(f"This Checkout Session has no refund that is {' or '.join(statuses)}.")


def end_refund(account: Account, refund: JSON, status: str, reason: str | None, now: int) -> tuple[JSON, Charge, JSON]:
    """Return a refund that failed or was canceled, its charge, and the money that comes back to the balance.

    https://docs.stripe.com/refunds#failed-refunds

    Args:
        account: whose refund it is.
        refund: the refund.
        status: `failed` or `canceled`.
        reason: one of `FAILURE_REASONS`, or None.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: the reason is unknown.
    """
    if reason is not None and reason not in FAILURE_REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(FAILURE_REASONS)}", "reason")
    charge = account.charges[refund["charge"]]
    returned = build_transaction(
        "refund_failure",
        refund["amount"],
        refund["currency"],
        refund["id"],
        now,
        description="REFUND FAILURE",
    )
    ended = {
        **without_pending_reason(refund),
        "failure_balance_transaction": returned["id"],
        **({} if reason is None else {"failure_reason": reason}),
        "status": status,
    }
    after: Charge = {
        **charge,
        "amount_refunded": charge["amount_refunded"] - refund["amount"],
        "refunded": False,
    }
    return ended, after, returned


def make_refund(state: State, events: EventLog, account: Account, given: RefundParams, now: int) -> JSON:
    """Refund a charge or a part of it, and return the refund.

    Args:
        state: where everything is stored.
        events: what tells of each step.
        account: whose charge it is.
        given: what was asked for.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: the charge cannot be refunded like this, or the balance is empty.
    """
    refund, charge = refund_charge(account, given, now)
    if state.balance_is_empty:
        message = "You have insufficient funds in your Stripe account to refund this charge."
        raise invalid(message, code="balance_insufficient")
    before = account.charges[charge["id"]]
    refund["balance_transaction"] = book(state, account, refund_transaction(charge, refund, now))
    state.put(account, "refunds", refund["id"], refund)
    state.put(account, "charges", charge["id"], charge)
    if planned_status(charge) is not None:
        state.schedule(now + LATER_SECONDS, "refund", refund["id"])
    changed = {"amount_refunded": before["amount_refunded"], "refunded": before["refunded"]}
    events.emit(account, "charge.refunded", charge, changed)
    events.emit(account, "refund.created", refund)
    DisputeService(state, events, now).close_inquiry(account, charge)
    return refund


async def create(request: ApiRequest) -> JSON:
    """Refund a charge or a part of it: POST /v1/refunds."""
    given = RefundParams.parse(request.params)
    return make_refund(request.state, request.events, request.account, given, request.now)


async def update(request: ApiRequest) -> JSON:
    """Change the metadata of a refund: POST /v1/refunds/{id}."""
    before = request.account.get("refunds", request.path["id"], "refund", "refund")
    refund = {**before, "metadata": request.params.metadata(before=before["metadata"])}
    request.params.finish()
    request.state.put(request.account, "refunds", refund["id"], refund)
    request.events.emit(request.account, "refund.updated", refund, changed_fields(before, refund))
    return refund


async def cancel(request: ApiRequest) -> JSON:
    """Refuse to cancel a refund, because none waits for its shopper: POST /v1/refunds/{id}/cancel."""
    request.params.finish()
    refund = request.account.get("refunds", request.path["id"], "refund", "refund")
    raise invalid(
        f"This refund has a status of {refund['status']}. Only a refund that has a status of requires_action "
        "can be canceled."
    )


ROUTES: list[ApiRoute] = [
    ("POST", "/v1/refunds", create),
    ("GET", "/v1/refunds", listing("refunds", text("charge"), text("payment_intent"))),
    ("GET", "/v1/refunds/{id}", retrieve("refunds", "refund")),
    ("POST", "/v1/refunds/{id}", update),
    ("POST", "/v1/refunds/{id}/cancel", cancel),
]
