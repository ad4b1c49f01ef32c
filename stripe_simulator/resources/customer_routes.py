"""/v1/customers: https://docs.stripe.com/api/customers."""

from ..errors import invalid, not_found
from ..events import changed_fields
from ..http.filters import all_of, text
from ..http.handlers import listing, retrieve
from ..http.lists import page
from ..http.request import ApiRequest, ApiRoute
from ..wire import JSON
from .customers import blank_customer, find_customer, update_customer
from .payment_methods import attach_method, find_method, saved_methods, why_not_saved
from .tax_ids import TaxIdParams, store_tax_id


async def create(request: ApiRequest) -> JSON:
    """Create a customer, with a payment method and tax ids where they are given: POST /v1/customers."""
    tax_ids = [TaxIdParams.parse(one) for one in request.params.items("tax_id_data")]
    named = request.params.raw("payment_method")
    method = _take_method(request)
    customer = _with_default(request, update_customer(blank_customer(request.now), request.params), named, method)
    request.store("customers", customer)
    for given in tax_ids:
        store_tax_id(request, customer["id"], given)
    return _with_method(request, customer, method)


async def update(request: ApiRequest) -> JSON:
    """Change a customer: POST /v1/customers/{id}."""
    before = find_customer(request.account, request.path["id"], "id", 404)
    named = request.params.raw("payment_method")
    method = _take_method(request)
    customer = _with_default(request, update_customer(before, request.params), named, method)
    request.state.put(request.account, "customers", customer["id"], customer)
    request.events.emit(request.account, "customer.updated", customer, changed_fields(before, customer))
    return _with_method(request, customer, method)


def _with_default(request: ApiRequest, customer: JSON, named: object, method: str | None) -> JSON:
    """Return a customer whose default payment method is one of its own, or the one that comes with it.

    Args:
        request: the request that makes or changes the customer.
        customer: the customer.
        named: `payment_method` as it was given, such as `pm_card_visa`.
        method: the id of its object; None where none comes with the customer.

    Raises:
        StripeError: the default payment method is not one of the customer's.
    """
    settings = customer["invoice_settings"]
    id = settings["default_payment_method"]
    if id is not None and method is not None and id in (named, method):
        return {**customer, "invoice_settings": {**settings, "default_payment_method": method}}
    found = request.account.tables["payment_methods"].get(id)
    if id is not None and (found is None or found["customer"] != customer["id"]):
        name = "invoice_settings[default_payment_method]"
        raise invalid(f"No such PaymentMethod: '{id}'; attach it to the customer first.", name, "resource_missing")
    return customer


def _take_method(request: ApiRequest) -> str | None:
    """Take `payment_method`, or `source` as older programs say, and return the id of its object."""
    id, token = request.params.text("payment_method"), request.params.text("source")
    if token is not None:
        id = token.replace("tok_", "pm_card_", 1) if token.startswith("tok_") else token
    if id is None:
        return None
    param = "source" if token is not None else "payment_method"
    method = find_method(request.state, request.account, id, request.now, param)
    refused = why_not_saved(method)
    if refused is not None:
        raise refused
    return method.id


def _with_method(request: ApiRequest, customer: JSON, method: str | None) -> JSON:
    """Save a payment method for a customer, where there is one, and return the customer."""
    if method is not None:
        attach_method(request, method, customer["id"])
    return customer


async def list_methods(request: ApiRequest) -> JSON:
    """List what was saved for a customer: GET /v1/customers/{id}/payment_methods."""
    customer = find_customer(request.account, request.path["id"], "id", 404)
    keep = all_of(request.params, text("type"), text("allow_redisplay"))
    mine = {one["id"]: one for one in saved_methods(request.account, customer["id"])[::-1]}
    return page(mine, request.params, f"/v1/customers/{customer['id']}/payment_methods", keep=keep)


async def retrieve_method(request: ApiRequest) -> JSON:
    """Return one payment method of a customer: GET /v1/customers/{id}/payment_methods/{method}."""
    request.params.finish()
    customer = find_customer(request.account, request.path["id"], "id", 404)
    method = request.account.get("payment_methods", request.path["method"], "PaymentMethod", "payment_method")
    if method["customer"] != customer["id"]:
        raise not_found("PaymentMethod", method["id"], "payment_method")
    return method


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
    ("GET", "/v1/customers/{id}/payment_methods", list_methods),
    ("GET", "/v1/customers/{id}/payment_methods/{method}", retrieve_method),
]
