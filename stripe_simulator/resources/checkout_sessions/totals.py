"""What there is to pay: lines, a discount, the chosen shipping, tax."""

from dataclasses import dataclass
from typing import NamedTuple

from ...currencies import display, maximum, minimum, require_amount
from ...errors import invalid
from ...records import Redemption, SessionRecord
from ...state import Account
from ...wire import JSON
from ..automatic_tax import is_inclusive, rate_for
from ..coupons import discount_amount, discounted_products
from ..tax_rates import exclusive_tax, line_taxes
from .discounts import allocate_discount, display_names, redemptions_of

NO_EXTRAS: JSON = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
NOTHING: list[JSON] = []
NO_REDEMPTIONS: list[Redemption] = []
"""Shared by all sessions without a discount and shipping, like the two above; change none of them."""


class Location(NamedTuple):
    """Where a shopper is, for automatic tax; `exempt` is a `tax_exempt` other than `none`."""

    address: JSON
    exempt: bool = False
    now: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What a session costs, and what of it depends on discounts, shipping and tax. Amounts are in minor units."""

    amount_subtotal: int
    amount_total: int
    total_details: JSON
    discounts: list[JSON]
    shipping_cost: JSON | None
    shipping_taxes: list[JSON]
    shipping_options: list[JSON]
    lines: list[JSON]
    rates: list[JSON]
    applied: list[JSON]
    redeemed: list[Redemption]

    @property
    def payment_status(self) -> str:
        """The `payment_status` of a session that nobody paid yet."""
        return "unpaid" if self.amount_total else "no_payment_required"


def compute_totals(
    account: Account,
    lines: list[JSON],
    currency: str,
    *,
    discounts: list[JSON],
    rates: list[JSON],
    rate_id: str | None = None,
    location: Location | None = None,
) -> Totals:
    """Return what a session costs.

    Args:
        account: where coupons and promotion codes are.
        lines: the line items.
        currency: the session's currency.
        discounts: `discounts` of the session.
        rates: the shipping rates that it offers.
        rate_id: the one that is paid for; None or an unknown id stands for the first.
        location: where the shopper is, when tax is automatic and the place is known.

    Raises:
        StripeError: the total is less or more than Stripe takes.
    """
    subtotal = sum(line["amount_subtotal"] for line in lines)
    redeemed = redemptions_of(account, discounts) if discounts else NO_REDEMPTIONS
    coupon = account.tables["coupons"].get(redeemed[-1].id) if redeemed else None
    products = discounted_products(account, coupon) if coupon else None
    discountable = [line for line in lines if products is None or line["price"]["product"] in products]
    discount = discount_amount(coupon, sum(line["amount_subtotal"] for line in discountable), currency) if coupon else 0
    cost, shipping_taxes = _shipping_cost(rates, rate_id, location)
    shipping = cost["amount_subtotal"] if cost else 0
    if location is not None or discount or any(line["amount_discount"] for line in lines):
        divided = allocate_discount(lines, discount, currency, products)
        lines = [_taxed(line, _line_rates(line, location), currency) for line in divided]
    tax = sum(line["amount_tax"] for line in lines) + (cost["amount_tax"] if cost else 0)
    total = sum(line["amount_total"] for line in lines) + (cost["amount_total"] if cost else 0)
    _check_total(total, currency)
    return Totals(
        amount_subtotal=subtotal,
        amount_total=total,
        total_details=_details(discount, shipping, tax) if discount or shipping or tax else NO_EXTRAS,
        discounts=discounts or NOTHING,
        shipping_cost=cost,
        shipping_taxes=shipping_taxes,
        shipping_options=[_option(rate) for rate in rates] or NOTHING,
        lines=lines,
        rates=rates or NOTHING,
        applied=display_names(account, discounts) or NOTHING,
        redeemed=redeemed,
    )


def apply_totals(record: SessionRecord, totals: Totals) -> None:
    """Put new totals into the record of a session."""
    record.session = {
        **record.session,
        "amount_subtotal": totals.amount_subtotal,
        "amount_total": totals.amount_total,
        "discounts": totals.discounts,
        "payment_status": totals.payment_status,
        "shipping_cost": totals.shipping_cost,
        "shipping_options": totals.shipping_options,
        "total_details": totals.total_details,
    }
    record.lines = totals.lines
    record.shipping_taxes = totals.shipping_taxes
    record.rates = totals.rates
    record.applied = totals.applied
    record.redeemed = totals.redeemed


def _check_total(total: int, currency: str) -> None:
    if total > maximum(currency):
        most = display(maximum(currency), currency)
        message = f"The Checkout Session's total amount must be no more than {most}."
        raise invalid(message, "line_items", "amount_too_large")
    require_amount(total, currency, "line_items")
    if 0 < total < minimum(currency):
        least = display(minimum(currency), currency)
        message = f"The Checkout Session's total amount must convert to at least {least}."
        raise invalid(message, "line_items", "amount_too_small")


def _details(discount: int, shipping: int, tax: int) -> JSON:
    return {"amount_discount": discount, "amount_shipping": shipping, "amount_tax": tax}


def _line_rates(line: JSON, location: Location | None) -> list[JSON]:
    """Return the tax rates of a line: its own, or those of where the shopper is."""
    if location is None:
        return [tax["rate"] for tax in line["taxes"]]
    return _automatic_rates(line["price"]["tax_behavior"], line["currency"], location)


def _automatic_rates(behavior: str, currency: str, location: Location) -> list[JSON]:
    if location.exempt:
        return []
    inclusive = is_inclusive(behavior, currency)
    rate = rate_for(location.address, inclusive=inclusive, now=location.now)
    return [] if rate is None else [rate]


def _taxed(line: JSON, rates: list[JSON], currency: str) -> JSON:
    """Return a line with the taxes of what its discount leaves."""
    net = line["amount_subtotal"] - line["amount_discount"]
    taxes = line_taxes(net, rates, currency)
    return {
        **line,
        "amount_tax": sum(tax["amount"] for tax in taxes),
        "amount_total": net + exclusive_tax(taxes),
        "taxes": taxes or NOTHING,
    }


def _shipping_cost(rates: list[JSON], rate_id: str | None, location: Location | None) -> tuple[JSON | None, list[JSON]]:
    """Return `shipping_cost`, and its taxes, which only an expansion shows."""
    if not rates:
        return None, NOTHING
    rate = next((one for one in rates if one["id"] == rate_id), rates[0])
    fixed = rate["fixed_amount"]
    automatic = [] if location is None else _automatic_rates(rate["tax_behavior"], fixed["currency"], location)
    taxes = line_taxes(fixed["amount"], automatic, fixed["currency"])
    cost = {
        "amount_subtotal": fixed["amount"],
        "amount_tax": sum(tax["amount"] for tax in taxes),
        "amount_total": fixed["amount"] + exclusive_tax(taxes),
        "shipping_rate": rate["id"],
    }
    return cost, taxes or NOTHING


def _option(rate: JSON) -> JSON:
    return {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]}
