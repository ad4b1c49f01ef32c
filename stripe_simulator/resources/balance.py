"""/v1/balance: https://docs.stripe.com/api/balance."""

from ..http.request import ApiRequest, ApiRoute
from ..wire import JSON


async def retrieve_balance(request: ApiRequest) -> JSON:
    """Return what the account has, by currency: GET /v1/balance.

    Money that came in is pending until its balance transaction is available.
    """
    request.params.finish()
    available: dict[str, int] = {}
    pending: dict[str, int] = {}
    for moved in request.account.tables["balance_transactions"].values():
        into = available if moved["available_on"] <= request.now else pending
        for sums in (available, pending):
            sums.setdefault(moved["currency"], 0)
        into[moved["currency"]] += moved["net"]
    if request.state.balance_is_empty:
        available = {currency: min(0, amount) for currency, amount in available.items()}
    return {
        "object": "balance",
        "available": _shown(available),
        "livemode": False,
        "pending": _shown(pending),
        "refund_and_dispute_prefunding": {"available": _shown({}), "pending": _shown({})},
    }


def _shown(amounts: dict[str, int]) -> list[JSON]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in (amounts or {"usd": 0}).items()
    ]


ROUTES: list[ApiRoute] = [("GET", "/v1/balance", retrieve_balance)]
