"""/v1/disputes: https://docs.stripe.com/api/disputes."""

from ..errors import invalid
from ..events import changed_fields
from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..records import SessionRecord
from ..state import Account
from ..wire import JSON, Charge

REASONS = (
    "fraudulent",
    "product_not_received",
    "product_unacceptable",
    "duplicate",
    "credit_not_processed",
    "general",
)
EVIDENCE = (
    "access_activity_log",
    "appeal",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)
VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}
"""`evidence[uncategorized_text]` that decides a dispute: https://docs.stripe.com/testing#evidence."""
RESPONSE_SECONDS = 7 * 24 * 3600


def dispute_session(account: Account, record: SessionRecord, reason: str, now: int) -> tuple[JSON, Charge]:
    """Return a dispute over what a session took, and its charge afterwards.

    Args:
        account: whose session it is.
        record: the session.
        reason: one of `REASONS`.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: the reason is unknown, nothing was paid, or the charge is disputed already.
    """
    if reason not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", "reason")
    charge = account.charge_of(record)
    if charge is None or not charge["paid"]:
        raise invalid("This Checkout Session has no paid charge to dispute.")
    if charge["disputed"]:
        raise invalid("The charge of this Checkout Session is already disputed.", code="charge_disputed")
    return _build_dispute(charge, reason, now), {**charge, "disputed": True}


def _build_dispute(charge: Charge, reason: str, now: int) -> JSON:
    return {
        "id": random_id("du_1", 23),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + RESPONSE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": None,
        },
        "intended_submission_method": None,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": _method_details(charge["payment_method_details"]),
        "reason": reason,
        "status": "needs_response",
    }


def _method_details(details: JSON) -> JSON | None:
    if details["type"] != "card":
        return None
    return {
        "type": "card",
        "card": {
            "brand": details["card"]["brand"],
            "case_type": "chargeback",
            "network_reason_code": "10.4",
        },
    }


def update_dispute(dispute: JSON, params: Params) -> JSON:
    """Return the dispute after `POST /v1/disputes/{id}`: evidence that is submitted decides it, or is under review."""
    if dispute["status"] != "needs_response":
        raise invalid(f"This dispute has a status of `{dispute['status']}`; it can no longer be changed.")
    given, evidence = params.mapping("evidence"), dict(dispute["evidence"])
    if given is not None:
        evidence |= {name: given.text(name, 150_000) for name in EVIDENCE if name in given}
        given.finish(("enhanced_evidence",))
    submit = params.boolean("submit") is not False
    after = {**dispute, "evidence": evidence, "metadata": params.metadata(before=dispute["metadata"])}
    params.finish(("intended_submission_method",))
    if given is None:
        return after
    details = {**dispute["evidence_details"], "has_evidence": True}
    if submit:
        details["submission_count"] += 1
        after["status"] = VERDICTS.get(evidence["uncategorized_text"] or "", "under_review")
    return {**after, "evidence_details": details}


def close_dispute(dispute: JSON) -> JSON:
    """Return the dispute after the shop gave it up."""
    if dispute["status"] in ("won", "lost"):
        raise invalid("This dispute is already closed.", code="dispute_already_closed")
    return {**dispute, "status": "lost"}


def _find(request: ApiRequest) -> JSON:
    return request.account.get("disputes", request.path["id"], "dispute", "dispute")


async def update(request: ApiRequest) -> JSON:
    """Take evidence, which as in Stripe's test mode may win or lose at once: POST /v1/disputes/{id}."""
    before = _find(request)
    dispute = update_dispute(before, request.params)
    request.state.put(request.account, "disputes", dispute["id"], dispute)
    events = request.events
    events.emit(request.account, "charge.dispute.updated", dispute, changed_fields(before, dispute))
    if dispute["status"] in ("won", "lost"):
        events.emit(request.account, "charge.dispute.closed", dispute)
    return dispute


async def close(request: ApiRequest) -> JSON:
    """Close a dispute that the shop gives up: POST /v1/disputes/{id}/close."""
    request.params.finish()
    dispute = close_dispute(_find(request))
    request.state.put(request.account, "disputes", dispute["id"], dispute)
    request.events.emit(request.account, "charge.dispute.closed", dispute)
    return dispute


ROUTES: list[ApiRoute] = [
    ("GET", "/v1/disputes", listing("disputes", text("charge"), text("payment_intent"))),
    ("GET", "/v1/disputes/{id}", retrieve("disputes", "dispute")),
    ("POST", "/v1/disputes/{id}", update),
    ("POST", "/v1/disputes/{id}/close", close),
]
