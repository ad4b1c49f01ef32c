"""The pytest plugin, as somebody else's test suite uses it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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
    code = f"import sys, pytest; before = set(sys.modules); import {PLUGIN}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], check=True, text=True, stdout=subprocess.PIPE)
    assert done.stdout.split() == ["stripe_simulator", "stripe_simulator.testing", PLUGIN]


def test_the_introduction_names_both_fixtures_the_marker_and_the_option(run: Run) -> None:
    run("", "--fixtures").stdout.fnmatch_lines(["stripe_simulator_session*-- *", "*for wider fixtures*"])
    run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.stripe_simulator(unsupported=*"])
    run("", "--help").stdout.fnmatch_lines(["*--stripe-simulator-unsupported=*", "*stripe_simulator_unsupported*"])


def test_wider_fixtures_keep_what_they_made_while_tests_begin_afresh(run: Run) -> None:
    result = run("""
    @pytest.fixture(scope="module")
    def paid(stripe_simulator_session):
        client = stripe.StripeClient(**stripe_simulator_session.client_options)
        session = client.v1.checkout.sessions.create(SALE)
        stripe_simulator_session.pay(session.id)
        return session.id

    @pytest.mark.parametrize("turn", range(2))
    def test_both(paid, stripe_simulator, stripe_simulator_session, turn):
        client = stripe.StripeClient(**stripe_simulator_session.client_options)
        assert client.v1.checkout.sessions.retrieve(paid).payment_status == "paid"
        assert stripe.StripeClient(**stripe_simulator.client_options).v1.events.list().data == []

    def test_an_account_is_its_own(stripe_simulator_session, paid):
        other = stripe_simulator_session.account("other")
        client = stripe.StripeClient(**other.client_options)
        assert client.v1.checkout.sessions.list().data == []
        other.expire(client.v1.checkout.sessions.create(SALE).id)
        told = other.deliver_to(lambda body, headers: None).answers
        assert [answer.type for answer in told] == ["checkout.session.expired"]
        assert other.event("checkout.session.expired").headers["Stripe-Signature"]
        with pytest.raises(LookupError, match=r"only: checkout\\.session\\.expired"):
            other.event("checkout.session.completed")

    def test_reset_forgets(stripe_simulator_session, paid):
        stripe_simulator_session.reset()
        with pytest.raises(stripe.InvalidRequestError):
            stripe.StripeClient(**stripe_simulator_session.client_options).v1.checkout.sessions.retrieve(paid)
    """)
    result.assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("scope", "arguments"),
    [("class", ()), ("module", ()), ("package", ()), ("session", ()), ("module", ("-n", "1"))],
    ids=str,
)
def test_a_fixture_that_is_too_wide_for_a_test_s_stripe_is_told_of_the_wider_one(
    run: Run, monkeypatch: pytest.MonkeyPatch, scope: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "xdist.plugin" if arguments else "")
    result = run(
        f"""
    made = []

    @pytest.fixture(scope="{scope}", autouse=True)
    def first():
        made.append("first")

    @pytest.fixture(scope="{scope}")
    def paid(stripe_simulator):
        made.append("paid")

    def test_paid(paid):
        pass

    def test_nothing_was_made():
        assert made in ([], ["first"])
    """,
        *arguments,
    )
    result.assert_outcomes(errors=1, passed=1)
    says = f"The fixture paid is made once a {scope} and asks for stripe_simulator, *ask for stripe_simulator_session*"
    result.stdout.fnmatch_lines([says])


def test_a_fixture_of_one_s_own_with_that_name_may_have_any_scope(run: Run) -> None:
    result = run("""
    @pytest.fixture(scope="session")
    def stripe_simulator(stripe_simulator_session):
        return stripe_simulator_session

    @pytest.fixture(scope="module")
    def paid(stripe_simulator):
        return stripe_simulator.url

    def test_paid(paid):
        assert paid.startswith("http")
    """)
    result.assert_outcomes(passed=1)


IGNORES = """
    def test_kept(stripe_simulator):
        client = stripe.StripeClient(**stripe_simulator.client_options)
        assert client.v1.checkout.sessions.create({**SALE, "managed_payments": {"enabled": True}}).managed_payments.enabled
"""


def test_unsupported_parameters_are_refused_by_name_unless_told_otherwise(run: Run) -> None:
    result = run(IGNORES)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*does not simulate the parameter managed_payments*"])
    run(IGNORES, "--stripe-simulator-unsupported", "ignore").assert_outcomes(passed=1)
    run(IGNORES, "-o", "stripe_simulator_unsupported=ignore").assert_outcomes(passed=1)
    run(IGNORES, "-o", "stripe_simulator_unsupported=ignore", "--stripe-simulator-unsupported=refuse").assert_outcomes(
        failed=1
    )


def test_the_marker_speaks_for_its_tests_only(run: Run) -> None:
    result = run("""
    def kept(sim):
        client = stripe.StripeClient(**sim.client_options)
        return client.v1.checkout.sessions.create({**SALE, "managed_payments": {"enabled": True}}).managed_payments.enabled

    @pytest.mark.stripe_simulator(unsupported="ignore")
    def test_kept(stripe_simulator):
        assert kept(stripe_simulator)

    def test_refused(stripe_simulator):
        with pytest.raises(stripe.InvalidRequestError, match="managed_payments"):
            kept(stripe_simulator)
    """)
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("given", ["", "unsuported='ignore'", "unsupported='ignor'", "'ignore'", "unsupported=True"])
def test_a_marker_that_says_nothing_known_is_refused(run: Run, given: str) -> None:
    result = run(f"""
    @pytest.mark.stripe_simulator({given})
    def test_marked(stripe_simulator):
        pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*The marker is written stripe_simulator(unsupported=*"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("-o", "stripe_simulator_unsupported=ignor"),
            "*stripe_simulator_unsupported is refuse or ignore, not 'ignor'*",
        ),
        (("--stripe-simulator-unsupported", "ignor"), "*invalid choice: 'ignor'*"),
    ],
    ids=["ini", "option"],
)
def test_a_choice_that_does_not_exist_ends_the_run_at_once(run: Run, arguments: tuple[str, ...], says: str) -> None:
    result = run(IGNORES, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([says])


def install(folder: Path, name: str, entry_point: str) -> None:
    """Lay an installed distribution into a folder: its metadata, and the plugin that it names."""
    info = folder / f"{name.replace('-', '_')}-0.0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n")
    (info / "entry_points.txt").write_text(f"[pytest11]\n{entry_point}\n")


@pytest.mark.parametrize(
    "entry_point", ["stripe_simulator = old_plugin", "checkout_toolkit = old_plugin"], ids=["same name", "another name"]
)
def test_two_plugins_with_the_fixture_are_told_which_to_remove(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, entry_point: str
) -> None:
    # What comes later on the path is found later, so the plugin of this project takes the name.
    install(pytester.path, "checkout-toolkit-old", entry_point)
    pytester.makepyfile(
        old_plugin="import pytest\n@pytest.fixture\ndef stripe_simulator(): pass",
        test_shop="def test_pay(stripe_simulator): pass",
    )
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    code = f"import sys; sys.path[:0] = [{packages!r}]; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    result = pytester.run(sys.executable, "-c", code, "-p", "no:cacheprovider", "-p", "no:randomly")
    assert result.ret != 0
    said = "\n".join([*result.stdout.lines, *result.stderr.lines])
    assert "that of stripe-simulator and that of checkout-toolkit-old" in said
    assert "pip uninstall checkout-toolkit-old" in said
