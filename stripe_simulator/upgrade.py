"""Objects that an earlier version wrote into a state file, in today's shape."""

from typing import Any

from .expandable import ABSENT
from .wire import JSON

UNUSED = {
    "charges": (*ABSENT["charge"], "authorization_code", "level3", "presentment_details", "transfer"),
    "coupons": ABSENT["coupon"],
    "customers": (*ABSENT["customer"], "business_name", "individual_name"),
    "payment_intents": ("hooks", "payment_details", "presentment_details"),
    "prices": ABSENT["price"],
    "refunds": (
        *("description", "failure_balance_transaction", "failure_reason", "instructions_email", "next_action"),
        *("pending_reason", "presentment_details"),
    ),
    "sessions": (
        *("branding_settings", "excluded_payment_method_types", "line_items", "name_collection", "optional_items"),
        *("presentment_details", "redirect_on_completion", "tax_id_collection"),
    ),
}
"""For each table, the fields that an earlier version wrote as null and that are absent today."""


def upgraded_object(table: str, value: Any) -> Any:
    """Return an object of a table without fields that are absent today."""
    names = UNUSED.get(table, ())
    return {name: one for name, one in value.items() if one is not None or name not in names} if names else value


def upgraded_session(session: JSON) -> JSON:
    """Return a session without fields that are absent today until they are used or expanded."""
    kept: JSON = upgraded_object("sessions", session)
    if kept.get("ui_mode") == "hosted_page" and kept.get("return_url") is None:
        kept.pop("return_url", None)
    kept["total_details"] = {name: one for name, one in session["total_details"].items() if name != "breakdown"}
    if kept["shipping_cost"] is not None:
        kept["shipping_cost"] = {name: one for name, one in session["shipping_cost"].items() if name != "taxes"}
    return kept
