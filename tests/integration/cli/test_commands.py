"""The `checkout` command as a user runs it."""

from importlib.metadata import version
from pathlib import Path

import httpx2
import psycopg
import pytest

from checkout_core.domain.orders import OrderStatus
from checkout_core.services.event_handlers import HANDLED_EVENT_TYPES
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.postgres.schema import MIGRATIONS
from stripe_simulator.webhooks import signature
from tests.support.programs import clean_environment, free_port, run_program, running_program
from tests.support.servers import serving
from tests.support.webhook_sink import WebhookSink

from .conftest import RunCommand

WIDE = {"COLUMNS": "200"}
NOBODY = "http://127.0.0.1:9"
A_SESSION = {
    "mode": "payment",
    "success_url": "http://shop.test",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "eur",
    "line_items[0][price_data][unit_amount]": "100",
    "line_items[0][price_data][product_data][name]": "Ticket",
}
PATIENT = httpx2.HTTPTransport(retries=8)
"""The simulator prints its address a moment before it listens."""


def test_the_version_is_that_of_the_distribution() -> None:
    done = run_program("-m", "checkout_cli", "--version")
    assert (done.returncode, done.stdout) == (0, f"checkout {version('checkout-toolkit')}\n")


def test_doctor_says_what_works(stripe_url: str, tmp_path: Path) -> None:
    environment = clean_environment(
        **WIDE, STRIPE_API_BASE=stripe_url, CHECKOUT_DATA_DIR=str(tmp_path), CHECKOUT_PUBLIC_URL=NOBODY
    )
    done = run_program("-m", "checkout_cli", "doctor", environment=environment, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "simulator" in done.stdout
    assert "no order yet" in done.stdout


def test_doctor_names_every_event_that_a_webhook_endpoint_needs(
    run_command: RunCommand, stripe_url: str, tmp_path: Path
) -> None:
    done = run_command("doctor", STRIPE_API_BASE=stripe_url, CHECKOUT_DATA_DIR=str(tmp_path))
    _, _, named = done.output.partition("needs these events:")
    assert named.split() == list(HANDLED_EVENT_TYPES)
    assert len(named.split()) >= len(OrderStatus)


def test_doctor_says_what_to_do(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    environment = clean_environment(
        **WIDE,
        STRIPE_API_BASE="http://127.0.0.1:9",
        STRIPE_SECRET_KEY="sk_test_abc",
        STRIPE_PUBLISHABLE_KEY="pk_test_abc",
        CHECKOUT_DATA_DIR=str(blocked),
        CHECKOUT_PUBLIC_URL=NOBODY,
    )
    done = run_program("-m", "checkout_cli", "doctor", environment=environment, folder=tmp_path)
    assert done.returncode == 1
    assert "checkout simulator" in done.stdout
    assert "stripe listen" in done.stdout
    assert "writable" in done.stdout
    assert "sk_test_abc" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("database", "says"),
    [("duckdb:////dev/null/orders.duckdb", "writable"), ("postgresql://127.0.0.1:9/shop", "cannot be reached")],
)
def test_doctor_asks_a_store_that_does_not_answer_once(
    run_command: RunCommand, stripe_url: str, tmp_path: Path, database: str, says: str
) -> None:
    done = run_command(
        "doctor",
        **WIDE,
        STRIPE_API_BASE=stripe_url,
        CHECKOUT_DATA_DIR=str(tmp_path),
        CHECKOUT_DATABASE_URL=database,
        CHECKOUT_PUBLIC_URL=NOBODY,
    )
    assert done.status == 1
    assert done.output.count(says) == 1
    assert "the key works" in done.output
    for name in ("Stock", "Events"):
        assert f"– {name} not checked: the orders cannot be read, see above" in done.output


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"STRIPE_SECRET_KEY": "sk_test_abc"}, "STRIPE_PUBLISHABLE_KEY is not"),
        ({"CHECKOUT_DATA_DIR": "/dev/null/orders"}, "CHECKOUT_DATA_DIR"),
    ],
)
def test_the_demo_refuses_in_one_sentence(run_command: RunCommand, environment: dict[str, str], says: str) -> None:
    done = run_command("demo", "--port", str(free_port()), **environment)
    assert done.status == 1
    assert says in done.errors
    assert "Traceback" not in done.errors


@pytest.mark.parametrize("command", ["demo", "simulator"])
def test_a_port_in_use_is_named(run_command: RunCommand, stripe_url: str, command: str) -> None:
    done = run_command(command, "--port", stripe_url.rpartition(":")[2])
    assert done.status == 1
    assert "Choose another port" in done.errors


@pytest.mark.parametrize(("given", "secret"), [("", "whsec_simulator"), ("whsec_new, whsec_old", "whsec_new")])
def test_the_simulator_signs_with_the_secret_of_the_settings(tmp_path: Path, given: str, secret: str) -> None:
    port, sink = free_port(), WebhookSink()
    environment = clean_environment(STRIPE_WEBHOOK_SECRET=given, CHECKOUT_DATA_DIR=str(tmp_path))
    with serving(sink.app) as address:
        command = ("-m", "checkout_cli", "simulator", "--port", str(port), "--webhook-url", f"{address}/")
        with (
            running_program(*command, ready="Ctrl-C", environment=environment),
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", transport=PATIENT, trust_env=False) as stripe,
        ):
            session = stripe.post(
                "/v1/checkout/sessions", data=A_SESSION, headers={"authorization": "Bearer sk_test_a"}
            )
            stripe.post(f"/_simulator/sessions/{session.json()['id']}/pay", json={}).raise_for_status()
    delivery = sink.take()[0]
    assert delivery.signature == signature(secret, delivery.body, delivery.sent_at)


def test_seeded_orders_can_be_queried_and_a_second_time_adds_nothing(run_command: RunCommand, tmp_path: Path) -> None:
    for _ in range(2):
        done = run_command("seed", "--orders", "500", CHECKOUT_DATA_DIR=str(tmp_path))
        assert done.status == 0, done.errors
    assert "500 were there already" in done.output
    with BlockingOrderStore(open_store(f"duckdb:///{tmp_path}/orders.duckdb")) as store:
        assert len(store.find(limit=1000)) == 500


def test_migrate_makes_the_tables_and_says_their_version(
    run_command: RunCommand, tmp_path: Path, postgres_url: str
) -> None:
    for url in (f"duckdb:///{tmp_path}/orders.duckdb", postgres_url):
        done = run_command("migrate", CHECKOUT_DATABASE_URL=url, CHECKOUT_DATA_DIR=str(tmp_path))
        assert done.status == 0
        assert f"the tables have version {len(MIGRATIONS)}" in done.output
    with psycopg.connect(postgres_url) as server:
        assert server.execute("SELECT max(version) FROM schema_version").fetchone() == (len(MIGRATIONS),)
