"""/v1/disputes: https://docs.stripe.com/api/disputes."""

from ..errors import invalid
from ..events import changed_fields
from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..wire import JSON, Charge
from .dispute_service import INQUIRY, REASONS, DisputeService, require_open

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
VERDICTS = {"winning_evidence": True, "losing_evidence": False}
"""`evidence[uncategorized_text]` that decides a dispute: https://docs.stripe.com/testing#evidence."""
ESCALATING = "escalate_inquiry_evidence"
REVIEWED = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}
RESPONSE_SECONDS = 7 * 24 * 3600


def build_dispute(charge: Charge, reason: str, now: int, *, amount: int | None = None, inquiry: bool = False) -> JSON:
    """Return a dispute before any money moved.

    Args:
        charge: what is disputed.
        reason: one of `REASONS`.
        now: the simulated time, in seconds since the epoch.
        amount: how much of the charge, in minor units; None stands for all of it.
        inquiry: whether the bank only asks, so that the money stays and can be refunded.

    Raises:
        StripeError: the reason is unknown.
    """
    if reason not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", "reason")
    return {
        "id": random_id("du_1", 23),
        "object": "dispute",
        "amount": charge["amount"] if amount is None else amount,
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
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": _method_details(charge["payment_method_details"], inquiry),
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def _method_details(details: JSON, inquiry: bool) -> JSON | None:
    if details["type"] != "card":
        return None
    return {
        "type": "card",
        "card": {
            "brand": details["card"]["brand"],
            "case_type": "inquiry" if inquiry else "chargeback",
            "network": details["card"]["network"],
            "network_reason_code": "10.4",
        },
    }


def update_dispute(dispute: JSON, params: Params) -> tuple[JSON, bool]:
    """Return the dispute after `POST /v1/disputes/{id}`, and whether its evidence went to the bank."""
    given, evidence = params.mapping("evidence"), dict(dispute["evidence"])
    if given is not None:
        evidence |= {name: given.text(name, 150_000) for name in EVIDENCE if name in given}
        given.finish(("enhanced_evidence",))
    submit = params.boolean("submit")
    metadata = params.metadata(before=dispute["metadata"])
    params.finish(("intended_submission_method",))
    if dispute["status"] not in REVIEWED:
        raise invalid(f"This dispute has a status of `{dispute['status']}`; it can no longer be changed.")
    details = dict(dispute["evidence_details"])
    details["has_evidence"] = details["has_evidence"] or given is not None
    sends = details["has_evidence"] and (submit if submit is not None else given is not None)
    after = {**dispute, "evidence": evidence, "evidence_details": details, "metadata": metadata}
    if sends:
        details |= {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
        after["status"] = REVIEWED[dispute["status"]]
    return after, sends


def _find(request: ApiRequest) -> JSON:
    return request.account.get("disputes", request.path["id"], "dispute", "dispute")


async def update(request: ApiRequest) -> JSON:
    """Take evidence, which as in Stripe's test mode may win or lose at once: POST /v1/disputes/{id}."""
    before = _find(request)
    dispute, sent = update_dispute(before, request.params)
    request.state.put(request.account, "disputes", dispute["id"], dispute)
    request.events.emit(request.account, "charge.dispute.updated", dispute, changed_fields(before, dispute))
    if not sent:
        return dispute
    service = DisputeService(request.state, request.events, request.now)
    words = dispute["evidence"]["uncategorized_text"]
    if words in VERDICTS:
        return service.end(request.account, dispute, won=VERDICTS[words])
    if words == ESCALATING and before["status"] in INQUIRY:
        return service.escalate(request.account, dispute)
    return dispute


async def close(request: ApiRequest) -> JSON:
    """Close a dispute that the shop gives up: POST /v1/disputes/{id}/close."""
    request.params.finish()
    dispute = _find(request)
    require_open(dispute)
    return DisputeService(request.state, request.events, request.now).end(request.account, dispute, won=False)


ROUTES: list[ApiRoute] = [
    ("GET", "/v1/disputes", listing("disputes", text("charge"), text("payment_intent"))),
    ("GET", "/v1/disputes/{id}", retrieve("disputes", "dispute")),
    ("POST", "/v1/disputes/{id}", update),
    ("POST", "/v1/disputes/{id}/close", close),
]
