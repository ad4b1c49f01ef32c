"""/v1/account"""

from ..calls import Call
from ..errors import JSON


async def retrieve(call: Call) -> JSON:
    """GET /v1/account: https://docs.stripe.com/api/accounts/object."""
    names = [
        "business_profile",
        "business_type",
        "capabilities",
        "company",
        "controller",
        "external_accounts",
        "future_requirements",
        "groups",
        "individual",
        "requirements",
        "tos_acceptance",
    ]
    settings = [
        "bacs_debit_payments",
        "branding",
        "card_issuing",
        "card_payments",
        "invoices",
        "payments",
        "payouts",
        "paypay_payments",
        "sepa_debit_payments",
        "treasury",
    ]
    return {
        **{"id": call.account.id, "object": "account", **dict.fromkeys(names)},
        **{"charges_enabled": True, "country": "US", "created": 0, "default_currency": "usd"},
        **{"details_submitted": True, "email": None, "metadata": {}, "payouts_enabled": False, "type": "standard"},
        "settings": {**dict.fromkeys(settings), "dashboard": {"display_name": "Simulated Stripe", "timezone": "UTC"}},
    }
