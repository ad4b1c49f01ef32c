"""Objects that an earlier version wrote into a state file, in today's shape."""

from typing import Any

from .expandable import ABSENT
from .wire import JSON

KINDS = {"charges": "charge", "customers": "customer", "prices": "price", "coupons": "coupon"}
"""The tables whose objects have fields that an earlier version wrote as null and that are absent today."""
UNUSED = ("line_items", "presentment_details", "redirect_on_completion", "optional_items", "tax_id_collection")
"""The same of a session."""


def upgraded_object(table: str, value: Any) -> Any:
    """Return an object of a table without fields that are absent today."""
    names = ABSENT.get(KINDS.get(table, ""), ())
    return {name: one for name, one in value.items() if one is not None or name not in names} if names else value


def upgraded_session(session: JSON) -> JSON:
    """Return a session without fields that are absent today until they are used or expanded."""
    kept = {name: one for name, one in session.items() if one is not None or name not in UNUSED}
    if kept.get("ui_mode") == "hosted_page" and kept.get("return_url") is None:
        kept.pop("return_url", None)
    kept["total_details"] = {name: one for name, one in session["total_details"].items() if name != "breakdown"}
    if kept["shipping_cost"] is not None:
        kept["shipping_cost"] = {name: one for name, one in session["shipping_cost"].items() if name != "taxes"}
    return kept
