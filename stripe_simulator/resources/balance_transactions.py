"""/v1/balance_transactions: https://docs.stripe.com/api/balance_transactions."""

from ..currencies import step
from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.request import ApiRoute
from ..ids import random_id
from ..state import Account, State
from ..wire import JSON, Charge

FEE_PER_MILLE = 15
FIXED_FEE = 25
DISPUTE_FEE = 1500
"""What Stripe keeps of a payment, and takes for a chargeback, in minor units: its prices for cards of the EEA."""
AVAILABLE_SECONDS = 7 * 24 * 3600
CATEGORIES = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
}
"""`reporting_category` by type: https://docs.stripe.com/reports/reporting-categories."""


def payment_fee(amount: int, currency: str) -> int:
    """Return what Stripe keeps of a payment: 1.5 % and 25 minor units, rounded up to what the currency has."""
    whole = step(currency)
    fee = (amount * FEE_PER_MILLE + 500) // 1000 + FIXED_FEE
    return -(-fee // whole) * whole


def dispute_fee(currency: str) -> int:
    """Return what Stripe takes for a chargeback, in minor units."""
    whole = step(currency)
    return -(-DISPUTE_FEE // whole) * whole


def charge_transaction(charge: Charge, now: int) -> JSON:
    """Return the money that a paid charge brings."""
    fee = payment_fee(charge["amount_captured"], charge["currency"])
    return build_transaction(
        "charge" if _is_card(charge) else "payment",
        charge["amount_captured"],
        charge["currency"],
        charge["id"],
        now,
        fee=fee,
        description=charge["description"],
    )


def refund_transaction(charge: Charge, refund: JSON, now: int) -> JSON:
    """Return the money that a refund takes. Stripe keeps the fee of the payment."""
    return build_transaction(
        "refund" if _is_card(charge) else "payment_refund",
        -refund["amount"],
        refund["currency"],
        refund["id"],
        now,
        description="REFUND FOR CHARGE",
    )


def build_transaction(
    type: str,
    amount: int,
    currency: str,
    source: str,
    now: int,
    *,
    fee: int = 0,
    category: str | None = None,
    description: str | None = None,
) -> JSON:
    """Return one movement of the account's balance.

    Args:
        type: Stripe's type, such as `charge`.
        amount: what moves, in minor units; negative when it leaves the balance.
        currency: the currency of both.
        source: the id of what moved it.
        now: the simulated time, in seconds since the epoch.
        fee: what Stripe keeps, in minor units; negative when it gives a fee back.
        category: `reporting_category`, where the type alone does not tell it.
        description: what the account reads.
    """
    detail = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Stripe processing fees" if category is None else "Dispute fee",
        "type": "stripe_fee",
    }
    return {
        "id": random_id("txn_3", 24),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now + AVAILABLE_SECONDS if amount > 0 else now,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "reporting_category": category or CATEGORIES[type],
        "source": source,
        "status": "pending" if amount > 0 else "available",
        "type": type,
    }


def book(state: State, account: Account, transaction: JSON) -> str:
    """Store a movement of the balance and return its id."""
    state.put(account, "balance_transactions", transaction["id"], transaction)
    return str(transaction["id"])


def _is_card(charge: Charge) -> bool:
    return bool(charge["payment_method_details"]["type"] == "card")


list_transactions = listing(
    "balance_transactions",
    text("type"),
    text("source"),
    text("currency"),
    unsupported=("payout",),
)

ROUTES: list[ApiRoute] = [
    ("GET", "/v1/balance_transactions", list_transactions),
    ("GET", "/v1/balance_transactions/{id}", retrieve("balance_transactions", "balance transaction")),
]
