"""The README's three processes on one DuckDB file: the simulator, the callback service and the storefront, and a reader.

Nothing is shared but the file, so every order goes through the lease from both sides while somebody asks questions.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page

from checkout_core import open_orders
from tests.conftest import OURS, ROOT, free_port
from tests.e2e.browser.test_demo import GOOD, card_form, expect_confirmation, fill_card, go_to_payment

pytestmark = pytest.mark.browser


@contextmanager
def program(*command: str, ready: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    """A program in a process of its own, from the moment it says that it is ready."""
    with (
        log.open("w+") as said,
        subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=said, stderr=said) as one,
    ):
        try:
            while ready not in log.read_text():
                if one.poll() is not None:
                    pytest.fail(f"{command[0]} did not start:\n{log.read_text()}")
                threading.Event().wait(0.05)
            yield
        finally:
            one.terminate()
            one.wait(timeout=30)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """The addresses of the storefront, the callback service and the simulator."""
    ports = [free_port() for _ in range(3)]
    shop, api, stripe = (f"http://127.0.0.1:{port}" for port in ports)
    clean = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    ours = {"CHECKOUT_DATA_DIR": str(tmp_path), "CHECKOUT_PUBLIC_URL": shop, "CHECKOUT_API_URL": api}
    account = {
        "STRIPE_API_BASE": stripe,
        "STRIPE_SECRET_KEY": "sk_test_three",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_three",
        "STRIPE_WEBHOOK_SECRET": "whsec_three",
        "CHECKOUT_RATE_LIMIT": "",
        "PYTHONUNBUFFERED": "1",
    }
    environment = clean | ours | account
    with ExitStack() as stack:

        def start(*command: str, ready: str) -> None:
            log = tmp_path / f"{command[0]}.log"
            stack.enter_context(program(*command, ready=ready, environment=environment, log=log))

        webhook = ("--webhook-url", f"{api}/stripe/webhook")
        start("checkout_cli", "simulator", "--port", str(ports[2]), *webhook, ready=stripe)
        start("uvicorn", "api.main:app", "--port", str(ports[1]), ready="running on")
        streamlit = ("--server.headless=true", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false")
        start("streamlit", "run", "storefront/app.py", f"--server.port={ports[0]}", *streamlit, ready=str(ports[0]))
        yield shop, api, stripe


@pytest.mark.parametrize("answers_expected", ["404"])  # Streamlit asks below /confirmation first, then at the root
def test_api_storefront_and_a_reader_share_one_file(three: tuple[str, str, str], page: Page, tmp_path: Path) -> None:
    shop, api, stripe = three
    sold: list[str] = []
    reads: list[int] = []
    done = threading.Event()

    def sell(client: httpx2.Client) -> None:
        while not done.is_set():
            cart = {"items": [{"product": "enamel-mug", "quantity": 1}]}
            session_id = client.post(f"{api}/checkout/sessions", json=cart).raise_for_status().json()["session_id"]
            pending = {"stripe_checkout_session_id": session_id, "email": "api@example.com"}
            client.post(f"{api}/checkout/pending", json=pending).raise_for_status()
            client.post(f"{stripe}/_simulator/sessions/{session_id}/pay", json={"card": GOOD}).raise_for_status()
            client.get(f"{api}/checkout/complete", params={"session_id": session_id})
            sold.append(session_id)

    def ask() -> None:
        orders = open_orders(f"duckdb:///{tmp_path}/orders.duckdb")
        while not done.is_set():
            reads.append(len(orders.sql("FROM orders")))

    go_to_payment(page, shop)
    with ThreadPoolExecutor(2) as others, httpx2.Client(timeout=60, trust_env=False) as client:
        working = [others.submit(sell, client), others.submit(ask)]
        try:
            fill_card(card_form(page), GOOD)
            page.get_by_role("button", name=re.compile("^Pay")).click()
            expect_confirmation(page, tmp_path)
        finally:
            done.set()
        for one in working:
            one.result()

    frame = open_orders(f"duckdb:///{tmp_path}/orders.duckdb").sql("FROM orders")
    status = dict(zip(frame["stripe_checkout_session_id"], frame["status"], strict=True))
    assert sold
    assert len(status) == len(sold) + 1
    assert set(status.values()) == {"paid"}
    assert reads == sorted(reads)
