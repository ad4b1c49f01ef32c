"""Stripe's own paths under `/v1`: which handler answers which."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .calls import Handler, JSONBody, endpoint, path_of
from .errors import StripeError, not_simulated
from .simulator import Simulator
from .v1 import account, catalog, checkout, customers, money, webhook_endpoints
from .v1.answers import listing, retrieve

PATHS: list[tuple[str, str, Handler]] = [
    ("POST", "/v1/checkout/sessions", checkout.create),
    ("GET", "/v1/checkout/sessions/{id}", checkout.retrieve),
    ("GET", "/v1/checkout/sessions", checkout.all),
    ("POST", "/v1/checkout/sessions/{id}", checkout.update),
    ("POST", "/v1/checkout/sessions/{id}/expire", checkout.expire),
    ("GET", "/v1/checkout/sessions/{id}/line_items", checkout.line_items),
    ("GET", "/v1/payment_intents/{id}", retrieve("payment_intents", "payment_intent", "intent")),
    ("GET", "/v1/payment_intents", listing("payment_intents", "customer")),
    ("POST", "/v1/payment_intents/{id}/cancel", money.cancel_intent),
    ("GET", "/v1/charges/{id}", retrieve("charges", "charge")),
    ("GET", "/v1/charges", listing("charges", "customer", "payment_intent")),
    ("POST", "/v1/refunds", money.create_refund),
    ("GET", "/v1/refunds", listing("refunds", "charge", "payment_intent")),
    ("GET", "/v1/refunds/{id}", retrieve("refunds", "refund")),
    ("GET", "/v1/disputes", listing("disputes", "charge", "payment_intent")),
    ("GET", "/v1/disputes/{id}", retrieve("disputes", "dispute")),
    ("GET", "/v1/events", money.events),
    ("GET", "/v1/events/{id}", retrieve("events", "event")),
    ("POST", "/v1/products", catalog.create_product),
    ("GET", "/v1/products", listing("products")),
    ("GET", "/v1/products/{id}", retrieve("products", "product")),
    ("POST", "/v1/prices", catalog.create_price),
    ("GET", "/v1/prices", listing("prices", "product", "currency")),
    ("GET", "/v1/prices/{id}", retrieve("prices", "price")),
    ("POST", "/v1/coupons", catalog.create_coupon),
    ("GET", "/v1/coupons", listing("coupons")),
    ("GET", "/v1/coupons/{id}", retrieve("coupons", "coupon", "coupon")),
    ("POST", "/v1/promotion_codes", catalog.create_promotion_code),
    ("GET", "/v1/promotion_codes", listing("promotion_codes", "code", "customer")),
    ("GET", "/v1/promotion_codes/{id}", retrieve("promotion_codes", "promotion code", "promotion_code")),
    ("POST", "/v1/shipping_rates", catalog.create_shipping_rate),
    ("GET", "/v1/shipping_rates", listing("shipping_rates")),
    ("GET", "/v1/shipping_rates/{id}", retrieve("shipping_rates", "shipping rate")),
    ("POST", "/v1/customers", customers.create),
    ("GET", "/v1/customers", listing("customers", "email")),
    ("GET", "/v1/customers/{id}", retrieve("customers", "customer")),
    ("POST", "/v1/customers/{id}", customers.update),
    ("DELETE", "/v1/customers/{id}", customers.delete),
    ("POST", "/v1/webhook_endpoints", webhook_endpoints.create),
    ("GET", "/v1/webhook_endpoints", webhook_endpoints.all),
    ("GET", "/v1/webhook_endpoints/{id}", webhook_endpoints.retrieve),
    ("DELETE", "/v1/webhook_endpoints/{id}", webhook_endpoints.delete),
    ("GET", "/v1/account", account.retrieve),
]


async def _elsewhere(request: Request) -> Response:
    """What nobody answers: either not Stripe's, or not simulated."""
    error = not_simulated(f"{request.method} {path_of(request)}")
    return JSONBody(StripeError(404, error.error["message"]).body(), 404)


def routes(simulator: Simulator) -> list[Route]:
    """Every path under `/v1` that a secret key opens."""
    made = [Route(path, endpoint(simulator, handler), methods=[method]) for method, path, handler in PATHS]
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [*made, Route("/v1/{path:path}", _elsewhere, methods=methods)]
