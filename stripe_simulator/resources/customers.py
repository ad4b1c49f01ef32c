"""/v1/customers: https://docs.stripe.com/api/customers."""

from ..errors import not_found
from ..events import changed_fields
from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..state import Account
from ..wire import JSON
from .fields import take_email

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
TEXTS = ("description", "name", "business_name", "individual_name", "phone")
UNSUPPORTED = frozenset(
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


def blank_customer(now: int) -> JSON:
    """Return a customer of whom nothing is known."""
    return {
        "id": random_id("cus_", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "business_name": None,
        "cash_balance": None,
        "created": now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "individual_name": None,
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
        "sources": None,
        "subscriptions": None,
        "tax": None,
        "tax_exempt": "none",
        "tax_ids": None,
        "test_clock": None,
    }


def update_customer(customer: JSON, params: Params) -> JSON:
    """Return the customer after `POST /v1/customers` or `/v1/customers/{id}`; an empty value unsets."""
    after = dict(customer)
    for name in TEXTS:
        if name in params:
            after[name] = params.text(name)
    if "email" in params:
        after["email"] = take_email(params, "email")
    if "address" in params:
        after["address"] = take_address(params.mapping("address"))
    if "shipping" in params:
        after["shipping"] = _take_shipping(params.mapping("shipping"))
    if "preferred_locales" in params:
        after["preferred_locales"] = params.texts("preferred_locales")
    if "tax_exempt" in params:
        after["tax_exempt"] = params.choice("tax_exempt", ("exempt", "none", "reverse")) or "none"
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


def customer_from_details(details: JSON, now: int) -> JSON:
    """Return the customer that a session with `customer_creation: always` makes of its shopper."""
    return {
        **blank_customer(now),
        "email": details["email"],
        "name": details["name"],
        "phone": details["phone"],
        "address": details["address"],
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


async def create(request: ApiRequest) -> JSON:
    """Create a customer: POST /v1/customers."""
    customer = update_customer(blank_customer(request.now), request.params)
    request.store("customers", customer)
    return customer


async def update(request: ApiRequest) -> JSON:
    """Change a customer: POST /v1/customers/{id}."""
    before = find_customer(request.account, request.path["id"], "id", 404)
    customer = update_customer(before, request.params)
    request.state.put(request.account, "customers", customer["id"], customer)
    request.events.emit(request.account, "customer.updated", customer, changed_fields(before, customer))
    return customer


async def delete(request: ApiRequest) -> JSON:
    """Delete a customer: DELETE /v1/customers/{id}. What remains says so."""
    request.params.finish()
    customer = find_customer(request.account, request.path["id"], "id", 404)
    remains = {"id": customer["id"], "object": "customer", "deleted": True}
    request.state.put(request.account, "customers", customer["id"], remains)
    request.events.emit(request.account, "customer.deleted", customer)
    return remains


ROUTES: list[ApiRoute] = [
    ("POST", "/v1/customers", create),
    ("GET", "/v1/customers", listing("customers", text("email"), unsupported=("test_clock",))),
    ("GET", "/v1/customers/{id}", retrieve("customers", "customer")),
    ("POST", "/v1/customers/{id}", update),
    ("DELETE", "/v1/customers/{id}", delete),
]
