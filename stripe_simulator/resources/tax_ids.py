"""/v1/customers/{id}/tax_ids: https://docs.stripe.com/api/customer_tax_ids."""

import re
from dataclasses import dataclass

from ..errors import invalid, not_found
from ..http.lists import page
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..wire import JSON
from .customers import find_customer

PATTERNS = {
    "eu_vat": r"[A-Z]{2}[0-9A-Za-z+*.]{2,12}",
    "gb_vat": r"(GB|XI)([0-9]{9}|[0-9]{12}|GD[0-9]{3}|HA[0-9]{3})",
    "us_ein": r"[0-9]{2}-?[0-9]{7}",
    "ch_vat": r"CHE-?[0-9.]{9,11} ?(MWST|TVA|IVA)",
    "no_vat": r"[0-9]{9}MVA",
    "au_abn": r"[0-9]{11}",
    "ca_bn": r"[0-9]{9}",
    "nz_gst": r"[0-9]{8,9}",
}
"""How the values of some types are written. Those of other types are taken as they are."""
TYPE = r"[a-z]{2}_[a-z_]{2,10}"


@dataclass(frozen=True, slots=True)
class TaxIdParams:
    """A tax id: its type, such as `eu_vat`, and its value."""

    type: str
    value: str

    @classmethod
    def parse(cls, params: Params) -> "TaxIdParams":
        """Read a form. Raises a 400 for a type or a value that is wrong (`tax_id_invalid`)."""
        type, value = params.text("type"), params.text("value")
        if type is None:
            raise params.missing("type")
        if value is None:
            raise params.missing("value")
        params.finish(("owner",))
        if not re.fullmatch(TYPE, type):
            raise invalid(f"Invalid type: {type}", params.name("type"))
        if not re.fullmatch(PATTERNS.get(type, r".{2,30}"), value):
            raise invalid(f"Invalid value for {type}.", params.name("value"), "tax_id_invalid")
        return cls(type, value)


def store_tax_id(request: ApiRequest, customer: str, given: TaxIdParams) -> JSON:
    """Store a tax id of a customer, tell of it, and return it."""
    made: JSON = {
        "id": random_id("txi_1", 23),
        "object": "tax_id",
        "country": given.type[:2].upper() if given.type != "eu_vat" else given.value[:2],
        "created": request.now,
        "customer": customer,
        "customer_account": None,
        "livemode": False,
        "owner": {"customer": customer, "customer_account": None, "type": "customer"},
        "type": given.type,
        "value": given.value,
        "verification": {"status": "pending", "verified_address": None, "verified_name": None},
    }
    request.state.put(request.account, "tax_ids", made["id"], made)
    request.events.emit(request.account, "customer.tax_id.created", made)
    return made


def _find(request: ApiRequest) -> JSON:
    found = request.account.get("tax_ids", request.path["tax_id"], "tax_id", "tax_id")
    if found["customer"] != request.path["id"]:
        raise not_found("tax_id", found["id"], "tax_id")
    return found


async def create(request: ApiRequest) -> JSON:
    """Create a tax id of a customer: POST /v1/customers/{id}/tax_ids."""
    customer = find_customer(request.account, request.path["id"], "customer", 404)
    return store_tax_id(request, customer["id"], TaxIdParams.parse(request.params))


async def retrieve(request: ApiRequest) -> JSON:
    """Return a tax id of a customer: GET /v1/customers/{id}/tax_ids/{tax_id}."""
    request.params.finish()
    return _find(request)


async def list_tax_ids(request: ApiRequest) -> JSON:
    """List the tax ids of a customer: GET /v1/customers/{id}/tax_ids."""
    customer = find_customer(request.account, request.path["id"], "customer", 404)
    url = f"/v1/customers/{customer['id']}/tax_ids"
    mine = request.account.tables["tax_ids"]
    return page(mine, request.params, url, keep=lambda one: one["customer"] == customer["id"])


async def delete(request: ApiRequest) -> JSON:
    """Delete a tax id of a customer: DELETE /v1/customers/{id}/tax_ids/{tax_id}."""
    request.params.finish()
    found = _find(request)
    request.state.remove(request.account, "tax_ids", found["id"])
    request.events.emit(request.account, "customer.tax_id.deleted", found)
    return {"id": found["id"], "object": "tax_id", "deleted": True}


async def retrieve_alone(request: ApiRequest) -> JSON:
    """Return a tax id by its id alone: GET /v1/tax_ids/{id}."""
    request.params.finish()
    return request.account.get("tax_ids", request.path["id"], "tax_id")


async def list_of_owner(request: ApiRequest) -> JSON:
    """List the tax ids of a customer, or of the account, which has none: GET /v1/tax_ids."""
    owner = request.params.mapping("owner")
    customer = None
    if owner is not None:
        owner.choice("type", ("account", "application", "customer", "self"))
        customer = owner.text("customer")
        owner.finish(("account", "customer_account"))
    return page(
        request.account.tables["tax_ids"], request.params, "/v1/tax_ids", keep=lambda one: one["customer"] == customer
    )


ROUTES: list[ApiRoute] = [
    ("GET", "/v1/tax_ids", list_of_owner),
    ("GET", "/v1/tax_ids/{id}", retrieve_alone),
    ("POST", "/v1/customers/{id}/tax_ids", create),
    ("GET", "/v1/customers/{id}/tax_ids", list_tax_ids),
    ("GET", "/v1/customers/{id}/tax_ids/{tax_id}", retrieve),
    ("DELETE", "/v1/customers/{id}/tax_ids/{tax_id}", delete),
]
