"""Tax on lines, and prices with fractions of a minor unit: everything adds up to the total that is charged."""

from typing import Any

import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params, priced


def tax_rate(client: stripe.StripeClient, percentage: float, inclusive: bool) -> str:
    given: Any = {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive}
    return client.v1.tax_rates.create(given).id


def taxed(amount: int, *rates: str, currency: str = "eur") -> Any:
    [line] = priced(amount, currency)
    return {**line, "tax_rates": list(rates)}


WANTED: Any = {"expand": ["line_items.data.taxes", "total_details.breakdown"]}


@pytest.mark.parametrize(
    ("inclusive", "tax", "total", "taxable"),
    [(False, 190, 1190, 1000), (True, 160, 1000, 840)],
)
def test_a_tax_is_added_or_included(
    client: stripe.StripeClient, inclusive: bool, tax: int, total: int, taxable: int
) -> None:
    made = client.v1.checkout.sessions.create(params(line_items=[taxed(1000, tax_rate(client, 19, inclusive))]))
    found: Any = client.v1.checkout.sessions.retrieve(made.id, WANTED)
    assert (found.amount_subtotal, found.amount_total, found.total_details.amount_tax) == (1000, total, tax)
    [line] = found.line_items.data
    assert (line.amount_subtotal, line.amount_tax, line.amount_total) == (1000, tax, total)
    for told in (*line.taxes, *found.total_details.breakdown.taxes):
        assert (told.amount, told.rate.inclusive, told.taxable_amount) == (tax, inclusive, taxable)


def test_taxes_of_lines_are_shown_only_when_they_are_asked_for(client: stripe.StripeClient) -> None:
    made = client.v1.checkout.sessions.create(params(line_items=[taxed(1000, tax_rate(client, 19, False))]))
    plain: Any = client.v1.checkout.sessions.line_items.list(made.id)
    assert ("taxes" in plain.data[0], plain.data[0].amount_tax) == (False, 190)
    told: Any = client.v1.checkout.sessions.line_items.list(made.id, {"expand": ["data.taxes"]})
    assert [tax.amount for tax in told.data[0].taxes] == [190]


def test_a_discount_lowers_the_tax_and_lines_add_up(client: stripe.StripeClient, simulator: Running) -> None:
    added, included = tax_rate(client, 20, False), tax_rate(client, 7, True)
    client.v1.coupons.create({"id": "THIRD", "percent_off": 33})
    lines = [taxed(1000, added), taxed(777, included), *priced(333), taxed(100, added, included)]
    made = client.v1.checkout.sessions.create(params(line_items=lines, discounts=[{"coupon": "THIRD"}]))
    found: Any = client.v1.checkout.sessions.retrieve(made.id, WANTED)
    shown = found.line_items.data
    details = found.total_details
    assert sum(line.amount_total for line in shown) == found.amount_total
    assert sum(line.amount_tax for line in shown) == details.amount_tax
    assert sum(tax.amount for tax in details.breakdown.taxes) == details.amount_tax
    for line in shown:
        extra = sum(tax.amount for tax in line.taxes if not tax.rate.inclusive)
        assert line.amount_total == line.amount_subtotal - line.amount_discount + extra
    paid = simulator.simulator.pay_session(made.id)
    assert client.v1.payment_intents.retrieve(paid["payment_intent"]).amount == found.amount_total


@pytest.mark.parametrize("currency", ["isk", "kwd", "jpy"])
def test_a_tax_is_a_whole_amount_of_its_currency(client: stripe.StripeClient, currency: str) -> None:
    lines = [taxed(1200, tax_rate(client, 7.7, False), currency=currency)]
    made = client.v1.checkout.sessions.create(params(line_items=lines))
    assert made.amount_total == {"isk": 1300, "kwd": 1290, "jpy": 1292}[currency]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"display_name": ""}, "display_name"),
        ({"percentage": 100.1}, "percentage"),
        ({"percentage": "much"}, "percentage"),
        ({"inclusive": ""}, "inclusive"),
        ({"rate": 5}, "rate"),
    ],
)
def test_a_wrong_tax_rate_is_refused(client: stripe.StripeClient, changes: Any, param: str) -> None:
    given: Any = {"display_name": "VAT", "percentage": 19, "inclusive": False, **changes}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.tax_rates.create(given)
    assert refused.value.param == param


def test_a_line_takes_only_tax_rates_that_exist_and_are_active(client: stripe.StripeClient) -> None:
    given: Any = {"display_name": "VAT", "percentage": 19, "inclusive": False, "active": False}
    for id in ("txr_none", client.v1.tax_rates.create(given).id):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.checkout.sessions.create(params(line_items=[taxed(1000, id)]))
        assert refused.value.param == "line_items[0][tax_rates][0]"


def test_three_times_a_third_is_one(client: stripe.StripeClient, simulator: Running) -> None:
    data = {"currency": "eur", "unit_amount_decimal": "33.333", "product_data": {"name": "Third"}}
    made = client.v1.checkout.sessions.create(params(line_items=[{"price_data": data, "quantity": 3}]))
    [line] = client.v1.checkout.sessions.line_items.list(made.id).data
    assert line.price is not None
    assert (line.price.unit_amount, str(line.price.unit_amount_decimal)) == (None, "33.333")
    assert (line.amount_total, made.amount_total) == (100, 100)
    assert simulator.simulator.pay_session(made.id)["payment_status"] == "paid"


@pytest.mark.parametrize("decimal", ["1.5", "0.000000000001", "12", "12.50"])
def test_a_price_may_have_twelve_decimals(client: stripe.StripeClient, decimal: str) -> None:
    price = client.v1.prices.create(
        {"currency": "eur", "unit_amount_decimal": decimal, "product_data": {"name": "x"}}  # type: ignore[typeddict-item]
    )
    assert (price.unit_amount is None) == (float(decimal) % 1 != 0)


@pytest.mark.parametrize("decimal", ["-1", "1.", "0.0000000000001", "much"])
def test_a_wrong_decimal_is_refused(client: stripe.StripeClient, decimal: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.prices.create(
            {"currency": "eur", "unit_amount_decimal": decimal, "product_data": {"name": "x"}}  # type: ignore[typeddict-item]
        )
    assert refused.value.param == "unit_amount_decimal"
