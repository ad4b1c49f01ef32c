"""Customers, as objects: https://docs.stripe.com/api/customers."""

from ..errors import not_found
from ..http.params import Params
from ..http.shapes import Choice, Fields, Many, Text
from ..ids import random_id
from ..records import Shopper
from ..state import Account
from ..wire import JSON
from .fields import take_email

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
TEXTS = ("description", "name", "phone")
NAMES = ("business_name", "individual_name")
"""The texts that an empty string unsets."""
UNSUPPORTED = frozenset(["balance", "cash_balance", "tax", "test_clock", "validate"])
INVOICE_SETTINGS = Fields(
    {
        "custom_fields": Many(Fields({"name": Text(40), "value": Text(140)}, ("name", "value")), 4, unset=True),
        "default_payment_method": Text(),
        "footer": Text(),
        "rendering_options": Fields(
            {"amount_tax_display": Choice(("exclude_tax", "include_inclusive_tax"), unset=True), "template": Text()},
            unset=True,
        ),
    }
)


def blank_customer(now: int) -> JSON:
    """Return a customer of whom nothing is known."""
    return {
        "id": random_id("cus_", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_credit_balance": {},
        "invoice_prefix": random_id("", 8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def update_customer(customer: JSON, params: Params) -> JSON:
    """Return the customer after `POST /v1/customers` or `/v1/customers/{id}`; an empty value unsets."""
    after = dict(customer)
    for name in TEXTS:
        if name in params:
            after[name] = params.text(name)
    for name in NAMES:
        if name in params:
            after[name] = params.text(name, unset=True)
            if after[name] is None:
                del after[name]
    if "email" in params:
        after["email"] = take_email(params, "email")
    if "address" in params:
        after["address"] = take_address(params.mapping("address", unset=True))
    if "shipping" in params:
        after["shipping"] = _take_shipping(params.mapping("shipping", unset=True))
    if "preferred_locales" in params:
        after["preferred_locales"] = params.texts("preferred_locales")
    if "tax_exempt" in params:
        after["tax_exempt"] = params.choice("tax_exempt", ("exempt", "none", "reverse"), unset=True) or "none"
    if "invoice_settings" in params:
        given = INVOICE_SETTINGS.take(params, "invoice_settings")
        after["invoice_settings"] = {**customer["invoice_settings"], **(given or {})}
    after["invoice_prefix"] = params.text("invoice_prefix", 12) or customer["invoice_prefix"]
    after["next_invoice_sequence"] = params.integer("next_invoice_sequence", 1) or customer["next_invoice_sequence"]
    if "default_source" in params:
        after["default_source"] = params.text("default_source")
    after["metadata"] = params.metadata(before=customer["metadata"])
    params.finish(UNSUPPORTED)
    return after


def find_customer(account: Account, id: str, param: str = "customer", status: int = 400) -> JSON:
    """Return a customer that was not deleted.

    Args:
        account: whose customer it is.
        id: the customer's id.
        param: the parameter that named it.
        status: the HTTP status when there is none.

    Raises:
        StripeError: there is no such customer, or it was deleted.
    """
    found = account.get("customers", id, "customer", param, status)
    if found.get("deleted"):
        raise not_found("customer", id, param, status)
    return found


def customer_from_details(details: JSON, shopper: Shopper, now: int) -> JSON:
    """Return the customer that a session makes of its shopper.

    Args:
        details: `customer_details` of the session.
        shopper: what else the shopper said.
        now: the simulated time, in seconds since the epoch.
    """
    blank = blank_customer(now)
    known = {name: details[name] for name in ("email", "name", "phone", "address")}
    names = {name: details[name] for name in NAMES if details[name] is not None}
    return {**blank, **known, **names, "shipping": _shipping_of(shopper)}


def updated_by_checkout(customer: JSON, details: JSON, shopper: Shopper, updates: JSON) -> JSON:
    """Return a customer after its session was paid.

    Args:
        customer: the customer.
        details: `customer_details` of the session.
        shopper: what else the shopper said.
        updates: `customer_update` of the session: what the customer takes over.
    """
    after = dict(customer)
    if after["email"] is None:
        after["email"] = details["email"]
    if updates.get("name") == "auto":
        after |= {name: details[name] for name in ("name", *NAMES) if details[name]}
    if updates.get("address") == "auto" and details["address"]:
        after["address"] = details["address"]
    if updates.get("shipping") == "auto" and shopper.shipping is not None:
        after["shipping"] = _shipping_of(shopper)
    return after


def _shipping_of(shopper: Shopper) -> JSON | None:
    if shopper.shipping is None:
        return None
    return {
        "address": shopper.shipping["address"],
        "carrier": None,
        "name": shopper.shipping["name"],
        "phone": shopper.phone,
        "tracking_number": None,
    }


def take_address(params: Params | None) -> JSON | None:
    """Return an address with all its fields, or None when there is none."""
    if params is None:
        return None
    fields = {name: params.text(name) for name in ADDRESS}
    params.finish()
    return fields


def _take_shipping(params: Params | None) -> JSON | None:
    if params is None:
        return None
    name = params.text("name")
    if name is None:
        raise params.missing("name")
    address, phone = take_address(params.mapping("address")), params.text("phone")
    params.finish()
    return {
        "address": address,
        "carrier": None,
        "name": name,
        "phone": phone,
        "tracking_number": None,
    }
