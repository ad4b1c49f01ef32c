"""The test numbers that the dashboard offers are what it says of them."""

import pytest

from stripe_simulator.payment_methods import PAYMENT_METHODS, from_number
from stripe_simulator.payment_methods.base import TestNumber as OfferedNumber

OFFERED = [(name, number) for name, method in PAYMENT_METHODS.items() for number in method.test_numbers]


@pytest.mark.parametrize(("name", "offered"), OFFERED)
def test_an_offered_number_is_a_payment_method_of_its_type(name: str, offered: OfferedNumber) -> None:
    assert from_number(offered.number, 0).type == name


@pytest.mark.parametrize(("name", "offered"), [one for one in OFFERED if one[0] != "card"])
def test_an_offered_debit_ends_as_it_says(name: str, offered: OfferedNumber) -> None:
    assert from_number(offered.number, 0).succeeds is offered.outcome.endswith("succeeds")
