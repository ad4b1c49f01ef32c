"""The asynchronous functions of a simulator and its one blocking facade."""

import asyncio
import inspect
from pathlib import Path

import pytest
import stripe

from stripe_simulator import Simulator, SyncSimulator
from stripe_simulator.testing.server import Running

from .conftest import params

ASYNC = [name for name, one in vars(Simulator).items() if inspect.iscoroutinefunction(inspect.unwrap(one))]


@pytest.mark.parametrize("name", [name for name in ASYNC if not name.startswith("_")])
def test_every_coroutine_function_has_a_blocking_one_with_the_same_arguments(name: str) -> None:
    assert inspect.signature(getattr(SyncSimulator, name)) == inspect.signature(getattr(Simulator, name))


def test_the_facade_works_without_a_running_server(tmp_path: Path) -> None:
    simulator = SyncSimulator(Simulator(state=tmp_path / "state.jsonl"))
    before = simulator.now()
    simulator.advance(60)
    assert simulator.now() >= before + 60
    simulator.reset()
    simulator.drain()
    assert simulator.state.offset == 0


def test_a_coroutine_function_is_awaited_in_any_loop(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    paid = asyncio.run(simulator.simulator.simulator.pay_session(session.id))
    assert paid["payment_status"] == "paid"


def test_the_facade_refuses_to_wait_for_itself() -> None:
    simulator = Simulator()

    async def work() -> None:
        async with simulator.running():
            await simulator.advance(1)
            with pytest.raises(RuntimeError, match="await the functions of Simulator"):
                SyncSimulator(simulator).advance(1)

    asyncio.run(work())
