"""Another Streamlit app that takes a payment: the example of docs/embedding.md, run with `streamlit run`."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from checkout_core import OrderStatus
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from stripe_simulator.testing.server import running
from tests.conftest import OURS, ROOT, free_port
from tests.e2e.browser.test_demo import GOOD, fill_card

pytestmark = pytest.mark.browser


EXAMPLE = ROOT / "docs" / "examples" / "embedding.py"


@pytest.fixture
def tip_jar(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    clean = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    with running() as simulator:
        environment = {
            "STRIPE_SECRET_KEY": "sk_test_tips",
            "STRIPE_PUBLISHABLE_KEY": "pk_test_tips",
            "STRIPE_API_BASE": simulator.url,
            "CHECKOUT_DATA_DIR": str(tmp_path),
            "CHECKOUT_PUBLIC_URL": address,
        }
        app = [sys.executable, "-m", "streamlit", "run", str(EXAMPLE), f"--server.port={port}"]
        with subprocess.Popen(
            [*app, "--server.address=127.0.0.1", "--server.headless=true", "--browser.gatherUsageStats=false"],
            cwd=tmp_path,
            env=clean | environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert any(str(port) in line for line in process.stdout)
            yield address
            process.terminate()
            process.communicate(timeout=30)


def test_twenty_lines_take_a_payment(tip_jar: str, page: Page, tmp_path: Path) -> None:
    page.goto(tip_jar)
    page.get_by_role("button", name="Tip", exact=True).click()
    page.get_by_label("E-mail").fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    fill_card(page.frame_locator("iframe").first, GOOD)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text(re.compile("Thank you! €29.00, order order_.*is paid"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("is paid"))).to_be_visible()
    with BlockingOrderStore(open_store(f"duckdb:///{tmp_path}/orders.duckdb")) as store:
        (order,) = store.find()
    assert (order.status, order.amount_total) == (OrderStatus.paid, 2900)
