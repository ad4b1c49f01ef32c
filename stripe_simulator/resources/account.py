"""/v1/account: https://docs.stripe.com/api/accounts."""

from ..errors import not_found
from ..http.request import ApiRequest, ApiRoute
from ..state import Account
from ..wire import JSON


async def retrieve_account(request: ApiRequest) -> JSON:
    """Return the account of the secret key: GET /v1/account."""
    request.params.finish()
    return account_object(request.account)


async def retrieve_by_id(request: ApiRequest) -> JSON:
    """Return the account of the secret key, or one that is connected to it: GET /v1/accounts/{id}."""
    request.params.finish()
    if not request.path["id"].startswith("acct_"):
        raise not_found("account", request.path["id"], "account")
    return account_object(request.state.connected(request.account, request.path["id"]))


def account_object(account: Account) -> JSON:
    """Return an account as it travels. What only forms of Connect fill is left out."""
    return {
        "id": account.id,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": None,
            "minority_owned_business_designation": None,
            "name": "Simulated Stripe",
            "product_description": None,
            "specified_commercial_transactions_act_url": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": None,
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": 0,
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": False,
        "settings": {
            "bacs_debit_payments": {"display_name": None, "service_user_number": None},
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
            "card_payments": {
                "decline_on": {"avs_failure": False, "cvc_failure": False},
                "statement_descriptor_prefix": "SIMULATED",
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "dashboard": {"display_name": "Simulated Stripe", "timezone": "UTC"},
            "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
            "payments": {
                "statement_descriptor": "SIMULATED STRIPE",
                "statement_descriptor_kana": None,
                "statement_descriptor_kanji": None,
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "payouts": {
                "debit_negative_balances": True,
                "schedule": {"delay_days": 7, "interval": "daily"},
                "statement_descriptor": None,
            },
            "sepa_debit_payments": {},
        },
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "standard",
    }


ROUTES: list[ApiRoute] = [
    ("GET", "/v1/account", retrieve_account),
    ("GET", "/v1/accounts/{id}", retrieve_by_id),
]
