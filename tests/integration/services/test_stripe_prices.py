"""Products that name a price in Stripe: nobody pays another amount than the one that was shown."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import ConfigurationError, PriceMismatch
from tests.support.changed_answers import changed_answers
from tests.support.shopper import fault, stripe_of
from tests.support.stores import ScriptedStore

Sell = Callable[..., Checkout]


def made_price(checkout: Checkout, unit_amount: int, currency: str) -> str:
    v1 = stripe_of(checkout).v1
    product = v1.products.create({"name": "A"}).id
    return v1.prices.create({"currency": currency, "unit_amount": unit_amount, "product": product}).id


@pytest.fixture
def sell(make_settings: Callable[..., Settings], tmp_path: Path) -> Iterator[Sell]:
    """Open a shop with one product that names a Stripe price, whatever that is."""
    opened: list[Checkout] = []

    def shop(price: str, *, unit_amount: int = 1000, currency: str = "eur", **variables: str) -> Checkout:
        (tmp_path / "catalog.toml").write_text(
            f'[[product]]\nid = "a"\nname = "A"\nunit_amount = {unit_amount}\ncurrency = "{currency}"\n'
            f'stripe_price = "{price}"\n'
        )
        settings = make_settings(**variables)
        opened.append(open_checkout(settings, store=ScriptedStore(), receipts=None))
        return opened[-1]

    yield shop
    for checkout in opened:
        checkout.asynchronous.finish()
        checkout.store.close()


def test_a_price_that_is_the_catalogues_is_charged(checkout: Checkout, sell: Sell) -> None:
    shop = sell(made_price(checkout, 1000, "eur"))
    assert shop.check_prices() == 1
    session = shop.create_session({"a": 3})
    assert (session.amount_total, session.currency) == (3000, "eur")


@pytest.mark.parametrize(("unit_amount", "currency"), [(1500, "eur"), (999, "eur"), (1500, "usd"), (1000, "usd")])
def test_a_session_that_charges_something_else_is_not_handed_out(
    checkout: Checkout, sell: Sell, caplog: pytest.LogCaptureFixture, unit_amount: int, currency: str
) -> None:
    shop = sell(made_price(checkout, unit_amount, currency))
    with pytest.raises(PriceMismatch, match="You were not charged") as refused:
        shop.create_session({"a": 1})
    assert currency in refused.value.reason or "€10.00 here" in refused.value.reason
    assert "session does not cost what the cart costs" in caplog.text
    (session,) = stripe_of(checkout).v1.checkout.sessions.list().data
    assert session.status == "expired"


def test_a_session_that_cannot_be_expired_is_not_handed_out_either(checkout: Checkout, sell: Sell) -> None:
    shop = sell(made_price(checkout, 1500, "eur"))
    fault(checkout, "POST /v1/checkout/sessions/{id}/expire", "500", times=9)
    with pytest.raises(PriceMismatch):
        shop.create_session({"a": 1})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"active": False}, "is not active in Stripe"),
        ({"type": "recurring"}, "is a recurring price; a checkout takes one-time prices"),
        ({"unit_amount": None, "unit_amount_decimal": "33.333"}, "has no fixed amount in whole minor units"),
        ({"unit_amount": 1500}, "is €15.00 in EUR at Stripe, and €10.00 here"),
        ({"currency": "usd"}, "is $10.00 in USD at Stripe, and €10.00 here"),
        ({"unit_amount": 10_000, "currency": "kwd"}, "is KWD\N{NO-BREAK SPACE}10.000 in KWD at Stripe"),
    ],
)
def test_a_price_that_cannot_be_sold_is_named(
    checkout: Checkout, sell: Sell, stripe_url: str, change: dict[str, Any], says: str
) -> None:
    price = made_price(checkout, 1000, "eur")

    def changed(request: str, said: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        return (200, said | change) if request == f"GET /v1/prices/{price}" else None

    with changed_answers(stripe_url, changed) as url:
        shop = sell(price, STRIPE_API_BASE=url)
        with pytest.raises(ConfigurationError, match="Product a: ") as named:
            shop.check_prices()
    assert f"{price} {says}" in named.value.message


def test_a_price_that_stripe_does_not_have_is_named(sell: Sell) -> None:
    with pytest.raises(ConfigurationError, match=r"Product a: Stripe has no price price_nowhere"):
        sell("price_nowhere").check_prices()


def test_a_catalogue_without_stripe_prices_asks_stripe_nothing(checkout: Checkout) -> None:
    assert checkout.check_prices() == 0
    assert not checkout.calls.all()


NEEDED = {
    "GET /v1/checkout/sessions": "Checkout Sessions: Read",
    "GET /v1/charges": "Charges and Refunds: Read",
    "GET /v1/refunds": "Charges and Refunds: Read",
    "GET /v1/payment_intents": "PaymentIntents: Read",
    "GET /v1/disputes": "Disputes: Read",
    "GET /v1/events": "Events: Read",
    "GET /v1/checkout/sessions/cs_": "payment_intent.latest_charge.refunds",
    "POST /v1/checkout/sessions/": "Checkout Sessions: Write",
    "POST /v1/refunds": "Charges and Refunds: Write",
}


@pytest.mark.parametrize(("route", "permission"), NEEDED.items(), ids=NEEDED)
def test_a_restricted_key_that_may_not_do_everything_is_found(
    make_settings: Callable[..., Settings], checkout: Checkout, stripe_url: str, route: str, permission: str
) -> None:
    checkout.create_session({"night-train-to-trieste": 1})
    refused = {"type": "invalid_request_error", "message": "Having the 'rak_such_permission' permission would help."}

    def changed(request: str, _: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        part = route.endswith(("/", "cs_"))
        return (403, {"error": refused}) if (request.startswith(route) if part else request == route) else None

    with (
        changed_answers(stripe_url, changed) as url,
        open_checkout(make_settings(STRIPE_API_BASE=url), store=ScriptedStore(), receipts=None) as shop,
        pytest.raises(ConfigurationError, match="lacks permissions") as named,
    ):
        shop.check_stripe()
    assert permission in named.value.message
    assert "(rak_such_permission)" in named.value.message


def test_looking_at_what_a_key_may_do_writes_nothing(checkout: Checkout) -> None:
    before = stripe_of(checkout).v1.events.list().data
    checkout.check_stripe()
    assert stripe_of(checkout).v1.events.list().data == before
    with pytest.raises(stripe.InvalidRequestError):
        stripe_of(checkout).v1.refunds.create({"payment_intent": "pi_doctor_asks"})
