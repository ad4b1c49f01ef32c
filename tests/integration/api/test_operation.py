"""Routes for operators: alive, ready, counted."""

import gc
import logging
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from api import create_app
from api.headers import HEADERS
from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import ConfigurationError, SchemaTooNew, StoreBusy, StoreError, StoreUnavailable
from tests.support.shopper import pay, pending_order
from tests.support.stores import ScriptedStore
from tests.support.webhooks import session_event, signed

from .test_routes import assert_error

REAL = {
    "STRIPE_SECRET_KEY": "sk_test_real",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_real",
    "STRIPE_API_BASE": "https://api.stripe.com",
}


@pytest.fixture
def client(checkout: Checkout) -> Iterator[TestClient]:
    with TestClient(create_app(checkout)) as client:
        yield client


def samples(client: TestClient) -> dict[tuple[str, ...], float]:
    """Every number by its name and its labels."""
    text = client.get("/metrics").text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_ready_means_that_the_store_answers_and_stripe_takes_the_key(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready", "stripe": "ok"}


def test_a_key_that_stripe_rejects_is_not_ready(settings: Settings) -> None:
    refused = settings.model_copy(update={"stripe_secret_key": SecretStr("sk_live_x")})
    with open_checkout(refused, store=ScriptedStore()) as checkout, TestClient(create_app(checkout)) as client:
        assert_error(client.get("/readyz"), 503, "configuration_error", "key")
        assert client.get("/healthz").status_code == 200


def test_a_stripe_that_does_not_answer_is_no_reason_to_take_us_away(make_settings: Callable[..., Settings]) -> None:
    with (
        open_checkout(make_settings(STRIPE_API_BASE="http://127.0.0.1:9"), store=ScriptedStore()) as checkout,
        TestClient(create_app(checkout)) as client,
    ):
        assert client.get("/readyz").json() == {"status": "ready", "stripe": "unavailable"}


def test_a_store_that_does_not_answer_is_not_ready(client: TestClient, memory_store: ScriptedStore) -> None:
    memory_store.fail("count_outbox", StoreBusy())
    assert_error(client.get("/readyz"), 503, "store_busy")
    assert client.get("/readyz").status_code == 200


def test_stripe_is_not_asked_at_every_probe(client: TestClient, checkout: Checkout) -> None:
    checkout.calls.clear()
    for _ in range(5):
        client.get("/readyz")
    assert len(checkout.calls.all()) == 1


def test_a_checkout_is_counted(client: TestClient, checkout: Checkout) -> None:
    before = samples(client)
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    body = session_event(session_id)
    client.post("/stripe/webhook", content=body, headers=signed(body))
    client.get("/checkout/complete", params={"session_id": session_id}, follow_redirects=False)
    client.get("/checkout/complete", params={"session_id": "nonsense"})
    after = samples(client)

    def grew(*key: str) -> float:
        key = (key[0], *sorted(key[1:]))
        return after.get(key, 0.0) - before.get(key, 0.0)

    for step in ("create_session", "create_pending_order", "complete_order", "handle_event"):
        assert grew("checkout_step_seconds_count", step, "ok") == 1
    assert grew("checkout_step_seconds_count", "complete_order", "session_not_found") == 1
    assert grew("checkout_reconcile_total", "webhook", "paid") == 1
    assert grew("checkout_reconcile_total", "redirect", "unchanged") == 1
    assert grew("checkout_webhook_lag_seconds_count", "checkout.session.completed") == 1
    assert grew("checkout_stripe_call_seconds_count", "sessions.create", "ok") == 1
    assert ("checkout_outbox_entries",) in after
    assert session_id not in client.get("/metrics").text


def test_metrics_of_a_shop_with_real_stripe_need_the_token(make_settings: Callable[..., Settings]) -> None:
    for token, header, expected in (
        ("", "", 404),
        ("", "Bearer ", 404),
        ("t0k3n", "", 404),
        ("t0k3n", "Bearer wrong", 404),
        ("t0k3n", "Bearer t0k3n", 200),
    ):
        settings = make_settings(**REAL, CHECKOUT_METRICS_TOKEN=token)
        with open_checkout(settings, store=ScriptedStore()) as checkout, TestClient(create_app(checkout)) as client:
            assert client.get("/metrics", headers={"authorization": header}).status_code == expected


def test_several_apps_in_one_process_can_be_counted(checkout: Checkout) -> None:
    for _ in range(2):
        with TestClient(create_app(checkout)) as client:
            assert client.get("/metrics").status_code == 200


@pytest.fixture
def logs_restored() -> Iterator[None]:
    root = logging.getLogger()
    level, before = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    for handler in [each for each in root.handlers if each not in before]:
        root.removeHandler(handler)


@pytest.mark.usefixtures("logs_restored")
def test_an_app_that_is_given_nothing_serves_the_shops_of_the_environment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app()  # reads nothing before it starts
    monkeypatch.setenv("STRIPE_SECRET_KEY", settings.stripe_secret_key.get_secret_value())
    monkeypatch.setenv("STRIPE_PUBLISHABLE_KEY", settings.stripe_publishable_key)
    monkeypatch.setenv("STRIPE_API_BASE", settings.stripe_api_base)
    monkeypatch.setenv("CHECKOUT_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", "memory://")
    frozen = gc.get_freeze_count()
    with TestClient(app) as client:
        assert gc.get_freeze_count() > frozen, "the collector looks at what lives as long as the process"
        assert client.get("/readyz").json() == {"status": "ready", "stripe": "ok"}
        bought = client.post("/checkout/sessions", json={"items": [{"product": "night-train-to-trieste"}]})
        assert bought.status_code == 201
    assert gc.get_freeze_count() == frozen
    (checkout,) = app.state.shops
    with pytest.raises(StoreUnavailable):
        checkout.history(bought.json()["session_id"])


def test_an_app_whose_settings_cannot_be_used_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKOUT_UI_MODE", "popup")
    with pytest.raises(ConfigurationError, match="CHECKOUT_UI_MODE"), TestClient(create_app()):
        pass


SECRET_CAUSE = "The order database cannot be opened in the folder /srv/shop."


@pytest.mark.parametrize("kind", [StoreBusy, StoreUnavailable, SchemaTooNew])
def test_what_is_wrong_with_the_store_is_for_the_log_and_not_for_strangers(
    client: TestClient, memory_store: ScriptedStore, caplog: pytest.LogCaptureFixture, kind: type[StoreError]
) -> None:
    error = kind(SECRET_CAUSE)
    error.__cause__ = OSError("No space left on device")
    memory_store.fail("count_outbox", error)
    memory_store.fail("update", error)
    body = {"stripe_checkout_session_id": open_session(client), "email": "a@example.com"}
    for answer in (client.get("/readyz"), client.post("/checkout/pending", json=body)):
        assert_error(answer, 503, kind.code, kind.sentence)
        assert "/srv" not in answer.text
    logged = [getattr(record, "fields", {}) for record in caplog.records]
    told = {"code": kind.code, "message": SECRET_CAUSE, "cause": "No space left on device"}
    assert [fields for fields in logged if "cause" in fields] == [told, told]


def open_session(client: TestClient) -> str:
    cart = {"items": [{"product": "night-train-to-trieste", "quantity": 1}]}
    return str(client.post("/checkout/sessions", json=cart).json()["session_id"])


def test_every_answer_may_neither_be_kept_nor_framed_nor_told_of(client: TestClient) -> None:
    paths = ["/healthz", "/readyz", "/metrics", "/checkout/confirmation?stripe_checkout_session_id=cs_x", "/nothing"]
    for path in paths:
        headers = client.get(path).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS
