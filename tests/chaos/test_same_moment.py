"""Sixty-four requests for one session at the same moment, half redirects and half webhooks: one transition."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx2
import pytest

from api import create_app
from checkout_core import Checkout, Order, Settings, open_checkout
from stripe_simulator import SyncSimulator
from stripe_simulator.webhooks import signature
from tests.support.servers import serving

from .same_moment import at_the_same_moment, two_api_processes

REQUESTS = 64
NO_LIMIT = httpx2.Limits()


@pytest.fixture(params=["duckdb", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"duckdb:///{tmp_path}/orders.duckdb"


@pytest.fixture
def shop(make_settings: Callable[..., Settings], database_url: str) -> Iterator[Checkout]:
    variables = {"CHECKOUT_DATABASE_URL": database_url, "CHECKOUT_RATE_LIMIT": "", "CHECKOUT_SWEEP_EVERY": "0"}
    with open_checkout(make_settings(**variables)) as checkout:
        yield checkout


def a_paid_session(checkout: Checkout, simulator: SyncSimulator) -> tuple[str, bytes]:
    """Make a session that was paid and of which we do not know yet; return its id and the body of its webhook."""
    session = checkout.create_session({"night-train-to-trieste": 1})
    checkout.create_pending_order(session.id, email="anna@example.com")
    simulator.pay_session(session.id)
    events = simulator.state.session(session.id)[0].tables["events"].values()
    completed = next(event for event in events if event["type"] == "checkout.session.completed")
    return session.id, json.dumps(completed).encode()


def signed(body: bytes) -> str:
    return signature("whsec_test", body, int(time.time()))


def http_requests(client: httpx2.Client, url: str, session_id: str, body: bytes) -> list[Callable[[], object]]:
    """Make a redirect and a webhook that reach a callback service; their answers are HTTP statuses."""

    def redirect() -> int:
        return client.get(f"{url}/checkout/complete", params={"session_id": session_id}).status_code

    def webhook() -> int:
        headers = {"stripe-signature": signed(body)}
        return client.post(f"{url}/stripe/webhook", content=body, headers=headers).status_code

    return [redirect, webhook]


def assert_paid_once(checkout: Checkout, session_id: str) -> None:
    order = checkout.store.get(session_id)
    assert order is not None
    assert [event.kind for event in checkout.history(session_id)] == ["session_created", "pending", "paid"]
    assert (order.status, order.version) == ("paid", 2)
    checkout.dispatch_outbox()
    assert checkout.store.count_outbox() == 0
    assert [path.name for path in (checkout.settings.data_dir / "outbox").iterdir()] == [f"{order.id}.eml"]


def test_redirects_and_webhooks_in_one_process_make_one_transition(shop: Checkout, simulator: SyncSimulator) -> None:
    session_id, body = a_paid_session(shop, simulator)
    requests: list[Callable[[], object]] = [
        partial(shop.complete_order, session_id),
        partial(shop.receive_webhook, body, signed(body)),
    ] * (REQUESTS // 2)
    orders = [answer for answer in at_the_same_moment(requests) if isinstance(answer, Order)]
    assert {order.status for order in orders} == {"paid"}
    assert len({order.id for order in orders}) == 1
    assert len(orders) == REQUESTS
    assert shop.store.count_outbox() == 1
    assert_paid_once(shop, session_id)


def test_blocking_calls_and_http_requests_of_one_checkout_make_one_transition(
    shop: Checkout, simulator: SyncSimulator
) -> None:
    session_id, body = a_paid_session(shop, simulator)
    blocking: list[Callable[[], object]] = [
        lambda: shop.complete_order(session_id).status.value,
        lambda: shop.check_order_status(session_id).status.value,
    ]
    with serving(create_app(shop)) as url, httpx2.Client(timeout=60, trust_env=False, limits=NO_LIMIT) as client:
        requests = [*blocking, *http_requests(client, url, session_id, body)] * (REQUESTS // 4)
        answers = at_the_same_moment(requests)
    quarter = REQUESTS // 4
    assert (answers.count("paid"), answers.count(303), answers.count(200)) == (2 * quarter, quarter, quarter)
    assert_paid_once(shop, session_id)


def test_redirects_and_webhooks_at_two_processes_make_one_transition(
    shop: Checkout, simulator: SyncSimulator, database_url: str
) -> None:
    session_id, body = a_paid_session(shop, simulator)
    with ExitStack() as stack:
        urls = two_api_processes(stack, shop.settings, database_url)
        client = stack.enter_context(httpx2.Client(timeout=60, trust_env=False, limits=NO_LIMIT))
        both = [request for url in urls for request in http_requests(client, url, session_id, body)]
        answers = at_the_same_moment(both * (REQUESTS // 4))
    assert (answers.count(303), answers.count(200)) == (REQUESTS // 2, REQUESTS // 2)
    assert_paid_once(shop, session_id)
