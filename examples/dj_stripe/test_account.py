"""dj-stripe takes in every object of an account, and every event that the account had."""

import json
from typing import Any

import pytest
import stripe
from djstripe import models
from djstripe.settings import djstripe_settings

from stripe_simulator.testing.plugin import SimulatedStripe

LINE = {"price_data": {"currency": "eur", "unit_amount": 1450, "product_data": {"name": "Mug"}}, "quantity": 2}
SALE = {"mode": "payment", "line_items": [LINE], "success_url": "https://shop.example"}
MODELS = (
    *(models.Account, models.Product, models.Price, models.Coupon, models.TaxRate, models.ShippingRate),
    *(models.Customer, models.PaymentMethod, models.PaymentIntent, models.Charge, models.BalanceTransaction),
    *(models.Refund, models.Dispute, models.Invoice, models.SetupIntent, models.Session),
)


@pytest.fixture
def account(stripe_simulator: SimulatedStripe, settings: Any, monkeypatch: pytest.MonkeyPatch) -> stripe.StripeClient:
    """An account after a day of business."""
    monkeypatch.setattr(stripe, "api_base", stripe_simulator.url)
    client = stripe.StripeClient(settings.STRIPE_TEST_SECRET_KEY, base_addresses={"api": stripe_simulator.url})
    product = client.v1.products.create({"name": "Pot", "default_price_data": {"currency": "eur", "unit_amount": 900}})
    client.v1.coupons.create({"id": "TEN", "percent_off": 10, "applies_to": {"products": [product.id]}})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "TEN"}, "code": "TEN"})
    client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
    fixed = {"amount": 490, "currency": "eur"}
    client.v1.shipping_rates.create({"display_name": "Post", "type": "fixed_amount", "fixed_amount": fixed})
    tax_id = {"type": "eu_vat", "value": "DE123456789"}
    customer = client.v1.customers.create({"email": "ada@example.com", "tax_id_data": [tax_id]}).id
    sessions = client.v1.checkout.sessions
    saving = {"customer": customer, "payment_intent_data": {"setup_future_usage": "off_session"}}
    paid = sessions.create({**SALE, **saving, "invoice_creation": {"enabled": True}})
    stripe_simulator.pay(paid.id)
    disputed, refunded, later = (sessions.create(SALE).id for _ in range(3))
    stripe_simulator.pay(disputed)
    stripe_simulator.dispute(disputed)
    stripe_simulator.pay(refunded)
    stripe_simulator.refund(refunded, 1000)
    stripe_simulator.pay(later, method="sepa_debit", outcome="succeeded")
    stripe_simulator.advance(61)
    sessions.expire(sessions.create(SALE).id)
    setup = sessions.create(
        {"mode": "setup", "currency": "eur", "customer": customer, "success_url": "https://shop.example"}
    )
    stripe_simulator.pay(setup.id)
    return client


def taken_in(model: type, objects: list[object]) -> int:
    """Take objects in, and return how many are in the table."""
    for one in objects:
        model.sync_from_stripe_data(one, api_key=djstripe_settings.STRIPE_SECRET_KEY)
    return model.objects.count()


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_object_is_taken_in(account: stripe.StripeClient, model: type) -> None:
    if model is models.Account:
        objects = [model.stripe_class.retrieve(api_key=djstripe_settings.STRIPE_SECRET_KEY)]
    else:
        objects = list(model.api_list(api_key=djstripe_settings.STRIPE_SECRET_KEY))
    assert objects
    assert taken_in(model, objects) >= len(objects)


@pytest.mark.django_db
def test_every_event_is_taken_in(account: stripe.StripeClient) -> None:
    listed = json.loads(account.raw_request("get", "/v1/events?limit=100").body)
    events = listed["data"][::-1]
    assert not listed["has_more"]
    for event in events:
        models.Event.process(data=event, api_key=djstripe_settings.STRIPE_SECRET_KEY)
    assert models.Event.objects.count() == len(events)
    assert models.Event.objects.values("type").distinct().count() >= 20
