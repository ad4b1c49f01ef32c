"""The shop, tested with Django's test client, a database transaction for each test, and the simulator as Stripe."""

from typing import Any

import pytest
from django.test import Client
from shop.models import Sale

from stripe_simulator.testing.plugin import SimulatedStripe

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stripe(stripe_simulator: SimulatedStripe, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = stripe_simulator.secret_key
    settings.STRIPE_WEBHOOK_SECRET = stripe_simulator.webhook_secret
    settings.STRIPE_API_BASE = stripe_simulator.url


def test_a_paid_sale_is_marked(client: Client, stripe_simulator: SimulatedStripe) -> None:
    assert client.post("/buy").status_code == 302
    sale = Sale.objects.get()
    with stripe_simulator.deliver_to(client, "/webhook"):
        stripe_simulator.pay(sale.session_id)
        sale.refresh_from_db()
        assert sale.is_paid


def test_a_declined_sale_is_not(client: Client, stripe_simulator: SimulatedStripe) -> None:
    client.post("/buy")
    with stripe_simulator.deliver_to(client, "/webhook"), pytest.raises(Exception, match="declined"):
        stripe_simulator.pay(Sale.objects.get().session_id, "4000000000000002")
    assert not Sale.objects.get().is_paid


def test_a_bank_debit_is_paid_when_the_money_is_there(client: Client, stripe_simulator: SimulatedStripe) -> None:
    client.post("/buy")
    with stripe_simulator.deliver_to(client, "/webhook"):
        stripe_simulator.pay(Sale.objects.get().session_id, method="sepa_debit")
        assert not Sale.objects.get().is_paid


def test_a_forged_webhook_is_refused(client: Client) -> None:
    assert client.post("/webhook", b"{}", content_type="application/json").status_code == 400
