"""/v1/promotion_codes: https://docs.stripe.com/api/promotion_codes."""

from ..errors import invalid, not_simulated
from ..events import changed_fields
from ..http.filters import flag, text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..state import Account
from ..wire import JSON
from .coupons import require_usable
from .customers import find_customer
from .fields import take_currency


def build_promotion_code(account: Account, params: Params, now: int) -> JSON:
    """Return a promotion code from the parameters of `POST /v1/promotion_codes`."""
    coupon_id = _take_promotion(account, params)
    code = params.text("code", 500) or random_id("", 8).upper()
    if find_active(account, code) is not None:
        raise invalid("An active promotion code with `code` already exists.", "code", "resource_already_exists")
    customer = params.text("customer")
    if customer is not None:
        find_customer(account, customer)
    active = params.boolean("active") is not False
    expires_at, max_redemptions = params.integer("expires_at"), params.integer("max_redemptions", 1)
    metadata, restrictions = params.metadata(), _take_restrictions(params.mapping("restrictions"))
    params.finish(("customer_account",))
    return {
        "id": random_id("promo_1", 23),
        "object": "promotion_code",
        "active": active,
        "code": code,
        "created": now,
        "customer": customer,
        "customer_account": None,
        "expires_at": expires_at,
        "livemode": False,
        "max_redemptions": max_redemptions,
        "metadata": metadata,
        "promotion": {"coupon": coupon_id, "type": "coupon"},
        "restrictions": restrictions,
        "times_redeemed": 0,
    }


def _take_promotion(account: Account, params: Params) -> str:
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
    return id


def _take_restrictions(given: Params | None) -> JSON:
    minimum, currency = None, None
    if given is not None:
        if given.boolean("first_time_transaction"):
            raise not_simulated("promotion codes for first orders only", given.name("first_time_transaction"))
        minimum = given.integer("minimum_amount", 1)
        if minimum is not None:
            currency = take_currency(given, "minimum_amount_currency")
        elif "minimum_amount_currency" in given:
            raise given.missing("minimum_amount")
        given.finish(("currency_options",))
    return {
        "currency_options": {},
        "first_time_transaction": False,
        "minimum_amount": minimum,
        "minimum_amount_currency": currency,
    }


def find_active(account: Account, code: str) -> JSON | None:
    """Return the newest active promotion code with this text, or None; letter case does not matter."""
    wanted = code.strip().lower()
    for promotion in reversed(account.tables["promotion_codes"].values()):
        if promotion["active"] and promotion["code"].lower() == wanted:
            found: JSON = promotion
            return found
    return None


def require_redeemable(
    promotion: JSON, subtotal: int, currency: str, *, customer: str | None, now: int, param: str
) -> str:
    """Return the coupon behind a promotion code.

    Args:
        promotion: the promotion code.
        subtotal: what the lines cost, in minor units.
        currency: the session's currency.
        customer: the session's customer, if it has one.
        now: the simulated time, in seconds since the epoch.
        param: the parameter that named the code.

    Raises:
        StripeError: the code cannot be redeemed for this session.
    """
    limits = promotion["restrictions"]
    require_usable(promotion, promotion["active"], promotion["expires_at"], now, param)
    if limits["minimum_amount"] is not None and subtotal < limits["minimum_amount"]:
        raise invalid("The order is too small for this promotion code.", param)
    if limits["minimum_amount"] is not None and limits["minimum_amount_currency"] != currency:
        raise invalid("The promotion code is for another currency.", param)
    if promotion["customer"] not in (None, customer):
        raise invalid("This promotion code is for another customer.", param)
    return str(promotion["promotion"]["coupon"])


async def create(request: ApiRequest) -> JSON:
    """Create a promotion code: POST /v1/promotion_codes."""
    promotion = build_promotion_code(request.account, request.params, request.now)
    request.store("promotion_codes", promotion)
    return promotion


async def update(request: ApiRequest) -> JSON:
    """Switch a promotion code on or off, or change its metadata: POST /v1/promotion_codes/{id}."""
    before = request.account.get("promotion_codes", request.path["id"], "promotion code", "promotion_code")
    active = request.params.boolean("active")
    metadata = request.params.metadata(before=before["metadata"])
    request.params.finish(("restrictions",))
    after = {**before, "active": before["active"] if active is None else active, "metadata": metadata}
    request.state.put(request.account, "promotion_codes", after["id"], after)
    request.events.emit(request.account, "promotion_code.updated", after, changed_fields(before, after))
    return after


list_promotion_codes = listing(
    "promotion_codes",
    text("code"),
    text("customer"),
    flag("active"),
    text("coupon", "promotion.coupon"),
    unsupported=("customer_account",),
)

ROUTES: list[ApiRoute] = [
    ("POST", "/v1/promotion_codes", create),
    ("GET", "/v1/promotion_codes", list_promotion_codes),
    ("POST", "/v1/promotion_codes/{id}", update),
    ("GET", "/v1/promotion_codes/{id}", retrieve("promotion_codes", "promotion code", "promotion_code")),
]
