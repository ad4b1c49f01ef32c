"""/v1/account: https://docs.stripe.com/api/accounts."""

from ..http.request import ApiRequest, ApiRoute
from ..wire import JSON


async def retrieve_account(request: ApiRequest) -> JSON:
    """Return the account of the secret key: GET /v1/account."""
    return {
        "id": request.account.id,
        "object": "account",
        "business_profile": None,
        "business_type": None,
        "capabilities": None,
        "charges_enabled": True,
        "company": None,
        "controller": None,
        "country": "US",
        "created": 0,
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "external_accounts": None,
        "future_requirements": None,
        "groups": None,
        "individual": None,
        "metadata": {},
        "payouts_enabled": False,
        "requirements": None,
        "settings": {
            "bacs_debit_payments": None,
            "branding": None,
            "card_issuing": None,
            "card_payments": None,
            "dashboard": {"display_name": "Simulated Stripe", "timezone": "UTC"},
            "invoices": None,
            "payments": None,
            "payouts": None,
            "paypay_payments": None,
            "sepa_debit_payments": None,
            "treasury": None,
        },
        "tos_acceptance": None,
        "type": "standard",
    }


ROUTES: list[ApiRoute] = [("GET", "/v1/account", retrieve_account)]
