"""A sweep in a process of its own that is killed in the middle of its work, and another one that has just begun."""

from pathlib import Path

from checkout_core import Checkout, Settings, open_checkout
from tests.support.clock import TestClock
from tests.support.programs import clean_environment, running_program
from tests.support.shopper import control, kinds, open_session, pay, pending_order

SWEEP = ("-m", "checkout_cli", "reconcile", "--older-than", "0s")


def test_what_a_killed_sweep_had_begun_the_other_one_finishes(
    checkout: Checkout, settings: Settings, tmp_path: Path, variables: dict[str, str]
) -> None:
    session_ids = [pending_order(checkout) for _ in range(10)] + [open_session(checkout) for _ in range(10)]
    for session_id in session_ids:
        pay(checkout, session_id)
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="latency", seconds=0.2, rate=1.0)
    environment = clean_environment(**variables, CHECKOUT_LOG_FORMAT="json")
    with running_program(*SWEEP, environment=environment) as killed:
        killed.wait_for('"paid"')
        with running_program(*SWEEP, environment=environment) as other:
            killed.kill()
            assert other.wait() == 0
    assert [kinds(checkout, each).count("paid") for each in session_ids] == [1] * len(session_ids)
    clock = TestClock()
    clock.advance(minutes=3)  # what the killed one had claimed is free again
    with open_checkout(settings, clock=clock) as later:
        later.dispatch_outbox()
        assert later.store.count_outbox() == 0
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == len(session_ids)
