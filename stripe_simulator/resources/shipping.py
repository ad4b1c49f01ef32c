"""Shipping rates and the options of a session: https://docs.stripe.com/payments/during-payment/charge-shipping."""

from ..amounts import MAXIMUM
from ..errors import JSON, invalid, not_simulated
from ..forms import Params
from ..state import Account, random_id
from .catalog import currency


def rate(params: Params, now: int) -> JSON:
    """A fixed shipping rate from `shipping_rate_data` or from `POST /v1/shipping_rates`."""
    name, fixed = params.text("display_name", 100), params.mapping("fixed_amount")
    params.choice("type", ("fixed_amount",))
    if name is None:
        raise params.missing("display_name")
    if fixed is None:
        raise params.missing("fixed_amount")
    amount = fixed.integer("amount", 0, MAXIMUM)
    if amount is None:
        raise fixed.missing("amount")
    price = {"amount": amount, "currency": currency(fixed), "currency_options": {}}
    fixed.finish(("currency_options",))
    estimate = params.mapping("delivery_estimate")
    tax = params.choice("tax_behavior", ("exclusive", "inclusive", "unspecified")) or "unspecified"
    made = {
        **{"id": random_id("shr_1", 23), "object": "shipping_rate", "active": True, "created": now},
        **{"delivery_estimate": _estimate(estimate) if estimate else None, "display_name": name},
        **{"fixed_amount": price, "livemode": False, "metadata": params.metadata(), "tax_behavior": tax},
        **{"tax_code": params.text("tax_code"), "type": "fixed_amount"},
    }
    params.finish()
    return made


def _estimate(params: Params) -> JSON:
    made: JSON = {"maximum": None, "minimum": None}
    for name in made:
        bound = params.mapping(name)
        if bound is not None:
            unit = bound.choice("unit", ("business_day", "day", "hour", "month", "week"))
            made[name] = {"unit": unit, "value": bound.integer("value", 1)}
            bound.finish()
    params.finish()
    return made


def options(account: Account, params: Params, code: str, now: int) -> list[JSON]:
    """The rates a session offers; the first is chosen until the shopper chooses another."""
    given = params.items("shipping_options")
    if len(given) > 5:
        raise invalid("You may only specify up to 5 shipping options.", "shipping_options")
    rates = []
    for option in given:
        id, data = option.text("shipping_rate"), option.mapping("shipping_rate_data")
        option.finish()
        if id is not None:
            found = account.get("shipping_rates", id, "shipping rate", option.name("shipping_rate"), 400)
        elif data is not None:
            found = rate(data, now)
        else:
            raise option.missing("shipping_rate_data")
        if found["fixed_amount"]["currency"] != code:
            raise not_simulated("a shipping rate in another currency than the session's", option.name("shipping_rate"))
        rates.append(found)
    return rates


def cost(rates: list[JSON], chosen: str | None = None) -> JSON | None:
    """The `shipping_cost` of a session that offers these rates: of the one with id `chosen`, or of the first."""
    if not rates:
        return None
    rate = next((one for one in rates if one["id"] == chosen), rates[0])
    amount = rate["fixed_amount"]["amount"]
    amounts = {"amount_subtotal": amount, "amount_tax": 0, "amount_total": amount}
    return {**amounts, "shipping_rate": rate["id"], "taxes": []}


def offered(rates: list[JSON]) -> list[JSON]:
    """The `shipping_options` of a session."""
    return [{"shipping_amount": one["fixed_amount"]["amount"], "shipping_rate": one["id"]} for one in rates]
