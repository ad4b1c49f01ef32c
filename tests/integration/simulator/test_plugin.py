"""The pytest plugin, as somebody else's test suite uses it."""

import subprocess
import sys
from collections.abc import Callable

import pytest

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]
PLUGIN = "stripe_simulator.testing.plugin"
SUITE = """
    import http.server
    import threading

    import pytest
    import stripe

    SALE = {
        "mode": "payment",
        "success_url": "https://shop.test/done?session_id={CHECKOUT_SESSION_ID}",
        "line_items": [
            {"quantity": 2, "price_data": {"currency": "eur", "unit_amount": 1500, "product_data": {"name": "Mug"}}}
        ],
    }
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a test suite that has this plugin and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(tests: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(test_shop=SUITE + tests)
        return pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", *arguments)

    return run


def test_a_suite_pays_a_session_without_further_ado(run: Run) -> None:
    result = run("""
    def test_pay(stripe_simulator):
        client = stripe.StripeClient(**stripe_simulator.client_options)
        session = client.v1.checkout.sessions.create(SALE)
        assert session.url.startswith(stripe_simulator.url)
        assert stripe_simulator.pay(session.id)["payment_status"] == "paid"
        assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"

    def test_the_address_alone(stripe_simulator):
        client = stripe.StripeClient("sk_test_mine", base_addresses={"api": stripe_simulator.url})
        assert client.v1.checkout.sessions.list().data == []
    """)
    result.assert_outcomes(passed=2)


def test_every_test_begins_afresh_on_one_server(run: Run) -> None:
    result = run("""
    seen = []

    @pytest.mark.parametrize("turn", range(3))
    def test_fresh(stripe_simulator, turn):
        client = stripe.StripeClient(**stripe_simulator.client_options)
        assert client.v1.checkout.sessions.list().data == []
        assert client.v1.events.list().data == []
        assert stripe_simulator.simulator.webhook_url is None
        client.v1.checkout.sessions.create(SALE)
        stripe_simulator.simulator.webhook_url = "http://127.0.0.1:9/"
        stripe_simulator.simulator.advance(60)
        seen.append(stripe_simulator.url)
        assert len(set(seen)) == 1
    """)
    result.assert_outcomes(passed=3)


def test_a_suite_receives_signed_webhooks(run: Run) -> None:
    result = run("""
    class Receiver(http.server.BaseHTTPRequestHandler):
        got = []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.got.append((body, self.headers["stripe-signature"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    def test_webhook(stripe_simulator):
        client = stripe.StripeClient(**stripe_simulator.client_options)
        session = client.v1.checkout.sessions.create(SALE)
        with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with stripe_simulator.delivering_to(f"http://127.0.0.1:{server.server_port}/hook"):
                stripe_simulator.pay(session.id)
            server.shutdown()
        events = [client.construct_event(*got, stripe_simulator.webhook_secret) for got in Receiver.got]
        assert "checkout.session.completed" in {event.type for event in events}
    """)
    result.assert_outcomes(passed=1)


def test_the_fixture_introduces_itself(run: Run) -> None:
    result = run("", "--fixtures")
    result.stdout.fnmatch_lines(["stripe_simulator -- *", "*A running Stripe simulator*"])


def test_a_suite_that_never_asks_starts_no_server() -> None:
    code = f"import sys, {PLUGIN}; sys.exit(any(name in sys.modules for name in ('uvicorn', 'stripe')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
