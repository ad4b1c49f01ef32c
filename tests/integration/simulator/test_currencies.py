"""Decimals of currencies: https://docs.stripe.com/currencies."""

from typing import Any

import pytest
import stripe

from stripe_simulator.currencies import CURRENCIES, CURRENCY_TABLE, display, exponent
from stripe_simulator.testing.server import Running

from .conftest import params, priced
from .test_shopper import ask
from .test_totals import post

NO_DECIMALS = {
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
}
THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}


def test_every_currency_has_the_decimals_that_stripe_gives_it() -> None:
    expected = {code: 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2 for code in CURRENCIES}
    assert {code: exponent(code) for code in CURRENCIES} == expected


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (1250, "eur", "€12.50"),
        (500, "jpy", "¥500"),
        (1500, "kwd", "KWD 1.500"),
        (123456700, "ugx", "UGX 1,234,567.00"),
        (500, "isk", "ISK 5.00"),
        (-5, "usd", "-$0.05"),
    ],
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(amount: int, currency: str, shown: str) -> None:
    assert display(amount, currency) == shown


def test_the_browser_divides_by_what_the_decimals_say(client: stripe.StripeClient, simulator: Running) -> None:
    divisors = {}
    for currency in ("ugx", "jpy", "kwd"):
        session = client.v1.checkout.sessions.create(params(line_items=priced(1000, currency)))
        divisors[currency] = ask(simulator, session, "init")["session"]["minorUnitsAmountDivisor"]
    assert divisors == {"ugx": 100, "jpy": 1, "kwd": 1000}


@pytest.mark.parametrize("currency", ["isk", "ugx"])
class TestWholeUnits:
    """Currencies whose two decimals are always zero."""

    def test_a_price_with_a_fraction_is_refused(self, client: stripe.StripeClient, currency: str) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="no such fractions") as refused:
            client.v1.checkout.sessions.create(params(line_items=priced(1250, currency)))
        assert refused.value.param == "line_items[0][price_data][unit_amount]"
        session = client.v1.checkout.sessions.create(params(line_items=priced(1200, currency)))
        assert session.amount_total == 1200

    def test_fixed_amounts_with_a_fraction_are_refused(self, client: stripe.StripeClient, currency: str) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="no such fractions"):
            client.v1.coupons.create({"amount_off": 150, "currency": currency})
        line: Any = priced(1200, currency)
        with pytest.raises(stripe.InvalidRequestError, match="no such fractions"):
            client.v1.checkout.sessions.create(params(line_items=line, shipping_options=[post(50, currency)]))

    def test_a_percentage_is_rounded_to_whole_units_on_every_line(
        self, client: stripe.StripeClient, currency: str
    ) -> None:
        client.v1.coupons.create({"id": "THIRD", "percent_off": 33.3})
        lines = [*priced(500, currency), *priced(700, currency)]
        session = client.v1.checkout.sessions.create(params(line_items=lines, discounts=[{"coupon": "THIRD"}]))
        assert session.total_details is not None
        assert session.total_details.amount_discount == 400
        parts = client.v1.checkout.sessions.line_items.list(session.id).data
        assert sum(line.amount_discount for line in parts) == 400
        assert [line.amount_total % 100 for line in parts] == [0, 0]

    def test_a_refund_with_a_fraction_is_refused(
        self, client: stripe.StripeClient, simulator: Running, currency: str
    ) -> None:
        session = client.v1.checkout.sessions.create(params(line_items=priced(1200, currency)))
        intent = simulator.simulator.pay_session(session.id)["payment_intent"]
        with pytest.raises(stripe.InvalidRequestError, match="no such fractions"):
            client.v1.refunds.create({"payment_intent": intent, "amount": 150})
        assert client.v1.refunds.create({"payment_intent": intent, "amount": 100}).amount == 100


@pytest.mark.parametrize("currency", sorted(CURRENCY_TABLE))
def test_a_session_takes_the_amounts_of_its_currency_and_no_others(client: stripe.StripeClient, currency: str) -> None:
    facts = CURRENCY_TABLE[currency]
    least = -(-facts.minimum // facts.multiple) * facts.multiple
    most = facts.maximum // facts.multiple * facts.multiple
    for amount in (0, least, most):
        session = client.v1.checkout.sessions.create(params(line_items=priced(amount, currency)))
        assert (session.amount_total, session.currency) == (amount, currency)
    refused = {facts.maximum + 1: "amount_too_large"}
    if facts.multiple > 1:
        refused[least + 1] = "parameter_invalid_integer"
    if least > facts.multiple:
        refused[least - facts.multiple] = "amount_too_small"
    for amount, code in refused.items():
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.checkout.sessions.create(params(line_items=priced(amount, currency)))
        assert caught.value.code == code


@pytest.mark.parametrize("currency", ["kwd", "bhd", "jod", "omr", "tnd"])
def test_the_last_of_three_decimals_is_always_zero(
    client: stripe.StripeClient, simulator: Running, currency: str
) -> None:
    client.v1.coupons.create({"id": "THIRD", "percent_off": 33.3})
    session = client.v1.checkout.sessions.create(
        params(line_items=priced(1000, currency), discounts=[{"coupon": "THIRD"}])
    )
    assert session.amount_total == 670
    intent = simulator.simulator.pay_session(session.id)["payment_intent"]
    with pytest.raises(stripe.InvalidRequestError, match="no such fractions"):
        client.v1.refunds.create({"payment_intent": intent, "amount": 15})
    assert client.v1.refunds.create({"payment_intent": intent, "amount": 10}).amount == 10
