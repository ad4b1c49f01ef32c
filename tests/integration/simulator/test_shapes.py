"""Every answer in every state against the annotations of stripe-python, and names that real accounts answer with."""

import ast
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.errors import StripeError
from stripe_simulator.expandable import ABSENT, TABLES
from stripe_simulator.payment_methods import PAYMENT_METHODS
from stripe_simulator.testing.server import Running
from tests.support.sdk_shapes import problems, shape_of

from .conftest import params

KEY = {"authorization": "Bearer sk_test_123"}
RATE: Any = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 490, "currency": "eur"}}
FORMS_OF_CONNECT = {
    *("company", "external_accounts", "future_requirements", "groups", "individual", "requirements"),
}
ALWAYS = {
    *("id", "object", "allow_redisplay", "billing_details", "created", "customer", "customer_account", "livemode"),
    *("metadata", "type"),
}
PAYMENT_METHOD = shape_of("payment_method")
assert PAYMENT_METHOD is not None
OTHER_TYPES = PAYMENT_METHOD.fields.keys() - ALWAYS
MAY_BE_ABSENT: dict[str, set[str]] = {
    **{kind: set(names) for kind, names in ABSENT.items()},
    "checkout.session": {
        *("line_items", "optional_items", "presentment_details", "redirect_on_completion", "return_url"),
        "tax_id_collection",
    },
    "TotalDetails": {"breakdown"},
    "ShippingCost": {"taxes"},
    "FixedAmount": {"currency_options"},
    "AfterExpiration": set(),
    "CustomField": {"dropdown", "numeric", "text"},
    "Liability": {"account"},
    "Issuer": {"account"},
    "Owner": {"account", "application", "customer_account", "customer"},
    "Data": {"previous_attributes"},
    "event": {"account", "context", "reason"},
    "account": FORMS_OF_CONNECT,
    "invoice": {"payments", "confirmation_secret", "threshold_reason", "status_details"},
    "payment_method": {*OTHER_TYPES, "radar_options"},
    "Card": {"description", "iin", "issuer", "generated_from"},
    "TosAcceptance": {"service_agreement"},
    "setup_intent": {"attach_to_self"},
    "balance": {"connect_reserved", "instant_available", "issuing"},
    "webhook_endpoint": {"secret"},
}
"""What Stripe leaves out: fields until they are expanded or used, and hashes for what is not simulated."""


def wrong(answer: Any) -> list[str]:
    """Return what is wrong with an answer, without what is only missing in hashes that have one part of many."""
    found = []
    for problem in problems(answer, MAY_BE_ABSENT):
        where, _, what = problem.partition(": ")
        is_part = any(
            f".{name}" in where
            for name in (
                *("payment_method_details", "payment_method_options", "next_action", "settings", "controller"),
                *("capabilities", "source_types", "instant", "tip", "evidence", "last_payment_error", "rate"),
                *("radar_options", "fraud_details", "branding_settings", "liability", "business_profile"),
                *("enhanced_eligibility", "refund_and_dispute_prefunding", "destination_details"),
            )
        )
        if what != "missing" or not is_part:
            found.append(problem)
    return found


def get(simulator: Running, path: str, *expand: str) -> Any:
    """Return an answer as it travels."""
    query = {f"expand[{index}]": one for index, one in enumerate(expand)}
    answer = httpx2.get(f"{simulator.url}{path}", headers=KEY, params=query)
    assert answer.status_code == 200, (path, expand, answer.text)
    return answer.json()


def checked_events(simulator: Running) -> None:
    """Check what every event so far tells of."""
    for event in get(simulator, "/v1/events?limit=100")["data"]:
        assert wrong(event["data"]["object"]) == [], event["type"]
        assert wrong(event) == []


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
    *("payment_intent.latest_charge.refunds.data.balance_transaction", "setup_intent", "payment_intent.customer"),
]


@pytest.mark.parametrize("state", STATES)
def test_every_answer_has_the_shape_of_the_sdk(client: stripe.StripeClient, simulator: Running, state: str) -> None:
    for name, changes in SESSIONS.items():
        if name == "manual" and state not in ("paid", "declined", "open", "expired"):
            continue
        session = client.v1.checkout.sessions.create(params(**changes))
        STATES[state](simulator, session.id)
        path = f"/v1/checkout/sessions/{session.id}"
        assert wrong(get(simulator, path)) == [], name
        assert wrong(get(simulator, path, *PATHS, *THROUGH)) == [], name
        assert wrong(get(simulator, f"{path}/line_items")) == [], name
    for table in ("payment_intents", "charges", "refunds", "disputes", "balance_transactions", "customers", "invoices"):
        assert wrong(get(simulator, f"/v1/{table}")) == [], table
    for table in ("payment_methods", "shipping_rates", "tax_rates", "balance", "account"):
        assert wrong(get(simulator, f"/v1/{table}")) == [], table
    checked_events(simulator)


def test_every_resource_has_the_shape_of_the_sdk(client: stripe.StripeClient, simulator: Running) -> None:
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
        assert wrong(get(simulator, path)) == [], path
    checked_events(simulator)


@pytest.mark.parametrize("kind", [kind for kind in TABLES if shape_of(kind) is not None])
def test_what_stripes_types_call_expandable_can_be_expanded(kind: str) -> None:
    shape = shape_of(kind)
    assert shape is not None
    expandable = {name for name, annotation in shape.fields.items() if "ExpandableField" in ast.unparse(annotation)}
    if kind == "checkout.session":
        expandable.discard("subscription")  # is refused: subscriptions are not simulated
    assert expandable <= TABLES[kind].keys()


# Names of fields in answers that were recorded from real accounts (facts): present, and absent until they are expanded.
PRESENT = {
    "session": {
        *(
            "after_expiration",
            "allow_promotion_codes",
            "amount_subtotal",
            "amount_total",
            "automatic_tax",
            "cancel_url",
        ),
        *("billing_address_collection", "client_reference_id", "consent", "consent_collection", "created", "currency"),
        *("custom_fields", "custom_text", "customer", "customer_creation", "customer_details", "customer_email"),
        *("expires_at", "invoice", "invoice_creation", "livemode", "locale", "metadata", "mode", "payment_intent"),
        *("payment_link", "payment_method_collection", "payment_method_options", "payment_method_types"),
        *("payment_status", "phone_number_collection", "recovered_from", "setup_intent", "shipping_address_collection"),
        *("shipping_cost", "shipping_options", "status", "submit_type", "subscription", "success_url", "total_details"),
        *("url", "adaptive_pricing", "client_secret", "collected_information", "currency_conversion", "ui_mode"),
        *("saved_payment_method_options", "discounts", "wallet_options", "permissions", "origin_context"),
    },
    "charge": {
        *("amount_captured", "balance_transaction", "billing_details", "calculated_statement_descriptor", "captured"),
        *("fraud_details", "outcome", "paid", "payment_method_details", "radar_options", "receipt_url", "refunded"),
    },
    "payment_intent": {
        *("amount_capturable", "amount_details", "amount_received", "automatic_payment_methods", "capture_method"),
        *("client_secret", "confirmation_method", "last_payment_error", "latest_charge", "next_action", "processing"),
    },
    "customer": {
        *("address", "balance", "created", "currency", "default_source", "delinquent", "description", "discount"),
        *("email", "invoice_prefix", "invoice_settings", "livemode", "metadata", "name", "next_invoice_sequence"),
        *("phone", "preferred_locales", "shipping", "tax_exempt", "test_clock"),
    },
    "price": {
        *("active", "billing_scheme", "custom_unit_amount", "lookup_key", "nickname", "recurring", "tax_behavior"),
        *("tiers_mode", "transform_quantity", "type", "unit_amount", "unit_amount_decimal"),
    },
    "coupon": {"amount_off", "duration", "duration_in_months", "max_redemptions", "percent_off", "redeem_by", "valid"},
    "event": {"api_version", "created", "data", "livemode", "pending_webhooks", "request", "type"},
}
GONE = {
    "session": {
        *("line_items", "return_url", "redirect_on_completion", "tax_id_collection", "presentment_details"),
        "optional_items",
    },
    "charge": {"refunds"},
    "payment_intent": {"charges", "invoice"},
    "customer": {"sources", "subscriptions", "tax", "tax_ids", "cash_balance"},
    "price": {"currency_options", "tiers"},
    "coupon": {"applies_to", "currency_options"},
    "Data": {"previous_attributes"},
    "event": {"account", "context"},
    "total_details": {"breakdown"},
    "line": {"taxes", "discounts"},
}


@pytest.fixture
def recorded(client: stripe.StripeClient, simulator: Running) -> dict[str, Any]:
    price = client.v1.prices.create({"currency": "eur", "unit_amount": 900, "product_data": {"name": "Cup"}})
    coupon = client.v1.coupons.create({"percent_off": 10})
    hosted = params(ui_mode=None, return_url=None, success_url="https://shop.test", customer_creation="always")
    session = client.v1.checkout.sessions.create(hosted)
    simulator.simulator.pay_session(session.id)
    shown = get(simulator, f"/v1/checkout/sessions/{session.id}")
    intent = get(simulator, f"/v1/payment_intents/{shown['payment_intent']}")
    return {
        "session": shown,
        "total_details": shown["total_details"],
        "line": get(simulator, f"/v1/checkout/sessions/{session.id}/line_items")["data"][0],
        "payment_intent": intent,
        "charge": get(simulator, f"/v1/charges/{intent['latest_charge']}"),
        "customer": get(simulator, f"/v1/customers/{shown['customer']}"),
        "price": get(simulator, f"/v1/prices/{price.id}"),
        "coupon": get(simulator, f"/v1/coupons/{coupon.id}"),
        "event": get(simulator, "/v1/events")["data"][0],
    }


@pytest.mark.parametrize("kind", [*PRESENT, "total_details", "line"])
def test_an_answer_has_the_fields_of_a_real_one_and_not_those_that_real_ones_leave_out(
    recorded: dict[str, Any], kind: str
) -> None:
    assert PRESENT.get(kind, set()) - recorded[kind].keys() == set()
    assert GONE[kind] & recorded[kind].keys() == set()


def test_what_every_payment_of_a_real_account_fills_is_filled(client: stripe.StripeClient, simulator: Running) -> None:
    for changes in ({}, {"ui_mode": None, "return_url": None, "success_url": "https://shop.test"}):
        session: Any = client.v1.checkout.sessions.create(params(**changes))
        simulator.simulator.pay_session(session.id)
        paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
        for address in (paid.customer_details.address, paid.payment_intent.latest_charge.billing_details.address):
            assert (address.country, bool(address.postal_code)) == ("US", True)
        assert (paid.customer_details.name is None) == (not changes)
    account: Any = client.v1.accounts.retrieve_current()
    assert account.settings.branding.to_dict() == dict.fromkeys(("icon", "logo", "primary_color", "secondary_color"))
    assert account.settings.card_payments
    assert account.settings.payments
