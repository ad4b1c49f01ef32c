"""`stripe-simulator`, run as a user runs it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import stripe

from stripe_simulator.cli import DEFAULT_WEBHOOK_SECRET, main, parser, reachable

from .conftest import Receiver, params


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def command(*arguments: str, **environment: str) -> Iterator[str]:
    """The command in a process of its own; gives the address that it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")}
    with subprocess.Popen(
        [sys.executable, "-m", "stripe_simulator", *arguments],
        env=clean | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = re.match(r"Stripe simulator: (http\S+)", process.stdout.readline())
            assert found is not None
            process.stdout.readline()
            yield found[1]
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


@pytest.mark.parametrize("environment", [{}, {"STRIPE_WEBHOOK_SECRET": "whsec_mine"}], ids=["default", "environment"])
def test_the_command_answers_and_signs_webhooks(
    receiver: Receiver, tmp_path: Path, environment: dict[str, str]
) -> None:
    port, state = free_port(), tmp_path / "state.jsonl"
    arguments = ("--port", str(port), "--webhook-url", receiver.url, "--state", str(state))
    with command(*arguments, **environment) as url:
        assert url == f"http://127.0.0.1:{port}"
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": url})
        session = client.v1.checkout.sessions.create(params())
        assert httpx2.post(f"{url}/_simulator/sessions/{session.id}/pay").json()["payment_status"] == "paid"
    secret = environment.get("STRIPE_WEBHOOK_SECRET", DEFAULT_WEBHOOK_SECRET)
    events = [stripe.Webhook.construct_event(body, signature, secret) for body, signature in receiver.arrived]
    assert [event.type for event in events[-2:]] == ["checkout.session.completed", "charge.updated"]
    with command(*arguments) as url:
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": url})
        assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_a_port_that_is_taken_is_a_sentence_and_a_status(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1
    assert capsys.readouterr().err.startswith("stripe-simulator: cannot start: ")


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(["--port", port])
    assert stopped.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    shown = capsys.readouterr().out
    for option in ("--host", "--port", "--webhook-url", "--state", "STRIPE_WEBHOOK_SECRET", DEFAULT_WEBHOOK_SECRET):
        assert option in shown


@pytest.mark.parametrize(
    ("host", "name"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]"), ("box", "box")],
)
def test_the_address_can_be_opened_on_this_machine(host: str, name: str) -> None:
    assert reachable(host) == name


def test_the_simulator_imports_neither_the_sdk_nor_what_only_the_shop_needs() -> None:
    script = """
import sys
import stripe_simulator.app, stripe_simulator.cli, stripe_simulator.sync, stripe_simulator.testing.server
unwanted = {"stripe", "pydantic", "duckdb", "typer", "rich", "checkout_core", "streamlit"} & set(sys.modules)
assert not unwanted, unwanted
"""
    subprocess.run([sys.executable, "-c", script], check=True)
