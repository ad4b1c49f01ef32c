"""/v1/tax_rates: https://docs.stripe.com/api/tax_rates."""

import re
from fractions import Fraction

from ..currencies import step
from ..errors import invalid
from ..events import changed_fields
from ..http.filters import flag
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..wire import JSON

TEXTS = ("country", "description", "jurisdiction", "state", "tax_type")


def build_tax_rate(params: Params, now: int) -> JSON:
    """Return a tax rate from the parameters of `POST /v1/tax_rates`."""
    name, percentage, inclusive = (
        params.text("display_name", 50),
        params.text("percentage"),
        params.boolean("inclusive"),
    )
    for given, wanted in ((name, "display_name"), (inclusive, "inclusive"), (percentage, "percentage")):
        if given is None:
            raise params.missing(wanted)
    assert percentage is not None
    if not re.fullmatch(r"\d{1,3}(\.\d{1,4})?", percentage) or Fraction(percentage) > 100:
        raise invalid("Invalid percentage: must be from 0 to 100, with at most 4 decimals.", "percentage")
    active = params.boolean("active")
    texts = {text: params.text(text) for text in TEXTS}
    metadata = params.metadata()
    params.finish()
    return {
        "id": random_id("txr_1", 23),
        "object": "tax_rate",
        "active": active is not False,
        "created": now,
        "display_name": name,
        "effective_percentage": None,
        "flat_amount": None,
        "inclusive": inclusive,
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": metadata,
        "percentage": float(percentage),
        "rate_type": None,
        **texts,
    }


def line_taxes(net: int, rates: list[JSON], currency: str) -> list[JSON]:
    """Return the `taxes` of a line item.

    Args:
        net: what the line costs after its discount, in minor units, with the taxes that are included.
        rates: its tax rates.
        currency: its currency.
    """
    included = sum(Fraction(str(rate["percentage"])) for rate in rates if rate["inclusive"])
    taxable = Fraction(net) / (1 + included / 100)
    whole = step(currency)
    taxes = []
    for rate in rates:
        exact = taxable * Fraction(str(rate["percentage"])) / 100
        amount = int(exact / whole + Fraction(1, 2)) * whole
        taxes.append({"amount": amount, "rate": rate, "taxability_reason": None, "taxable_amount": round(taxable)})
    return taxes


def exclusive_tax(taxes: list[JSON]) -> int:
    """Return the taxes that come on top of a price, in minor units."""
    return sum(tax["amount"] for tax in taxes if not tax["rate"]["inclusive"])


async def create(request: ApiRequest) -> JSON:
    """Create a tax rate: POST /v1/tax_rates."""
    rate = build_tax_rate(request.params, request.now)
    request.store("tax_rates", rate)
    return rate


async def update(request: ApiRequest) -> JSON:
    """Change texts of a tax rate, or switch it on or off: POST /v1/tax_rates/{id}. Its percentage stays."""
    params, before = request.params, request.account.get("tax_rates", request.path["id"], "tax rate")
    active, name = params.boolean("active"), params.text("display_name", 50)
    texts = {text: params.text(text) for text in TEXTS if text in params}
    metadata = params.metadata(before=before["metadata"])
    params.finish()
    rate = {
        **before,
        **texts,
        "active": before["active"] if active is None else active,
        "display_name": name or before["display_name"],
        "metadata": metadata,
    }
    request.state.put(request.account, "tax_rates", rate["id"], rate)
    request.events.emit(request.account, "tax_rate.updated", rate, changed_fields(before, rate))
    return rate


ROUTES: list[ApiRoute] = [
    ("POST", "/v1/tax_rates", create),
    ("GET", "/v1/tax_rates", listing("tax_rates", flag("active"), flag("inclusive"))),
    ("POST", "/v1/tax_rates/{id}", update),
    ("GET", "/v1/tax_rates/{id}", retrieve("tax_rates", "tax rate")),
]
