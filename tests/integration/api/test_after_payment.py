"""Whoever may have paid reads that it is not confirmed yet, and nothing else, whatever fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from api import create_app
from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import ConfigurationError, PaymentUnconfirmed, StoreBusy, StripeRejected
from tests.support.changed_answers import Answer, Change, changed_answers
from tests.support.failures import FAILURES, WITHOUT, Said
from tests.support.shopper import fault, pay, pending_order
from tests.support.stores import ScriptedStore
from tests.support.webhooks import session_event, signed

PAGE = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PATHS = {"checkout/complete": "session_id", "checkout/confirmation": "stripe_checkout_session_id"}
OF_OURS = [StoreBusy(), ConfigurationError("sk_test_verysecret"), StripeRejected(), ZeroDivisionError("verysecret")]


@contextmanager
def failing_shop(settings: Settings, change: Change) -> Iterator[tuple[TestClient, Checkout, str]]:
    """A paid session and a shop for which `change` answers in Stripe's place."""
    store = ScriptedStore()
    with open_checkout(settings, store=store, receipts=None) as checkout:
        session_id = pending_order(checkout)
        pay(checkout, session_id)
        with (
            changed_answers(settings.stripe_api_base, change) as url,
            open_checkout(settings.replace(stripe_api_base=url), store=store, receipts=None) as failing,
            TestClient(create_app(failing), raise_server_exceptions=False, follow_redirects=False) as client,
        ):
            yield client, failing, session_id


def saying(said: Said) -> Change:
    """Let Stripe say `said` of every session."""
    return lambda request, answer: said if "/sessions/cs_" in request else None


def without(field: str) -> Change:
    """Let sessions lack a field."""

    def change(request: str, answer: Answer) -> tuple[int, Answer | list[Any] | bytes] | None:
        return (200, {key: answer[key] for key in answer if key != field}) if "/sessions/cs_" in request else None

    return change


def assert_unconfirmed(client: TestClient, session_id: str) -> None:
    """Ask by program and by browser, on both paths."""
    for path, name in PATHS.items():
        for headers in ({}, PAGE):
            answer = client.get(path, params={name: session_id}, headers=headers)
            assert_says_so(answer)
            assert answer.headers["content-type"].startswith("text/html" if headers else "application/json")
            assert ('http-equiv="refresh"' in answer.text) is bool(headers)


def assert_says_so(answer: httpx2.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"]
    assert "not confirmed yet" in answer.text
    assert "do not pay again" in answer.text
    for wrong in ("not charged", "try again", "start again", "SECRET", "verysecret", "Traceback", "sk_test"):
        assert wrong not in answer.text


@pytest.mark.parametrize("what", FAILURES)
def test_no_answer_of_stripe_says_that_a_shopper_who_may_have_paid_was_not_charged(
    settings: Settings, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    with failing_shop(settings, saying(FAILURES[what])) as (client, checkout, session_id):
        assert_unconfirmed(client, session_id)
        for step in (checkout.complete_order, checkout.check_order_status):
            with pytest.raises(PaymentUnconfirmed, match="do not pay again"):
                step(session_id)
    assert "payment not confirmed" in caplog.text


@pytest.mark.parametrize("field", WITHOUT)
def test_a_session_that_lacks_a_field_says_nothing_about_the_payment(settings: Settings, field: str) -> None:
    with failing_shop(settings, without(field)) as (client, _, session_id):
        for path, name in PATHS.items():
            answer = client.get(path, params={name: session_id})
            assert answer.status_code in (200, 303) or "do not pay again" in answer.text


@pytest.mark.parametrize("kind", ["500", "429", "reset", "after"])
def test_no_fault_of_the_line_says_so_either(client: TestClient, checkout: Checkout, kind: str) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    for _ in range(4):
        fault(checkout, "GET /v1/checkout/sessions", kind, times=9)
    assert_unconfirmed(client, session_id)


@pytest.mark.parametrize("error", OF_OURS, ids=lambda error: type(error).__name__)
def test_no_fault_of_ours_says_so_either(
    client: TestClient, checkout: Checkout, memory_store: ScriptedStore, error: Exception
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    memory_store.fail("update", error, times=99)
    assert_unconfirmed(client, session_id)


@pytest.mark.parametrize("what", [what for what in FAILURES if what != "404 of this session"])
def test_a_webhook_that_cannot_be_handled_comes_again(settings: Settings, what: str) -> None:
    with failing_shop(settings, saying(FAILURES[what])) as (client, _, session_id):
        body = session_event(session_id)
        answer = client.post("/stripe/webhook", content=body, headers=signed(body))
        assert answer.status_code in (500, 503)
        assert "not charged" not in answer.text


@pytest.fixture
def client(checkout: Checkout) -> Iterator[TestClient]:
    with TestClient(create_app(checkout), raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def test_a_fault_around_the_route_says_so_too(client: TestClient, checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    state = client.app.state  # type: ignore[attr-defined]
    shops, state.shops = state.shops, None  # no shop can be found
    assert_unconfirmed(client, session_id)
    state.shops = shops


@pytest.mark.parametrize("what", FAILURES)
def test_step_2_of_a_session_that_was_paid_in_another_tab_says_nothing_of_money(settings: Settings, what: str) -> None:
    with failing_shop(settings, saying(FAILURES[what])) as (client, _, session_id):
        asked = {"stripe_checkout_session_id": session_id, "email": "anna@example.com"}
        answer = client.post("/checkout/pending", json=asked)
    assert answer.status_code >= 400
    assert "charged" not in answer.text
