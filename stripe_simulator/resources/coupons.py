"""/v1/coupons: https://docs.stripe.com/api/coupons."""

import re
from fractions import Fraction

from ..currencies import step
from ..errors import invalid
from ..events import changed_fields
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..http.shapes import Fields, Words
from ..ids import random_id
from ..state import Account
from ..wire import JSON
from .fields import check_amount, take_amount, take_currency

APPLIES_TO = Fields({"products": Words()})
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
    if duration == "repeating" and duration_in_months is None:
        raise params.missing("duration_in_months")
    params.finish(("currency_options", "currency"))
    return {
        "id": id,
        "object": "coupon",
        "amount_off": amount,
        "created": now,
        "currency": currency,
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


def discounted_products(account: Account, coupon: JSON) -> list[str] | None:
    """Return the products that a coupon is for, by id; None when it is for all."""
    applies: JSON = account.tables["hidden"].get(coupon["id"], {}).get("applies_to", {})
    return applies.get("products")


async def create(request: ApiRequest) -> JSON:
    """Create a coupon: POST /v1/coupons."""
    applies = APPLIES_TO.take(request.params, "applies_to")
    coupon = build_coupon(request.account, request.params, request.now)
    if applies is not None:
        request.state.put(request.account, "hidden", coupon["id"], {"applies_to": applies})
    request.store("coupons", coupon)
    return coupon


async def update(request: ApiRequest) -> JSON:
    """Change name and metadata of a coupon: POST /v1/coupons/{id}."""
    before = request.account.get("coupons", request.path["id"], "coupon", "coupon")
    name = request.params.text("name", 40) if "name" in request.params else before["name"]
    coupon = {**before, "metadata": request.params.metadata(before=before["metadata"]), "name": name}
    request.params.finish(("currency_options",))
    request.state.put(request.account, "coupons", coupon["id"], coupon)
    request.events.emit(request.account, "coupon.updated", coupon, changed_fields(before, coupon))
    return coupon


async def delete(request: ApiRequest) -> JSON:
    """Delete a coupon, so that nobody can redeem it any more: DELETE /v1/coupons/{id}."""
    request.params.finish()
    coupon = request.account.get("coupons", request.path["id"], "coupon", "coupon")
    remains = {"id": coupon["id"], "object": "coupon", "deleted": True}
    request.state.remove(request.account, "coupons", coupon["id"])
    for id, promotion in list(request.account.tables["promotion_codes"].items()):
        if promotion["promotion"]["coupon"] == coupon["id"]:
            request.state.put(request.account, "promotion_codes", id, {**promotion, "active": False})
    request.events.emit(request.account, "coupon.deleted", coupon)
    return remains


ROUTES: list[ApiRoute] = [
    ("POST", "/v1/coupons", create),
    ("GET", "/v1/coupons", listing("coupons")),
    ("GET", "/v1/coupons/{id}", retrieve("coupons", "coupon", "coupon")),
    ("POST", "/v1/coupons/{id}", update),
    ("DELETE", "/v1/coupons/{id}", delete),
]
