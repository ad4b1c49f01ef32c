"""A Stripe that is slow or away, and deliveries that are not Stripe's or come again."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import httpx2

from checkout_core import Checkout, Order, Settings, open_checkout
from stripe_simulator.testing.server import running
from tests.support.programs import RunningProgram, clean_environment, free_port, running_program
from tests.support.shopper import open_session, paid_order, pay, pending_order
from tests.support.webhooks import SECRET, event_body, session_event, signed

from .outcome import Attack, Outcome

ANSWER_SECONDS = 9.0
"""What Stripe takes when it is slow."""
UNDER_WAY = 200
"""How many made-up sessions are asked about at the same time."""
WAITED_SECONDS = ANSWER_SECONDS / 2
"""What took longer has waited for Stripe."""
MEDIAN_SECONDS = 1.0
"""What the median of all that needs no Stripe may be, however busy the machine is; what it is stands in the table."""

ASKING = """
import asyncio, sys
import httpx2

async def ask(client, shopper, told):
    number = 0
    while True:
        number += 1
        try:
            answer = await client.get(sys.argv[1], params={"session_id": f"cs_test_junk{shopper}_{number}"})
            told(answer.status_code)
            await asyncio.sleep(float(answer.headers.get("Retry-After", 0)))
        except httpx2.HTTPError:
            await asyncio.sleep(1)

async def main():
    refused = 0
    def told(status):
        nonlocal refused
        refused += status == 503
        if refused == 1:
            print("under way", flush=True)
    limits = httpx2.Limits(max_connections=1000)
    async with httpx2.AsyncClient(timeout=60, trust_env=False, limits=limits) as client:
        async with asyncio.TaskGroup() as group:
            for shopper in range(int(sys.argv[2])):
                group.create_task(ask(client, shopper, told))

asyncio.run(main())
"""


@contextmanager
def _api(folder: Path, stripe_url: str, *, of_demo: bool = False) -> Iterator[tuple[RunningProgram, httpx2.Client]]:
    """Run the callback service, or the whole shop; give the program, and a client at the service's address."""
    port = free_port()
    environment = clean_environment(
        CHECKOUT_DATA_DIR=str(folder), STRIPE_API_BASE=stripe_url, STRIPE_WEBHOOK_SECRET=SECRET, CHECKOUT_RATE_LIMIT=" "
    )
    arguments: tuple[str, ...] = ("-m", "uvicorn", "api.main:app", "--port", str(port), "--no-access-log")
    ready, below, stop_with = "startup complete", "", signal.SIGTERM
    if of_demo:
        arguments = ("-m", "checkout_cli", "demo", "--port", str(port))
        ready, below, stop_with = "is open", "/api", signal.SIGINT
    with (
        running_program(*arguments, ready=ready, environment=environment, stop_with=stop_with) as program,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}{below}", timeout=30, trust_env=False) as client,
    ):
        yield program, client


def _checkout(folder: Path, stripe_url: str) -> Checkout:
    return open_checkout(Settings(data_dir=folder, stripe_api_base=stripe_url))


def _confirmation(client: httpx2.Client, order: Order) -> httpx2.Response:
    return client.get("/checkout/confirmation", params={"stripe_checkout_session_id": order.stripe_checkout_session_id})


def _timed(ask: Callable[[], httpx2.Response]) -> tuple[float, int]:
    began = time.monotonic()
    try:
        status = ask().status_code
    except httpx2.HTTPError:
        status = 0
    return time.monotonic() - began, status


def slow_stripe(folder: Path, calls: int, *, of_demo: bool = False) -> Outcome:
    """Ask about made-up sessions from many places while Stripe is slow, and ask beside them what needs no Stripe."""
    with running(webhook_secret=SECRET) as (stripe_url, simulator):
        with _checkout(folder, stripe_url) as checkout:
            order = paid_order(checkout)
        with _api(folder, stripe_url, of_demo=of_demo) as (program, client):
            _confirmation(client, order)
            simulator.add_fault("latency", "GET /v1", seconds=ANSWER_SECONDS, times=100_000)
            asked = f"{str(client.base_url).rstrip('/')}/checkout/complete"
            arguments = [sys.executable, "-c", ASKING, asked, str(UNDER_WAY)]
            with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as asking:
                assert asking.stdout is not None
                asking.stdout.readline()
                settled = [_timed(lambda: _confirmation(client, order)) for _ in range(calls)]
                ready = [_timed(lambda: client.get("/readyz")) for _ in range(calls)]
                refused = [_timed(lambda: client.post("/stripe/webhook", content=b"{}")) for _ in range(calls)]
                asking.kill()
            down = int(program.process.poll() is not None)
    late = sum(seconds > WAITED_SECONDS for seconds, _ in settled + ready + refused)
    late += sum(median(seconds for seconds, _ in each) > MEDIAN_SECONDS for each in (settled, ready, refused))
    wrong = sum(status != 200 for _, status in settled + ready) + sum(status != 400 for _, status in refused)
    medians = [f"{1000 * median(seconds for seconds, _ in each):.0f} ms" for each in (settled, ready, refused)]
    return Outcome(
        f"{UNDER_WAY} made-up sessions under way, Stripe takes {ANSWER_SECONDS:.0f} s, {3 * calls} calls beside them",
        down=down,
        unanswered=late + wrong,
        figures="median of a settled confirmation {}, of `/readyz` {}, of a refused webhook {}".format(*medians),
    )


def stripe_away(folder: Path, calls: int) -> Outcome:
    """Take Stripe away: what needs it says so at once, and nobody reads a false word about money."""
    with running(webhook_secret=SECRET) as (stripe_url, _), _checkout(folder, stripe_url) as checkout:
        order, session_id = paid_order(checkout), pending_order(checkout)
        pay(checkout, session_id)
    wrong = 0
    with _api(folder, f"http://127.0.0.1:{free_port()}") as (program, client):
        for _ in range(calls):
            wrong += _confirmation(client, order).status_code != 200
            wrong += client.get("/readyz").status_code != 200
            back = client.get("/checkout/complete", params={"session_id": session_id})
            wrong += (back.status_code, "not confirmed" in back.text) != (503, True)
            begun = client.post("/checkout/sessions", json={"cart": {"tea": 1}})
            wrong += begun.status_code < 400 or "confirmed" in begun.text
        down = int(program.process.poll() is not None)
    with running(webhook_secret=SECRET) as (stripe_url, _), _checkout(folder, stripe_url) as checkout:
        kept = checkout.store.count()
    return Outcome(f"{4 * calls} calls while Stripe is away", down, 2 - kept, wrong)


def forged_webhooks(folder: Path, times: int) -> Outcome:
    """Deliver what Stripe did not sign, and what it did many times at the same moment."""
    accepted = 0
    with running(webhook_secret=SECRET) as (stripe_url, _):
        with _checkout(folder, stripe_url) as checkout:
            unpaid, paid = open_session(checkout), pending_order(checkout)
            pay(checkout, paid)
        body, right = session_event(unpaid), signed(session_event(unpaid))["stripe-signature"]
        forged = [
            {},
            {"stripe-signature": ""},
            {"stripe-signature": "t=,v1="},
            {"stripe-signature": right.replace("v1=", "v0=")},
            {"stripe-signature": right[:-1]},
            {"stripe-signature": right + "0"},
            {"stripe-signature": "t=9" * 4000},
            {"stripe-signature": right.replace("t=", "t=1")},
            signed(body, "whsec_other"),
            signed(body, ""),
            signed(body + " "),
            signed(body, at=time.time() - 3600),
            signed(event_body("checkout.session.completed", id=paid)),
        ]
        with _api(folder, stripe_url) as (program, client):
            for headers in forged * times:
                accepted += client.post("/stripe/webhook", content=body, headers=headers).status_code != 400
            true = session_event(paid)

            def deliver(_: int) -> int:
                return client.post("/stripe/webhook", content=true, headers=signed(true)).status_code

            with ThreadPoolExecutor(16) as threads:
                answers = list(threads.map(deliver, range(16 * times)))
            client.get("/checkout/complete", params={"session_id": paid})
            down = int(program.process.poll() is not None)
        with _checkout(folder, stripe_url) as checkout:
            order = checkout.store.get(paid)
            history = [event.kind.value for event in checkout.history(paid)]
            checkout.dispatch_outbox()
            accepted += order is None or history.count("paid") != 1
            accepted += checkout.store.get(unpaid) is not None
    letters = len(list((folder / "outbox").glob("*.eml")))
    return Outcome(
        f"{len(forged) * times} forged webhooks, {len(answers)} deliveries of one event",
        down,
        lost=accepted + abs(1 - letters),
        unanswered=sum(answer != 200 for answer in answers),
    )


STRIPE_ATTACKS = (
    Attack("A slow Stripe, the API", slow_stripe, quick=5, long=100),
    Attack("A slow Stripe, the demo", partial(slow_stripe, of_demo=True), quick=5, long=100),
    Attack("No Stripe", stripe_away, quick=1, long=10),
    Attack("Webhooks", forged_webhooks, quick=1, long=10),
)
