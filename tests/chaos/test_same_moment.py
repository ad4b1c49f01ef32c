"""Sixty-four requests for one session at the same moment, half redirects and half webhooks: one transition."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from checkout_core import Checkout, Settings, open_checkout
from checkout_core.outbox import dispatch
from stripe_simulator import SyncSimulator
from stripe_simulator.webhooks import signature

from ..conftest import OURS, ROOT, free_port

TOGETHER = 64


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"duckdb:///{tmp_path}/orders.duckdb"


@pytest.fixture
def shop(make_settings: Callable[..., Settings], database: str) -> Iterator[Checkout]:
    with open_checkout(make_settings(CHECKOUT_DATABASE_URL=database)) as checkout:
        yield checkout


def a_paid_session(checkout: Checkout, simulator: SyncSimulator) -> tuple[str, bytes]:
    """A session that was paid while nobody looked, and the webhook that says so."""
    session = checkout.create_session({"night-train-to-trieste": 1})
    checkout.create_pending_order(session.id, email="anna@example.com")
    simulator.pay_session(session.id)
    events = simulator.state.session(session.id)[0].tables["events"].values()
    completed = next(event for event in events if event["type"] == "checkout.session.completed")
    return session.id, json.dumps(completed).encode()


def signed(body: bytes) -> dict[str, str]:
    return {"stripe-signature": signature("whsec_test", body, int(time.time()))}


def at_the_same_moment(asks: Sequence[Callable[[], object]]) -> list[object]:
    """What everybody is told. Nobody begins before all are there."""
    together = threading.Barrier(len(asks))

    def work(ask: Callable[[], object]) -> object:
        together.wait()
        return ask()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(work, asks))


def assert_paid_once(checkout: Checkout, session_id: str) -> None:
    order = checkout.store.get(session_id)
    assert order is not None
    assert [event.kind for event in checkout.history(session_id)] == ["session_created", "pending", "paid"]
    assert (order.status, order.version) == ("paid", 2)
    dispatch(checkout)
    assert checkout.store.count_outbox() == 0
    assert [path.name for path in (checkout.settings.data_dir / "outbox").iterdir()] == [f"{order.id}.eml"]


def test_redirects_and_webhooks_in_one_process_make_one_transition(shop: Checkout, simulator: SyncSimulator) -> None:
    session_id, body = a_paid_session(shop, simulator)
    webhook = shop.gateway.read_webhook(body, signed(body)["stripe-signature"])
    asks = [lambda: shop.complete_order(session_id), lambda: shop.handle_webhook(webhook)] * (TOGETHER // 2)
    answers = at_the_same_moment(asks)
    assert {order.status for order in answers if order} == {"paid"}  # type: ignore[attr-defined]
    assert len({order.id for order in answers if order}) == 1  # type: ignore[attr-defined]
    assert shop.store.count_outbox() == 1
    assert_paid_once(shop, session_id)


@contextmanager
def api_process(settings: Settings, database: str) -> Iterator[str]:
    """The callback service in a process of its own; gives its address when it is ready."""
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    environment = clean | {
        "STRIPE_SECRET_KEY": settings.secret_key,
        "STRIPE_PUBLISHABLE_KEY": settings.publishable_key,
        "STRIPE_WEBHOOK_SECRET": "whsec_test",
        "STRIPE_API_BASE": settings.api_base,
        "CHECKOUT_DATABASE_URL": database,
        "CHECKOUT_DATA_DIR": str(settings.data_dir),
        "CHECKOUT_PUBLIC_URL": settings.public_url,
        "CHECKOUT_RATE_LIMIT": "",
    }
    command = [sys.executable, "-m", "uvicorn", "api.main:app", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = []
        try:
            for line in process.stderr:
                said.append(line)
                if "running on" in line:
                    break
            else:
                pytest.fail("the service did not start:\n" + "".join(said))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_redirects_and_webhooks_at_two_processes_make_one_transition(
    shop: Checkout, simulator: SyncSimulator, database: str
) -> None:
    session_id, body = a_paid_session(shop, simulator)
    with ExitStack() as stack:
        first, second = api_process(shop.settings, database), api_process(shop.settings, database)
        with ThreadPoolExecutor(2) as pool:  # they start side by side
            urls = [each.result() for each in [pool.submit(stack.enter_context, one) for one in (first, second)]]
        client = stack.enter_context(httpx.Client(timeout=60, trust_env=False, limits=httpx.Limits()))
        asks: list[Callable[[], object]] = []
        for url in urls:
            redirect = f"{url}/checkout/complete?session_id={session_id}"
            webhook = f"{url}/stripe/webhook"
            asks += [
                lambda to=redirect: client.get(to).status_code,
                lambda to=webhook: client.post(to, content=body, headers=signed(body)).status_code,
            ] * (TOGETHER // 4)
        answers = at_the_same_moment(asks)
    assert (answers.count(303), answers.count(200)) == (TOGETHER // 2, TOGETHER // 2)
    assert_paid_once(shop, session_id)
