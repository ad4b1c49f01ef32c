"""Every state that a payment can be in, and every answer of the simulator in it."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.errors import StripeError
from stripe_simulator.payment_methods import PAYMENT_METHODS
from stripe_simulator.testing.server import Running

from .conftest import params

KEY = {"authorization": "Bearer sk_test_123"}
RATE: Any = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 490, "currency": "eur"}}


def get(simulator: Running, path: str, *expand: str) -> Any:
    """Return an answer as it travels."""
    query = {f"expand[{index}]": one for index, one in enumerate(expand)}
    answer = httpx2.get(f"{simulator.url}{path}", headers=KEY, params=query)
    assert answer.status_code == 200, (path, expand, answer.text)
    return answer.json()


def pay_by_card(simulator: Running, id: str) -> None:
    simulator.simulator.pay_session(id)


def decline(simulator: Running, id: str) -> None:
    with pytest.raises(StripeError):
        simulator.simulator.pay_session(id, "4000000000000002")


def pay_later(simulator: Running, id: str) -> None:
    simulator.simulator.pay_session(id, "DE89370400440532013000")


def settle(simulator: Running, id: str) -> None:
    pay_later(simulator, id)
    simulator.simulator.settle_debit(id)


def fail_later(simulator: Running, id: str) -> None:
    pay_later(simulator, id)
    simulator.simulator.settle_debit(id, succeeded=False)


def redirect(method: str, outcome: str) -> Callable[[Running, str], None]:
    def act(simulator: Running, id: str) -> None:
        simulator.simulator.pay_by_redirect(id, method, outcome)

    return act


def dispute(simulator: Running, id: str) -> None:
    pay_by_card(simulator, id)
    simulator.simulator.dispute(id)


def win(simulator: Running, id: str) -> None:
    dispute(simulator, id)
    simulator.simulator.win_dispute(id)


def inquire(simulator: Running, id: str) -> None:
    pay_by_card(simulator, id)
    simulator.simulator.dispute(id, inquiry=True)


def refund(simulator: Running, id: str) -> None:
    pay_by_card(simulator, id)
    simulator.simulator.refund(id, 100)
    simulator.simulator.refund(id)


def fail_refund(simulator: Running, id: str) -> None:
    refund(simulator, id)
    simulator.simulator.fail_refund(id)


def wait_for_refund(simulator: Running, id: str) -> None:
    simulator.simulator.pay_session(id, "4000000000007726")
    simulator.simulator.refund(id)


def expire(simulator: Running, id: str) -> None:
    simulator.simulator.expire_session(id)


STATES: dict[str, Callable[[Running, str], None]] = {
    "open": lambda simulator, id: None,
    "paid": pay_by_card,
    "declined": decline,
    "unpaid": pay_later,
    "settled": settle,
    "returned": fail_later,
    **{f"{method} {outcome}": redirect(method, outcome)
       for method in PAYMENT_METHODS if PAYMENT_METHODS[method].redirects
       for outcome in ("authorized", "failed")},
    "disputed": dispute,
    "won": win,
    "inquiry": inquire,
    "refunded": refund,
    "refund failed": fail_refund,
    "refund pending": wait_for_refund,
    "expired": expire,
}  # fmt: skip
FIELD: Any = {"key": "name", "type": "text", "label": {"type": "custom", "custom": "Engraving"}}
EVERYTHING: Any = {
    "ui_mode": None,
    "return_url": None,
    "success_url": "https://shop.test",
    "after_expiration": {"recovery": {"enabled": True}},
    "automatic_tax": {"enabled": True},
    "billing_address_collection": "required",
    "branding_settings": {"display_name": "Tea", "icon": {"type": "url", "url": "https://shop.test/x.png"}},
    "consent_collection": {"terms_of_service": "required", "promotions": "auto"},
    "custom_fields": [FIELD, {**FIELD, "key": "b", "type": "dropdown", "dropdown": {"options": [{"label": "A", "value": "a"}]}}],
    "custom_text": {"submit": {"message": "Thanks"}},
    "customer_creation": "always",
    "invoice_creation": {"enabled": True, "invoice_data": {"footer": "Bye", "custom_fields": [{"name": "a", "value": "b"}]}},
    "name_collection": {"individual": {"enabled": True}, "business": {"enabled": True, "optional": True}},
    "phone_number_collection": {"enabled": True},
    "shipping_address_collection": {"allowed_countries": ["DE", "FR"]},
    "shipping_options": [{"shipping_rate_data": RATE}],
    "tax_id_collection": {"enabled": True},
    "saved_payment_method_options": {"payment_method_save": "enabled"},
    "payment_intent_data": {"setup_future_usage": "off_session", "statement_descriptor_suffix": "TEA"},
}  # fmt: skip
SESSIONS = {
    "plain": {},
    "everything": EVERYTHING,
    "manual": {"payment_intent_data": {"capture_method": "manual"}},
    "hosted": {"ui_mode": None, "return_url": None, "success_url": "https://shop.test"},
    "embedded": {"ui_mode": "embedded_page"},
}
PATHS = ["line_items.data.price.product", "line_items.data.taxes", "total_details.breakdown", "shipping_cost.taxes"]
THROUGH = [
    *("payment_intent.payment_method", "payment_intent.latest_charge.balance_transaction", "customer", "invoice"),
    *("payment_intent.latest_charge.refunds.data", "setup_intent", "payment_intent.customer"),
]
TABLES_OF_A_PAYMENT = (
    *("payment_intents", "charges", "refunds", "disputes", "balance_transactions", "customers", "invoices"),
    *("payment_methods", "shipping_rates", "tax_rates", "balance", "account"),
)
Answers = Iterator[tuple[str, Any]]
"""Answers, each with where it comes from; a list is one answer."""


def answers_in(state: str, client: stripe.StripeClient, simulator: Running) -> Answers:
    """Bring a session of each kind into a state, and yield every answer about them."""
    for name, changes in SESSIONS.items():
        if name == "manual" and state not in ("paid", "declined", "open", "expired"):
            continue
        session = client.v1.checkout.sessions.create(params(**changes))
        STATES[state](simulator, session.id)
        path = f"/v1/checkout/sessions/{session.id}"
        yield name, get(simulator, path)
        yield f"{name}, expanded", get(simulator, path, *PATHS, *THROUGH)
        yield f"lines of {name}", get(simulator, f"{path}/line_items")
    for table in TABLES_OF_A_PAYMENT:
        yield table, get(simulator, f"/v1/{table}")
    yield "events", get(simulator, "/v1/events?limit=100")


def answers_of_resources(client: stripe.StripeClient, simulator: Running) -> Answers:
    """Make what a shop has besides its payments, and yield every answer about it."""
    coupon = client.v1.coupons.create({"percent_off": 10})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    price: Any = {
        "currency": "eur",
        "unit_amount": 900,
        "product_data": {"name": "Cup"},
        "recurring": {"interval": "month"},
    }
    client.v1.prices.create(price)
    client.v1.products.create({"name": "Pot", "default_price_data": {"currency": "eur", "unit_amount": 100}})
    customer: Any = {"payment_method": "pm_card_visa", "tax_id_data": [{"type": "eu_vat", "value": "DE123456789"}]}
    made = client.v1.customers.create(customer)
    client.v1.webhook_endpoints.create({"url": "https://shop.localhost/hook", "enabled_events": ["charge.succeeded"]})
    setup = client.v1.checkout.sessions.create(
        params(mode="setup", line_items=None, customer=made.id, customer_email=None)
    )
    simulator.simulator.pay_session(setup.id)
    intent: Any = {"amount": 500, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True,
                   "return_url": "https://shop.test"}  # fmt: skip
    client.v1.payment_intents.create(intent)
    for path in (
        *("/v1/coupons?expand[]=data.applies_to", "/v1/promotion_codes", "/v1/prices?expand[]=data.currency_options"),
        *(
            "/v1/products?expand[]=data.default_price",
            "/v1/webhook_endpoints",
            "/v1/setup_intents",
            "/v1/payment_intents",
        ),
        *(f"/v1/customers/{made.id}/tax_ids", f"/v1/customers/{made.id}/payment_methods"),
        f"/v1/customers/{made.id}?expand[]=tax_ids&expand[]=sources&expand[]=subscriptions&expand[]=tax&expand[]=cash_balance",
        f"/v1/checkout/sessions/{setup.id}?expand[]=setup_intent.payment_method",
    ):
        yield path, get(simulator, path)
    yield "events", get(simulator, "/v1/events?limit=100")
