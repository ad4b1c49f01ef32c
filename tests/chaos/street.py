"""What outlives a run of the state machine: the simulator, the post office, and where a run gets its database."""

import os
import random
import tempfile
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
import stripe as sdk
from hypothesis import HealthCheck, Phase, reproduce_failure, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from checkout_core import Settings
from checkout_core.gateway import client as connection

from .counters import Counter
from .servers import PostOffice, Stripe, serving


@dataclass(frozen=True, slots=True)
class Street:
    """Where a run takes place. `tally` counts what was done and injected, over all runs."""

    stripe: Stripe
    post: PostOffice
    address: str
    open_counter: Callable[[Settings], Counter]
    new_database: Callable[[Path], str]
    tally: Tally[str]


@contextmanager
def a_street(
    open_counter: Callable[[Settings], Counter], new_database: Callable[[Path], str], tally: Tally[str]
) -> Iterator[Street]:
    """Open a street. `new_database` gives the URL of an empty database; the folder it gets is a run's own."""
    post = PostOffice()
    with tempfile.TemporaryDirectory() as folder, serving(post.app) as address, _in_a_hurry():
        stripe = Stripe(Path(folder))
        try:
            yield Street(stripe, post, f"{address}/", open_counter, new_database, tally)
        finally:
            stripe.close()


@contextmanager
def _in_a_hurry() -> Iterator[None]:
    """Tries and their order stay as they are; only the pauses between them are short, as no network recovers here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sdk.HTTPClient, "INITIAL_DELAY", 0.002)
        patch.setattr(sdk.HTTPClient, "MAX_DELAY", 0.01)
        patch.setattr(connection, "PAUSES", (0.002,) * len(connection.PAUSES))
        yield


def run(street: Street, machine: Callable[[Street], RuleBasedStateMachine], *, runs: int, steps: int) -> None:
    """Run the state machine so many times. CHAOS_SEED and CHAOS_BLOB in the environment repeat what was printed before.

    Raises:
        AssertionError: something is wrong at the end of a run; the shortest such run is printed.
    """
    number = int(os.environ.get("CHAOS_SEED") or random.getrandbits(32))
    print(f"CHAOS_SEED={number} does this again, and CHAOS_BLOB=… what `reproduce_failure` shows")
    limits = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        derandomize=False,
        database=None,
        print_blob=True,
        phases=[Phase.generate] if "CHAOS_NO_SHRINK" in os.environ else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    test = seed(number)(lambda: machine(street))
    if blob := os.environ.get("CHAOS_BLOB"):
        test = reproduce_failure(hypothesis.__version__, blob.encode())(test)
    run_state_machine_as_test(test, settings=limits)
