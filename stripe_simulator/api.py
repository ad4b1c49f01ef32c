"""Stripe's own paths under `/v1`: the routes of every resource, and what answers the rest."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .errors import StripeError, not_simulated
from .http.pipeline import endpoint, log_request
from .http.request import ApiRoute, path_of
from .http.responses import JSONResponse
from .resources import (
    account,
    balance,
    balance_transactions,
    charges,
    core_events,
    coupons,
    customer_routes,
    disputes,
    events,
    invoices,
    payment_intent_routes,
    payment_methods,
    price_routes,
    product_features,
    product_routes,
    promotion_codes,
    refunds,
    setup_intents,
    shipping_rates,
    tax_ids,
    tax_rates,
    webhook_endpoints,
)
from .resources.checkout_sessions.routes import SessionRoutes
from .resources.checkout_sessions.service import SessionService
from .simulator import Simulator

OTHER_ROUTES: list[ApiRoute] = [
    *payment_intent_routes.ROUTES,
    *payment_methods.ROUTES,
    *setup_intents.ROUTES,
    *charges.ROUTES,
    *refunds.ROUTES,
    *disputes.ROUTES,
    *balance.ROUTES,
    *balance_transactions.ROUTES,
    *invoices.ROUTES,
    *events.ROUTES,
    *product_routes.ROUTES,
    *product_features.ROUTES,
    *price_routes.ROUTES,
    *coupons.ROUTES,
    *promotion_codes.ROUTES,
    *shipping_rates.ROUTES,
    *tax_rates.ROUTES,
    *customer_routes.ROUTES,
    *tax_ids.ROUTES,
    *webhook_endpoints.ROUTES,
    *core_events.ROUTES,
    *account.ROUTES,
]
WORDS = (
    *(f"{table}/search" for table in ("charges", "customers", "invoices", "payment_intents", "prices", "products")),
    *("invoices/upcoming", "invoices/upcoming/lines"),
)
"""Paths of Stripe's that are not simulated and would be taken for the id of an object."""
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def api_routes(sessions: SessionService) -> list[ApiRoute]:
    """Return the routes of every resource; those of sessions change them through `sessions`."""
    return [*SessionRoutes(sessions).routes(), *OTHER_ROUTES]


def build_routes(simulator: Simulator) -> tuple[list[Route], list[Route]]:
    """Return the routes that a secret key opens, and those that answer the rest of `/v1` and `/v2`."""

    async def refuse(request: Request) -> Response:
        message = not_simulated(f"{request.method} {path_of(request)}").error["message"]
        response = JSONResponse(StripeError(404, message).body(), 404)
        await log_request(simulator.request_log, request, response)
        return response

    simulated = [
        Route(path, endpoint(simulator, handler), methods=[method])
        for method, path, handler in api_routes(simulator.sessions)
    ]
    words = [Route(f"/v1/{path}", refuse, methods=METHODS) for path in WORDS]
    rest = [Route(f"/{version}/{{path:path}}", refuse, methods=METHODS) for version in ("v1", "v2")]
    return [*words, *simulated], rest
