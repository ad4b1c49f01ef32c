"""Coupons, promotion codes and what they take off: https://docs.stripe.com/payments/checkout/discounts."""

import re
from fractions import Fraction

from ..amounts import MAXIMUM
from ..errors import JSON, invalid, not_simulated
from ..forms import Params
from ..state import Account, random_id
from .catalog import currency
from .customers import existing


def coupon(account: Account, params: Params, now: int) -> JSON:
    """A coupon from the parameters of `POST /v1/coupons`."""
    id = params.text("id") or random_id("", 8)
    if id in account.tables["coupons"]:
        raise invalid("Coupon already exists.", "id", "resource_already_exists")
    percent, amount = params.text("percent_off"), params.integer("amount_off", 1, MAXIMUM)
    if (percent is None) == (amount is None):
        raise invalid("Give either `percent_off` or `amount_off`.", "percent_off")
    if percent is not None and not (re.fullmatch(r"\d{1,3}(\.\d+)?", percent) and 0 < Fraction(percent) <= 100):
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100.", "percent_off")
    duration = params.choice("duration", ("once", "forever", "repeating")) or "once"
    made = {
        **{"id": id, "object": "coupon", "amount_off": amount, "created": now, "duration": duration},
        **{"currency": currency(params) if amount is not None else None, "duration_in_months": None},
        **{"applies_to": None, "currency_options": None, "livemode": False, "max_redemptions": None},
        **{"metadata": params.metadata(), "name": params.text("name", 40), "redeem_by": params.integer("redeem_by")},
        **{"percent_off": float(percent) if percent else None, "times_redeemed": 0, "valid": True},
    }
    made["max_redemptions"] = params.integer("max_redemptions", 1)
    made["duration_in_months"] = params.integer("duration_in_months", 1)
    params.finish(("applies_to", "currency_options", "currency"))
    return made


def promotion_code(account: Account, params: Params, now: int) -> JSON:
    """A promotion code from the parameters of `POST /v1/promotion_codes`."""
    promotion = params.mapping("promotion")
    if promotion is None:
        raise params.missing("promotion")
    if promotion.choice("type", ("coupon",)) is None:
        raise promotion.missing("type")
    id = promotion.text("coupon")
    if id is None:
        raise promotion.missing("coupon")
    promotion.finish()
    account.get("coupons", id, "coupon", promotion.name("coupon"), 400)
    code = params.text("code", 500) or random_id("", 8).upper()
    if any(one["active"] and one["code"].lower() == code.lower() for one in account.tables["promotion_codes"].values()):
        raise invalid("An active promotion code with `code` already exists.", "code", "resource_already_exists")
    customer = params.text("customer")
    if customer is not None:
        existing(account, customer)
    active = params.boolean("active")
    made = {
        **{"id": random_id("promo_1", 23), "object": "promotion_code", "active": active is not False, "code": code},
        **{"created": now, "customer": customer, "customer_account": None, "expires_at": params.integer("expires_at")},
        **{"livemode": False, "max_redemptions": params.integer("max_redemptions", 1), "metadata": params.metadata()},
        **{"promotion": {"coupon": id, "type": "coupon"}, "restrictions": _restrictions(params), "times_redeemed": 0},
    }
    params.finish()
    return made


def _restrictions(params: Params) -> JSON:
    given = params.mapping("restrictions")
    made: JSON = {"currency_options": {}, "first_time_transaction": False}
    made |= {"minimum_amount": None, "minimum_amount_currency": None}
    if given is not None:
        if given.boolean("first_time_transaction"):
            raise not_simulated("promotion codes for first orders only", given.name("first_time_transaction"))
        made["minimum_amount"] = given.integer("minimum_amount", 1)
        if made["minimum_amount"] is not None:
            made["minimum_amount_currency"] = currency(given, "minimum_amount_currency")
        given.finish(("currency_options",))
    return made


def chosen(account: Account, params: Params, subtotal: int, code: str, *, customer: str | None, now: int) -> list[JSON]:
    """The `discounts` of a new session: at most one, still good for this order."""
    given = params.items("discounts")
    if len(given) > 1:
        raise invalid("You may only specify up to 1 discount.", "discounts")
    if not given:
        return []
    one = given[0]
    coupon_id, promotion_id = one.text("coupon"), one.text("promotion_code")
    one.finish()
    if (coupon_id is None) == (promotion_id is None):
        raise invalid("Give either `coupon` or `promotion_code`.", "discounts[0]")
    where = one.name("coupon" if promotion_id is None else "promotion_code")
    if promotion_id is not None:
        promotion = account.get("promotion_codes", promotion_id, "promotion code", where, 400)
        coupon_id = _coupon_behind(promotion, subtotal, code, customer=customer, now=now, param=where)
    assert coupon_id is not None
    _check_coupon(account, coupon_id, code, now, where)
    return [{"coupon": coupon_id if promotion_id is None else None, "promotion_code": promotion_id}]


def entered(account: Account, text: str, session: JSON, now: int) -> list[JSON]:
    """The `discounts` of a session whose shopper entered a code; letter case does not matter."""
    for promotion in reversed(account.tables["promotion_codes"].values()):
        if promotion["active"] and promotion["code"].lower() == text.strip().lower():
            code, customer, param = session["currency"], session["customer"], "promotion_code"
            coupon = _coupon_behind(
                promotion, session["amount_subtotal"], code, customer=customer, now=now, param=param
            )
            _check_coupon(account, coupon, code, now, param)
            return [{"coupon": None, "promotion_code": promotion["id"]}]
    raise invalid("This code is invalid.", "promotion_code", "resource_missing")


def _coupon_behind(promotion: JSON, subtotal: int, code: str, *, customer: str | None, now: int, param: str) -> str:
    limits, bound = promotion["restrictions"], promotion["customer"]
    _check_still_good(promotion, promotion["active"], promotion["expires_at"], now, param)
    if limits["minimum_amount"] is not None and subtotal < limits["minimum_amount"]:
        raise invalid("The order is too small for this promotion code.", param)
    if limits["minimum_amount"] is not None and limits["minimum_amount_currency"] != code:
        raise invalid("The promotion code is for another currency.", param)
    if bound not in (None, customer):
        raise invalid("This promotion code is for another customer.", param)
    return str(promotion["promotion"]["coupon"])


def _check_coupon(account: Account, id: str, code: str, now: int, param: str) -> None:
    coupon = account.get("coupons", id, "coupon", param, 400)
    _check_still_good(coupon, coupon["valid"], coupon["redeem_by"], now, param)
    if coupon["currency"] not in (None, code):
        raise invalid(f"The coupon is in {coupon['currency']}, the session in {code}.", param)


def _check_still_good(one: JSON, active: bool, until: int | None, now: int, param: str) -> None:
    used_up = one["max_redemptions"] is not None and one["times_redeemed"] >= one["max_redemptions"]
    if not active or used_up or (until is not None and until <= now):
        kind = one["object"].replace("_", " ")
        raise invalid(f"This {kind} is inactive, expired or used up.", param, "coupon_expired")


def named(account: Account, discounts: list[JSON]) -> list[JSON]:
    """How a shopper reads these discounts."""
    shown = []
    for one in discounts:
        promotion = account.tables["promotion_codes"].get(one["promotion_code"])
        coupon = account.tables["coupons"][promotion["promotion"]["coupon"] if promotion else one["coupon"]]
        code = promotion["code"] if promotion else None
        name = coupon["name"] or code or coupon["id"]
        shown.append({"displayName": name, "promotionCode": code, "percentOff": coupon["percent_off"]})
    return shown


def redeemed(account: Account, discounts: list[JSON]) -> list[tuple[str, str]]:
    """Table and id of everything that an order with these discounts uses up."""
    used = []
    for one in discounts:
        coupon_id = one["coupon"]
        if one["promotion_code"] is not None:
            used.append(("promotion_codes", one["promotion_code"]))
            coupon_id = account.tables["promotion_codes"][one["promotion_code"]]["promotion"]["coupon"]
        used.append(("coupons", coupon_id))
    return used


def taken_off(coupon: JSON, subtotal: int) -> int:
    """What a coupon takes off a subtotal, in minor units; halves are rounded up."""
    if coupon["amount_off"] is not None:
        return min(int(coupon["amount_off"]), subtotal)
    return int(subtotal * Fraction(str(coupon["percent_off"])) / 100 + Fraction(1, 2))


def spread(lines: list[JSON], discount: int) -> list[JSON]:
    """The lines with a discount divided among them by their size; the parts add up to the whole."""
    subtotal, before, after = sum(line["amount_subtotal"] for line in lines), 0, []
    for line in lines:
        upto = before + line["amount_subtotal"]
        part = discount * upto // subtotal - discount * before // subtotal if subtotal else 0
        after.append({**line, "amount_discount": part, "amount_total": line["amount_subtotal"] - part})
        before = upto
    return after
