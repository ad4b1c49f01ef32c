"""Payment methods: what holds for each of them, also for one that is added tomorrow."""

import re
from pathlib import Path
from typing import Any

import pytest
import stripe

import stripe_simulator
from stripe_simulator.errors import StripeError
from stripe_simulator.http.params import Params
from stripe_simulator.payment_methods import PAYMENT_METHODS, from_number, parse, types_for
from stripe_simulator.payment_methods import test_numbers as numbers
from stripe_simulator.payment_methods.base import FormField
from stripe_simulator.testing.server import Running

from .conftest import params, priced

NOW = 1_800_000_000.0
FORMATS = Path(stripe_simulator.__file__).parent / "static" / "payment_methods.js"
DELAYED = [method for method in PAYMENT_METHODS.values() if method.delayed]


def fields() -> list[FormField]:
    return [field for method in PAYMENT_METHODS.values() for row in method.rows for field in row]


def currency_of(type: str) -> str:
    return min(PAYMENT_METHODS[type].currencies or {"eur"})


def test_every_field_has_an_id_of_its_own_and_a_format_that_the_form_knows() -> None:
    table = FORMATS.read_text().partition("export const FORMATS = {")[2].partition("\n};")[0]
    formats = set(re.findall(r"^  (\w+): \{", table, re.MULTILINE))
    ids = [field.id for field in fields()]
    assert len(ids) == len(set(ids))
    assert {field.format for field in fields()} <= formats


@pytest.mark.parametrize("one", numbers(), ids=lambda one: str(one.number))
def test_every_number_of_the_dashboard_is_one_of_its_method(one: Any) -> None:
    method = from_number(one.number, NOW)
    assert one in PAYMENT_METHODS[method.type].test_numbers
    assert method.last4 == one.number[-4:]
    details = PAYMENT_METHODS[method.type].charge_details(method)
    assert details["last4"] == method.last4


@pytest.mark.parametrize("type", PAYMENT_METHODS)
def test_a_session_offers_each_method_in_its_currencies(
    client: stripe.StripeClient, simulator: Running, type: str
) -> None:
    currency = currency_of(type)
    session = client.v1.checkout.sessions.create(params(line_items=priced(900, currency)))
    assert type in session.payment_method_types
    for number in PAYMENT_METHODS[type].test_numbers[:1]:
        paid = simulator.simulator.pay_session(session.id, number.number)
        assert (paid["status"], paid["payment_status"] == "paid") == ("complete", not PAYMENT_METHODS[type].delayed)
        [charge] = client.v1.charges.list().data
        assert charge.payment_method_details is not None
        assert charge.payment_method_details.type == type
        assert type in charge.payment_method_details.to_dict()


@pytest.mark.parametrize("method", DELAYED, ids=lambda method: str(method.type))
def test_a_returned_debit_is_an_unpaid_charge_of_its_own_type(
    client: stripe.StripeClient, simulator: Running, method: Any
) -> None:
    session = client.v1.checkout.sessions.create(params(line_items=priced(900, currency_of(method.type))))
    failing = next(one.number for one in method.test_numbers if "fails" in one.outcome)
    simulator.simulator.pay_session(session.id, failing)
    simulator.simulator.advance(61)
    after: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    error = after.payment_intent.last_payment_error.to_dict()
    assert (error["payment_method_type"], error["charge"]) == (method.type, after.payment_intent.latest_charge.id)
    assert after.payment_intent.status == "requires_payment_method"
    charge = after.payment_intent.latest_charge
    assert (charge.status, charge.paid, charge.amount_captured) == ("failed", False, 0)
    assert charge.failure_code == "payment_method_customer_decline"
    assert (after.status, after.payment_status) == ("complete", "unpaid")


@pytest.mark.parametrize("method", DELAYED, ids=lambda method: str(method.type))
def test_a_number_that_is_no_test_account_is_refused_with_one_that_is(method: Any) -> None:
    with pytest.raises(StripeError, match=method.test_numbers[0].number) as refused:
        parse(Params({"type": method.type, "account_number": "4242424242424242"}), NOW)
    assert refused.value.error["param"] == "account_number"


@pytest.mark.parametrize("given", [{}, {"type": "cheque"}, {"type": ""}])
def test_a_form_without_a_known_type_is_refused(given: Any) -> None:
    with pytest.raises(StripeError) as refused:
        parse(Params(given, "payment_method"), NOW)
    assert refused.value.error["param"] == "payment_method[type]"


def test_spaces_and_small_letters_do_not_matter_in_a_number() -> None:
    assert from_number("de89 3704 0044 0532 0130 00", NOW).type == "sepa_debit"
    assert from_number("4242 4242 4242 4242", NOW).last4 == "4242"
    with pytest.raises(StripeError, match="incorrect"):
        from_number("1", NOW)


def test_a_currency_that_no_other_method_knows_is_paid_by_card() -> None:
    assert types_for("isk") == ["card"]
