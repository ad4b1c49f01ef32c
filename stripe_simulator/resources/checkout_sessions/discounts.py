"""Discounts of a session: https://docs.stripe.com/payments/checkout/discounts."""

from ...currencies import step
from ...errors import invalid
from ...records import Redemption
from ...state import Account
from ...wire import JSON, Session
from ..coupons import require_usable_coupon
from ..promotion_codes import find_active, require_redeemable
from .nested_params import DiscountParams
from .view import asked_amounts


def choose_discount(
    account: Account, given: DiscountParams | None, subtotal: int, currency: str, *, customer: str | None, now: int
) -> list[JSON]:
    """Return the `discounts` of a new session.

    Args:
        account: where coupons and codes are.
        given: what was asked for; None stands for no discount.
        subtotal: what the lines cost, in minor units.
        currency: the session's currency.
        customer: the id of its customer, if it has one.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: the discount does not exist, or cannot be redeemed for this session.
    """
    if given is None:
        return []
    coupon_id, param = given.coupon, "discounts[0][coupon]"
    if given.promotion_code is not None:
        param = "discounts[0][promotion_code]"
        promotion = account.get("promotion_codes", given.promotion_code, "promotion code", param, 400)
        coupon_id = require_redeemable(promotion, subtotal, currency, customer=customer, now=now, param=param)
    assert coupon_id is not None
    require_usable_coupon(account, coupon_id, currency, now, param)
    return [{"coupon": given.coupon, "promotion_code": given.promotion_code}]


def find_discount(account: Account, code: str, session: Session, now: int) -> list[JSON]:
    """Return the `discounts` of a session whose shopper entered a promotion code.

    Args:
        account: where coupons and codes are.
        code: what the shopper typed; letter case and spaces around it do not matter.
        session: the session.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: there is no such code, or it cannot be redeemed for this session.
    """
    promotion = find_active(account, code)
    if promotion is None:
        raise invalid("This code is invalid.", "promotion_code", "resource_missing")
    asked = asked_amounts(session)
    currency = asked.currency
    coupon_id = require_redeemable(
        promotion,
        asked.subtotal,
        currency,
        customer=session["customer"],
        now=now,
        param="promotion_code",
    )
    require_usable_coupon(account, coupon_id, currency, now, "promotion_code")
    return [{"coupon": None, "promotion_code": promotion["id"]}]


def display_names(account: Account, discounts: list[JSON]) -> list[JSON]:
    """Return discounts as a shopper reads them."""
    shown = []
    for discount in discounts:
        promotion = account.tables["promotion_codes"].get(discount["promotion_code"])
        coupon = account.tables["coupons"].get(promotion["promotion"]["coupon"] if promotion else discount["coupon"])
        if coupon is None:  # deleted since
            continue
        code = promotion["code"] if promotion else None
        shown.append(
            {
                "displayName": coupon["name"] or code or coupon["id"],
                "promotionCode": code,
                "percentOff": coupon["percent_off"],
            }
        )
    return shown


def redemptions_of(account: Account, discounts: list[JSON]) -> list[Redemption]:
    """Return what an order with these discounts uses up; the last one is the coupon."""
    used = []
    for discount in discounts:
        coupon_id = discount["coupon"]
        if discount["promotion_code"] is not None:
            used.append(Redemption("promotion_codes", discount["promotion_code"]))
            coupon_id = account.tables["promotion_codes"][discount["promotion_code"]]["promotion"]["coupon"]
        used.append(Redemption("coupons", coupon_id))
    return used


def allocate_discount(lines: list[JSON], discount: int, currency: str, products: list[str] | None = None) -> list[JSON]:
    """Return the lines with a discount divided among them by their size; the parts add up to the whole.

    Args:
        lines: the line items.
        discount: what is taken off, in minor units.
        currency: the session's currency.
        products: only lines that sell one of these share it; None stands for all.
    """
    whole = step(currency)
    shares = [line["amount_subtotal"] if _is_among(line, products) else 0 for line in lines]
    subtotal, units = sum(shares), discount // whole
    before, allocated = 0, []
    for line, share in zip(lines, shares, strict=True):
        upto = before + share
        part = (units * upto // subtotal - units * before // subtotal) * whole if subtotal else 0
        allocated.append({**line, "amount_discount": part, "amount_total": line["amount_subtotal"] - part})
        before = upto
    return allocated


def _is_among(line: JSON, products: list[str] | None) -> bool:
    return products is None or line["price"]["product"] in products
