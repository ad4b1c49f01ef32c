"""Customers: https://docs.stripe.com/api/customers/object."""

from ..errors import JSON, invalid, missing
from ..forms import Params
from ..state import Account, random_id

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
TEXTS = ("description", "name", "business_name", "individual_name", "phone")
NULL = [
    "address",
    "business_name",
    "cash_balance",
    "currency",
    "customer_account",
    "default_source",
    "description",
    "discount",
    "email",
    "individual_name",
    "name",
    "phone",
    "shipping",
    "sources",
    "subscriptions",
    "tax",
    "tax_ids",
    "test_clock",
]
KNOWN = frozenset(
    [
        "balance",
        "cash_balance",
        "invoice_prefix",
        "invoice_settings",
        "next_invoice_sequence",
        "payment_method",
        "source",
        "tax",
        "tax_id_data",
        "test_clock",
        "validate",
        "default_source",
    ]
)


def blank(now: int) -> JSON:
    """A customer of whom nothing is known."""
    settings = dict.fromkeys(("custom_fields", "default_payment_method", "footer", "rendering_options"))
    return {
        **{"id": random_id("cus_", 14), "object": "customer", **dict.fromkeys(NULL)},
        **{"balance": 0, "created": now, "delinquent": False, "invoice_credit_balance": {}},
        **{"invoice_prefix": random_id("", 8).upper(), "invoice_settings": settings, "livemode": False},
        **{"metadata": {}, "next_invoice_sequence": 1, "preferred_locales": [], "tax_exempt": "none"},
    }


def changed(customer: JSON, params: Params) -> JSON:
    """The customer after `POST /v1/customers` or `/v1/customers/{id}`; an empty value unsets."""
    after = dict(customer)
    for name in TEXTS:
        if name in params:
            after[name] = params.text(name)
    if "email" in params:
        after["email"] = email(params, "email")
    if "address" in params:
        after["address"] = address(params.mapping("address"))
    if "shipping" in params:
        after["shipping"] = _shipping(params.mapping("shipping"))
    if "preferred_locales" in params:
        after["preferred_locales"] = params.texts("preferred_locales")
    if "tax_exempt" in params:
        after["tax_exempt"] = params.choice("tax_exempt", ("exempt", "none", "reverse")) or "none"
    after["metadata"] = params.metadata(before=customer["metadata"])
    params.finish(KNOWN)
    return after


def email(params: Params, name: str) -> str | None:
    """An e-mail address, or None when absent."""
    given = params.text(name, 512)
    if given is not None and "@" not in given.strip("@"):
        raise invalid(f"Invalid email address: {given}", params.name(name), "email_invalid")
    return given


def existing(account: Account, id: str, param: str = "customer", status: int = 400) -> JSON:
    """A customer that was not deleted."""
    found = account.get("customers", id, "customer", param, status)
    if found.get("deleted"):
        raise missing("customer", id, param, status)
    return found


def shopper(details: JSON, now: int) -> JSON:
    """The customer that a session with `customer_creation: always` makes of its shopper."""
    return {
        **blank(now),
        "email": details["email"],
        "name": details["name"],
        "phone": details["phone"],
        "address": details["address"],
    }


def address(params: Params | None) -> JSON | None:
    """An address with all its fields, or None when absent."""
    if params is None:
        return None
    fields = {name: params.text(name) for name in ADDRESS}
    params.finish()
    return fields


def _shipping(params: Params | None) -> JSON | None:
    if params is None:
        return None
    name = params.text("name")
    if name is None:
        raise params.missing("name")
    made = {"address": address(params.mapping("address")), "carrier": None, "name": name}
    made |= {"phone": params.text("phone"), "tracking_number": None}
    params.finish()
    return made
