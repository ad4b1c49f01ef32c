"""Random shoppers, webhooks, faults and restarts: after one sweep every order is what Stripe says."""

from collections import Counter

import pytest

from .environment import open_environment, run_machine
from .machine import Chaos
from .variants import VARIANTS, Variant


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_payment_ends_in_the_right_order_exactly_once(variant: Variant, request: pytest.FixtureRequest) -> None:
    databases = variant.databases(lambda: str(request.getfixturevalue("postgres_url")))
    with open_environment(variant.open_clients, databases, Counter()) as environment:
        run_machine(environment, Chaos, runs=variant.runs, steps=variant.steps)
