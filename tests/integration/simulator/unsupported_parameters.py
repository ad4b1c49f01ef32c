"""Parameters of a session that Stripe has and the simulator does not, each with a value that Stripe takes."""

from typing import Any

SHIP: Any = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 1, "currency": "eur"}}
KEPT: list[dict[str, Any]] = [
    {"managed_payments": {"enabled": True}},
    {"customer_account": "acct_1"},
    {"automatic_tax": {"enabled": True, "liability": {"type": "account", "account": "acct_1"}}},
    {"payment_intent_data": {"application_fee_amount": 1}},
    {"payment_intent_data": {"on_behalf_of": "acct_1"}},
    {"payment_intent_data": {"transfer_data": {"destination": "acct_1"}}},
    {"invoice_creation": {"enabled": True, "invoice_data": {"issuer": {"type": "account", "account": "acct_1"}}}},
]
"""What `unsupported="ignore"` keeps."""
REFUSED: list[dict[str, Any]] = [
    {"allowed_payment_method_types": ["affirm"]},
    {"line_items": [{"price_data": {"currency": "eur", "product_data": {"name": "x"}, "custom_unit_amount": {"enabled": True}},
                     "quantity": 1}]},
]  # fmt: skip
"""What is refused all the same, because the amount, or whether anybody can pay, depends on it."""
