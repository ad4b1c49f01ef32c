"""What outlives a run of the state machine: the simulator, the sink of its webhooks, and where databases come from."""

import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import hypothesis
from hypothesis import HealthCheck, Phase, reproduce_failure, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.support.servers import serving
from tests.support.webhook_sink import WebhookSink

from .clients import OpenClient
from .simulated_stripe import SimulatedStripe


@dataclass(frozen=True, slots=True)
class Environment:
    """Where runs take place.

    Args:
        stripe: the simulator.
        sink: takes its webhooks.
        webhook_url: where the sink listens.
        open_clients: open the processes of a run, one each.
        new_database: returns the URL of an empty database; it is given the folder of a run.
        counts: what was done and injected, over all runs.
    """

    stripe: SimulatedStripe
    sink: WebhookSink
    webhook_url: str
    open_clients: tuple[OpenClient, ...]
    new_database: Callable[[Path], str]
    counts: Counter[str]


@contextmanager
def open_environment(
    open_clients: tuple[OpenClient, ...], new_database: Callable[[Path], str], counts: Counter[str]
) -> Iterator[Environment]:
    """Start the simulator and the sink; the arguments are those of `Environment`."""
    sink = WebhookSink()
    with tempfile.TemporaryDirectory() as folder, serving(sink.app) as address:
        stripe = SimulatedStripe(Path(folder))
        try:
            yield Environment(stripe, sink, f"{address}/", open_clients, new_database, counts)
        finally:
            stripe.close()


def run_machine(
    environment: Environment, machine: Callable[[Environment], RuleBasedStateMachine], *, runs: int, steps: int
) -> None:
    """Run the state machine.

    The seed is printed; CHAOS_SEED in the environment repeats it, and CHAOS_BLOB what `reproduce_failure` shows.

    Args:
        environment: where it runs.
        machine: makes the machine of a run.
        runs: how often.
        steps: the rules of a run.

    Raises:
        AssertionError: something is wrong at the end of a run; the shortest such run is printed.
    """
    number = int(os.environ.get("CHAOS_SEED") or random.getrandbits(32))
    print(f"CHAOS_SEED={number} does this again, and CHAOS_BLOB=… what `reproduce_failure` shows", flush=True)
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
    test = seed(number)(lambda: machine(environment))
    if blob := os.environ.get("CHAOS_BLOB"):
        test = reproduce_failure(hypothesis.__version__, blob.encode())(test)
    run_state_machine_as_test(cast("type[RuleBasedStateMachine]", test), settings=limits)
