"""Disputes: https://docs.stripe.com/api/disputes/object."""

from ..errors import JSON, invalid
from ..forms import Params
from ..state import Account, random_id

REASONS = ("fraudulent", "product_not_received", "product_unacceptable", "duplicate", "credit_not_processed", "general")
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
WEEK = 7 * 24 * 3600


def dispute(account: Account, session: JSON, reason: str, now: int) -> tuple[JSON, JSON]:
    """A dispute over what a session took, and its charge afterwards."""
    if reason not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", "reason")
    intent = account.tables["payment_intents"].get(session["payment_intent"])
    charge = account.tables["charges"].get(intent["latest_charge"]) if intent else None
    if intent is None or charge is None or not charge["paid"]:
        raise invalid("This Checkout Session has no paid charge to dispute.")
    if charge["disputed"]:
        raise invalid("The charge of this Checkout Session is already disputed.", code="charge_disputed")
    details = charge["payment_method_details"]
    card = {"brand": details.get("card", {}).get("brand"), "case_type": "chargeback", "network_reason_code": "10.4"}
    eligibility = {"due_by": now + WEEK, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False}
    made = {
        **{"id": random_id("du_1", 23), "object": "dispute", "amount": charge["amount"], "balance_transactions": []},
        **{"charge": charge["id"], "created": now, "currency": charge["currency"], "enhanced_eligibility_types": []},
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {**eligibility, "submission_count": 0, "submission_method": None},
        **{"intended_submission_method": None, "is_charge_refundable": False, "livemode": False, "metadata": {}},
        **{"network_reason_code": "10.4", "payment_intent": intent["id"], "reason": reason},
        "payment_method_details": {"type": "card", "card": card} if details["type"] == "card" else None,
        "status": "needs_response",
    }
    return made, {**charge, "disputed": True}


def updated(dispute: JSON, params: Params) -> JSON:
    """The dispute after `POST /v1/disputes/{id}`: evidence that is submitted decides it, or is looked at."""
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


def closed(dispute: JSON) -> JSON:
    """The dispute after the shop has given it up."""
    if dispute["status"] in ("won", "lost"):
        raise invalid("This dispute is already closed.", code="dispute_already_closed")
    return {**dispute, "status": "lost"}
