"""Random shoppers, webhooks, faults and restarts: after one sweep every order is what Stripe says."""

from collections import Counter as Tally

import pytest

from .machine import Chaos
from .street import a_street, run
from .variants import VARIANTS, Variant


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_payment_ends_in_the_right_order_exactly_once(variant: Variant, request: pytest.FixtureRequest) -> None:
    databases = variant.databases(lambda: str(request.getfixturevalue("postgres_url")))
    with a_street(variant.open_counter, databases, Tally()) as street:
        run(street, Chaos, runs=variant.runs, steps=variant.steps)
