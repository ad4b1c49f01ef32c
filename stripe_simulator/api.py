"""Stripe's own paths under `/v1`: which handler answers which."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .calls import Handler, JSONBody, endpoint, note, path_of
from .errors import StripeError, not_simulated
from .simulator import Simulator
from .v1 import account, catalog, checkout, customers, disputes, money, webhook_endpoints
from .v1.answers import listing, retrieve
from .v1.filters import among, flag, text

PRICES = listing(
    *("prices", text("product"), text("currency"), text("type")),
    *(flag("active"), among("lookup_keys", "lookup_key")),
    known=("recurring",),
)
PROMOTION_CODES = listing(
    *("promotion_codes", text("code"), text("customer")),
    *(flag("active"), text("coupon", "promotion.coupon")),
    known=("customer_account",),
)

PATHS: list[tuple[str, str, Handler]] = [
    ("POST", "/v1/checkout/sessions", checkout.create),
    ("GET", "/v1/checkout/sessions/{id}", checkout.retrieve),
    ("GET", "/v1/checkout/sessions", checkout.all),
    ("POST", "/v1/checkout/sessions/{id}", checkout.update),
    ("POST", "/v1/checkout/sessions/{id}/expire", checkout.expire),
    ("GET", "/v1/checkout/sessions/{id}/line_items", checkout.line_items),
    ("GET", "/v1/payment_intents/{id}", retrieve("payment_intents", "payment_intent", "intent")),
    ("GET", "/v1/payment_intents", listing("payment_intents", text("customer"), known=("customer_account",))),
    ("POST", "/v1/payment_intents/{id}/cancel", money.cancel_intent),
    ("GET", "/v1/charges/{id}", retrieve("charges", "charge")),
    ("GET", "/v1/charges", listing("charges", text("customer"), text("payment_intent"), known=("transfer_group",))),
    ("POST", "/v1/refunds", money.create_refund),
    ("GET", "/v1/refunds", listing("refunds", text("charge"), text("payment_intent"))),
    ("GET", "/v1/refunds/{id}", retrieve("refunds", "refund")),
    ("GET", "/v1/disputes", listing("disputes", text("charge"), text("payment_intent"))),
    ("GET", "/v1/disputes/{id}", retrieve("disputes", "dispute")),
    ("POST", "/v1/disputes/{id}", disputes.update),
    ("POST", "/v1/disputes/{id}/close", disputes.close),
    ("GET", "/v1/events", money.events),
    ("GET", "/v1/events/{id}", retrieve("events", "event")),
    ("POST", "/v1/products", catalog.create_product),
    (
        "GET",
        "/v1/products",
        listing("products", flag("active"), among("ids", "id"), text("url"), text("type"), known=("shippable",)),
    ),
    ("GET", "/v1/products/{id}", retrieve("products", "product")),
    ("POST", "/v1/prices", catalog.create_price),
    ("GET", "/v1/prices", PRICES),
    ("GET", "/v1/prices/{id}", retrieve("prices", "price")),
    ("POST", "/v1/coupons", catalog.create_coupon),
    ("GET", "/v1/coupons", listing("coupons")),
    ("GET", "/v1/coupons/{id}", retrieve("coupons", "coupon", "coupon")),
    ("POST", "/v1/promotion_codes", catalog.create_promotion_code),
    ("GET", "/v1/promotion_codes", PROMOTION_CODES),
    ("GET", "/v1/promotion_codes/{id}", retrieve("promotion_codes", "promotion code", "promotion_code")),
    ("POST", "/v1/shipping_rates", catalog.create_shipping_rate),
    ("GET", "/v1/shipping_rates", listing("shipping_rates", flag("active"), text("currency", "fixed_amount.currency"))),
    ("GET", "/v1/shipping_rates/{id}", retrieve("shipping_rates", "shipping rate")),
    ("POST", "/v1/customers", customers.create),
    ("GET", "/v1/customers", listing("customers", text("email"), known=("test_clock",))),
    ("GET", "/v1/customers/{id}", retrieve("customers", "customer")),
    ("POST", "/v1/customers/{id}", customers.update),
    ("DELETE", "/v1/customers/{id}", customers.delete),
    ("POST", "/v1/webhook_endpoints", webhook_endpoints.create),
    ("GET", "/v1/webhook_endpoints", webhook_endpoints.all),
    ("GET", "/v1/webhook_endpoints/{id}", webhook_endpoints.retrieve),
    ("POST", "/v1/webhook_endpoints/{id}", webhook_endpoints.update),
    ("DELETE", "/v1/webhook_endpoints/{id}", webhook_endpoints.delete),
    ("GET", "/v1/account", account.retrieve),
]


SEARCHED = ("charges", "customers", "payment_intents", "prices", "products")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def routes(simulator: Simulator) -> tuple[list[Route], list[Route]]:
    """Every path that a secret key opens, and what answers the rest of `/v1` and `/v2`."""

    async def elsewhere(request: Request) -> Response:
        message = not_simulated(f"{request.method} {path_of(request)}").error["message"]
        response = JSONBody(StripeError(404, message).body(), 404)
        await note(simulator, request, response)
        return response

    made = [Route(path, endpoint(simulator, handler), methods=[method]) for method, path, handler in PATHS]
    searches = [Route(f"/v1/{table}/search", elsewhere, methods=METHODS) for table in SEARCHED]
    rest = [Route(f"/{version}/{{path:path}}", elsewhere, methods=METHODS) for version in ("v1", "v2")]
    return [*searches, *made], rest
