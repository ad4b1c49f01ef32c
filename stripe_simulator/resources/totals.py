"""What there is to pay: lines, a discount, the chosen shipping."""

from ..amounts import MAXIMUM, display, minimum
from ..errors import JSON, invalid
from ..state import Account
from . import discounts, shipping
from .session_fields import NO_EXTRAS, NOTHING


def priced(account: Account, record: JSON, *, chosen: list[JSON], rates: list[JSON], rate: str | None = None) -> JSON:
    """The record with these discounts and shipping rates, `rate` or the first one being paid for.

    Raises what Stripe raises when the total is too little or too much.
    """
    session = record["session"]
    code, subtotal = session["currency"], session["amount_subtotal"]
    redeemed = discounts.redeemed(account, chosen)
    discount = discounts.taken_off(account.tables["coupons"][redeemed[-1][1]], subtotal) if redeemed else 0
    cost = shipping.cost(rates, rate)
    delivery = cost["amount_total"] if cost else 0
    total = subtotal - discount + delivery
    if total > MAXIMUM:
        most = f"The Checkout Session's total amount must be no more than {display(MAXIMUM, code)}."
        raise invalid(most, "line_items", "amount_too_large")
    if 0 < total < minimum(code):
        least = f"The Checkout Session's total amount must convert to at least {display(minimum(code), code)}."
        raise invalid(least, "line_items", "amount_too_small")
    extras = {**NO_EXTRAS, "amount_discount": discount, "amount_shipping": delivery}
    fields = {
        **{"amount_total": total, "payment_status": "unpaid" if total else "no_payment_required"},
        **{
            "discounts": chosen or NOTHING,
            "shipping_cost": cost,
            "shipping_options": shipping.offered(rates) or NOTHING,
        },
        "total_details": extras if discount or delivery else NO_EXTRAS,
    }
    lines = discounts.spread(record["lines"], discount) if discount or session.get("discounts") else record["lines"]
    shown = {"applied": discounts.named(account, chosen) or NOTHING, "redeemed": redeemed or NOTHING}
    shown |= {"lines": lines, "rates": rates or NOTHING}
    return {**record, **shown, "session": {**session, **fields}}
