"""What there is to pay: lines, a discount, the chosen shipping."""

from dataclasses import dataclass

from ...currencies import display, maximum, minimum, require_amount
from ...errors import invalid
from ...records import Redemption, SessionRecord
from ...state import Account
from ...wire import JSON
from ..coupons import discount_amount
from ..tax_rates import exclusive_tax, line_taxes
from .discounts import allocate_discount, display_names, redemptions_of

NO_EXTRAS: JSON = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0, "breakdown": None}
NOTHING: list[JSON] = []
NO_REDEMPTIONS: list[Redemption] = []
"""Shared by all sessions without a discount and shipping, like the two above; change none of them."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a session costs, and what of it depends on discounts and shipping. Amounts are in minor units."""

    amount_total: int
    total_details: JSON
    discounts: list[JSON]
    shipping_cost: JSON | None
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
) -> Totals:
    """Return what a session costs.

    Args:
        account: where coupons and promotion codes are.
        lines: the line items.
        currency: the session's currency.
        discounts: `discounts` of the session.
        rates: the shipping rates that it offers.
        rate_id: the one that is paid for; None or an unknown id stands for the first.

    Raises:
        StripeError: the total is less or more than Stripe takes.
    """
    subtotal = sum(line["amount_subtotal"] for line in lines)
    redeemed = redemptions_of(account, discounts) if discounts else NO_REDEMPTIONS
    coupon = account.tables["coupons"][redeemed[-1].id] if redeemed else None
    discount = discount_amount(coupon, subtotal, currency) if coupon else 0
    cost = _shipping_cost(rates, rate_id)
    shipping = cost["amount_total"] if cost else 0
    if discount or any(line["amount_discount"] for line in lines):
        lines = [_taxed(line, currency) for line in allocate_discount(lines, discount, currency)]
    tax = sum(line["amount_tax"] for line in lines)
    total = sum(line["amount_total"] for line in lines) + shipping
    _check_total(total, currency)
    return Totals(
        amount_total=total,
        total_details=_details(discount, shipping, tax) if discount or shipping or tax else NO_EXTRAS,
        discounts=discounts or NOTHING,
        shipping_cost=cost,
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
        "amount_total": totals.amount_total,
        "discounts": totals.discounts,
        "payment_status": totals.payment_status,
        "shipping_cost": totals.shipping_cost,
        "shipping_options": totals.shipping_options,
        "total_details": totals.total_details,
    }
    record.lines = totals.lines
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
    return {**NO_EXTRAS, "amount_discount": discount, "amount_shipping": shipping, "amount_tax": tax}


def _taxed(line: JSON, currency: str) -> JSON:
    """Return a line with the taxes of what its discount leaves."""
    net = line["amount_subtotal"] - line["amount_discount"]
    taxes = line_taxes(net, [tax["rate"] for tax in line["taxes"]], currency)
    return {
        **line,
        "amount_tax": sum(tax["amount"] for tax in taxes),
        "amount_total": net + exclusive_tax(taxes),
        "taxes": taxes or NOTHING,
    }


def _shipping_cost(rates: list[JSON], rate_id: str | None) -> JSON | None:
    if not rates:
        return None
    rate = next((one for one in rates if one["id"] == rate_id), rates[0])
    amount = rate["fixed_amount"]["amount"]
    return {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": rate["id"],
        "taxes": [],
    }


def _option(rate: JSON) -> JSON:
    return {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]}
