"""/v1/coupons: https://docs.stripe.com/api/coupons."""

import re
from fractions import Fraction

from ..currencies import step
from ..errors import invalid
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..state import Account
from ..wire import JSON
from .fields import check_amount, take_amount, take_currency

DURATIONS = ("once", "forever", "repeating")


def build_coupon(account: Account, params: Params, now: int) -> JSON:
    """Return a coupon from the parameters of `POST /v1/coupons`."""
    id = params.text("id") or random_id("", 8)
    if id in account.tables["coupons"]:
        raise invalid("Coupon already exists.", "id", "resource_already_exists")
    percent, amount = params.text("percent_off"), take_amount(params, "amount_off", 1)
    if (percent is None) == (amount is None):
        raise invalid("Give either `percent_off` or `amount_off`.", "percent_off")
    if percent is not None and not (re.fullmatch(r"\d{1,3}(\.\d+)?", percent) and 0 < Fraction(percent) <= 100):
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100.", "percent_off")
    duration = params.choice("duration", DURATIONS) or "once"
    currency = None
    if amount is not None:
        currency = take_currency(params)
        check_amount(params, "amount_off", amount, currency)
    metadata, name = params.metadata(), params.text("name", 40)
    redeem_by, max_redemptions = params.integer("redeem_by"), params.integer("max_redemptions", 1)
    duration_in_months = params.integer("duration_in_months", 1)
    params.finish(("applies_to", "currency_options", "currency"))
    return {
        "id": id,
        "object": "coupon",
        "amount_off": amount,
        "applies_to": None,
        "created": now,
        "currency": currency,
        "currency_options": None,
        "duration": duration,
        "duration_in_months": duration_in_months,
        "livemode": False,
        "max_redemptions": max_redemptions,
        "metadata": metadata,
        "name": name,
        "percent_off": float(percent) if percent else None,
        "redeem_by": redeem_by,
        "times_redeemed": 0,
        "valid": True,
    }


def require_usable(found: JSON, active: bool, expires_at: int | None, now: int, param: str) -> None:
    """Raise when a coupon or promotion code can no longer be redeemed.

    Args:
        found: the coupon or promotion code.
        active: whether it is switched on.
        expires_at: when it ends, in seconds since the epoch; None when it does not.
        now: the simulated time, in seconds since the epoch.
        param: the parameter that named it.
    """
    used_up = found["max_redemptions"] is not None and found["times_redeemed"] >= found["max_redemptions"]
    if not active or used_up or (expires_at is not None and expires_at <= now):
        kind = found["object"].replace("_", " ")
        raise invalid(f"This {kind} is inactive, expired or used up.", param, "coupon_expired")


def require_usable_coupon(account: Account, id: str, currency: str, now: int, param: str) -> None:
    """Raise when a coupon cannot be redeemed for a session in `currency`."""
    coupon = account.get("coupons", id, "coupon", param, 400)
    require_usable(coupon, coupon["valid"], coupon["redeem_by"], now, param)
    if coupon["currency"] not in (None, currency):
        raise invalid(f"The coupon is in {coupon['currency']}, the session in {currency}.", param)


def discount_amount(coupon: JSON, subtotal: int, currency: str) -> int:
    """Return what a coupon takes off a subtotal, in minor units; halves are rounded up."""
    if coupon["amount_off"] is not None:
        return min(int(coupon["amount_off"]), subtotal)
    whole = step(currency)
    return int(subtotal // whole * Fraction(str(coupon["percent_off"])) / 100 + Fraction(1, 2)) * whole


async def create(request: ApiRequest) -> JSON:
    """Create a coupon: POST /v1/coupons."""
    coupon = build_coupon(request.account, request.params, request.now)
    request.store("coupons", coupon)
    return coupon


ROUTES: list[ApiRoute] = [
    ("POST", "/v1/coupons", create),
    ("GET", "/v1/coupons", listing("coupons")),
    ("GET", "/v1/coupons/{id}", retrieve("coupons", "coupon", "coupon")),
]
