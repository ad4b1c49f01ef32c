"""Every answer in every state against the annotations of stripe-python, and names that real accounts answer with."""

import ast
from typing import Any

import pytest
import stripe

from stripe_simulator.expandable import ABSENT, TABLES
from stripe_simulator.testing.server import Running
from tests.support.sdk_shapes import problems, shape_of

from .conftest import params
from .states import STATES, answers_in, answers_of_resources, get

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
        *("branding_settings", "excluded_payment_method_types", "line_items", "name_collection", "optional_items"),
        *("presentment_details", "redirect_on_completion", "return_url", "tax_id_collection"),
    },
    "customer": {*ABSENT["customer"], "business_name", "individual_name"},
    "charge": {"authorization_code", "level3", "presentment_details", "refunds", "transfer"},
    "payment_intent": {"hooks", "payment_details", "presentment_details"},
    "refund": {
        *("description", "failure_balance_transaction", "failure_reason", "instructions_email", "next_action"),
        *("pending_reason", "presentment_details"),
    },
    "AmountDetails": {"discount_amount", "error", "line_items", "shipping", "tax"},
    "Outcome": {"rule"},
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
"""What Stripe leaves out: fields until they are expanded or used, and hashes for what is not simulated.

The annotations of stripe-python do not say so; those of stripe-node do (`tests/e2e/node/test_stripe_node_types.py`).
"""


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


def check_events(answer: Any) -> None:
    """Check what the events of a list tell of."""
    for event in answer.get("data", ()):
        if event.get("object") == "event":
            assert wrong(event["data"]["object"]) == [], event["type"]


@pytest.mark.parametrize("state", STATES)
def test_every_answer_has_the_shape_of_the_sdk(client: stripe.StripeClient, simulator: Running, state: str) -> None:
    for where, answer in answers_in(state, client, simulator):
        assert wrong(answer) == [], where
        check_events(answer)


def test_every_resource_has_the_shape_of_the_sdk(client: stripe.StripeClient, simulator: Running) -> None:
    for where, answer in answers_of_resources(client, simulator):
        assert wrong(answer) == [], where
        check_events(answer)


@pytest.mark.parametrize("kind", [kind for kind in TABLES if shape_of(kind) is not None])
def test_what_stripes_types_call_expandable_can_be_expanded(kind: str) -> None:
    shape = shape_of(kind)
    assert shape is not None
    expandable = {name for name, annotation in shape.fields.items() if "ExpandableField" in ast.unparse(annotation)}
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
