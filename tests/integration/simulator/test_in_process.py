"""Webhooks in the process of a test: whatever takes requests is told, in the test's own thread, signed, once."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import django
import httpx2
import pytest
import stripe
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient as DjangoAsyncClient
from django.test import Client as DjangoClient
from django.urls import path as django_path
from django.views.decorators.csrf import csrf_exempt
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from flask import Flask, request

from stripe_simulator.errors import StripeError
from stripe_simulator.testing.deliveries import Deliveries, DeliveryFailed
from stripe_simulator.testing.plugin import SimulatedStripe

from .conftest import params

PATH = "/stripe/webhook"
COMPLETED = "checkout.session.completed"


@dataclass
class Shop:
    """A shop in every framework; it notes the events whose signature is right, and the thread that told it."""

    status: int = 200
    types: list[str] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    then: Callable[[stripe.Event], None] = lambda event: None

    def take(self, body: bytes, signature: str) -> int:
        event = stripe.Webhook.construct_event(body, signature, "whsec_pytest")
        self.threads.add(threading.get_ident())
        if self.status == 200:
            self.types.append(event.type)
            self.then(event)
        return self.status


SHOP = Shop()


@csrf_exempt  # type: ignore[untyped-decorator]
def django_webhook(asked: HttpRequest) -> HttpResponse:
    return HttpResponse("thanks", status=SHOP.take(asked.body, asked.headers["Stripe-Signature"]))


urlpatterns = [django_path("stripe/webhook", django_webhook)]
if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="for tests", ALLOWED_HOSTS=["*"])
    django.setup()


def fastapi_app() -> FastAPI:
    app = FastAPI()

    @app.post(PATH)
    async def webhook(asked: Request) -> Any:
        status = SHOP.take(await asked.body(), asked.headers["stripe-signature"])
        return {} if status == 200 else (_ for _ in ()).throw(RuntimeError)

    return app


def flask_app() -> Flask:
    app = Flask(__name__)

    @app.post(PATH)
    def webhook() -> tuple[str, int]:
        return "thanks", SHOP.take(request.data, request.headers["Stripe-Signature"])

    return app


def take(body: bytes, headers: dict[str, str]) -> int:
    return SHOP.take(body, headers["Stripe-Signature"])


async def take_soon(body: bytes, headers: dict[str, str]) -> None:
    await asyncio.sleep(0)
    SHOP.take(body, headers["Stripe-Signature"])


def middleware(environ: Any, start_response: Any) -> Any:
    return flask_app()(environ, start_response)


async def wrapped(scope: Any, receive: Any, send: Any) -> None:
    await fastapi_app()(scope, receive, send)


APPS: dict[str, tuple[Callable[[], Any], str | None]] = {
    "fastapi": (fastapi_app, PATH),
    "asgi function": (lambda: wrapped, PATH),
    "starlette client": (lambda: TestClient(fastapi_app()), PATH),
    "httpx client of a wsgi app": (
        lambda: httpx2.Client(transport=httpx2.WSGITransport(app=flask_app()), base_url="http://shop"),
        PATH,
    ),
    "flask": (flask_app, PATH),
    "flask client": (lambda: flask_app().test_client(), PATH),
    "wsgi function": (lambda: middleware, PATH),
    "django client": (DjangoClient, PATH),
    "django client that checks tokens": (lambda: DjangoClient(enforce_csrf_checks=True), PATH),
    "django asgi": (ASGIHandler, PATH),
    "django wsgi": (WSGIHandler, PATH),
    "function": (lambda: take, None),
    "function with a path": (lambda: take, PATH),
    "coroutine function": (lambda: take_soon, None),
}


@pytest.fixture(autouse=True)
def shop() -> Iterator[Shop]:
    SHOP.__init__()  # type: ignore[misc]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "ROOT_URLCONF", __name__, raising=False)
        patch.setattr(settings, "ALLOWED_HOSTS", ["*"], raising=False)
        yield SHOP


def client(sim: SimulatedStripe) -> stripe.StripeClient:
    return stripe.StripeClient(sim.secret_key, base_addresses={"api": sim.url}, max_network_retries=0)


def sell(sim: SimulatedStripe, **changes: Any) -> str:
    return client(sim).v1.checkout.sessions.create(params(**changes)).id


@pytest.mark.parametrize("kind", APPS)
def test_whatever_takes_requests_is_told_in_a_with_statement(stripe_simulator: SimulatedStripe, kind: str) -> None:
    make, path = APPS[kind]
    with stripe_simulator.deliver_to(make(), path) as deliveries:
        session_id = sell(stripe_simulator)
        stripe_simulator.pay(session_id)
        assert SHOP.types.count(COMPLETED) == 1
        stripe_simulator.refund(session_id, 100)
        assert "charge.refunded" in SHOP.types
    assert [answer.type for answer in deliveries.answers] == SHOP.types
    assert {answer.status for answer in deliveries.answers} == {200}


@pytest.mark.parametrize("kind", APPS)
def test_whatever_takes_requests_is_told_afterwards_of_each_event_once(
    stripe_simulator: SimulatedStripe, kind: str
) -> None:
    make, path = APPS[kind]
    app = make()
    stripe_simulator.pay(sell(stripe_simulator))
    assert SHOP.types == []
    told = stripe_simulator.deliver_to(app, path).answers
    assert SHOP.types.count(COMPLETED) == 1
    assert [answer.type for answer in told] == SHOP.types
    assert stripe_simulator.deliver_to(app, path).answers == []


@pytest.mark.parametrize("kind", ["flask", "flask client", "django client", "django wsgi", "function"])
def test_blocking_applications_run_in_the_thread_of_the_test(stripe_simulator: SimulatedStripe, kind: str) -> None:
    make, path = APPS[kind]
    with stripe_simulator.deliver_to(make(), path):
        stripe_simulator.pay(sell(stripe_simulator))
    assert SHOP.threads == {threading.get_ident()}


@pytest.mark.parametrize("kind", APPS)
def test_a_test_in_an_event_loop_can_deliver_as_well(stripe_simulator: SimulatedStripe, kind: str) -> None:
    make, path = APPS[kind]

    async def test() -> None:
        with stripe_simulator.deliver_to(make(), path):
            stripe_simulator.pay(sell(stripe_simulator))

    asyncio.run(test())
    assert SHOP.types.count(COMPLETED) == 1


def test_what_the_application_causes_by_an_event_is_delivered_too(stripe_simulator: SimulatedStripe) -> None:
    def refund(event: stripe.Event) -> None:
        if event.type == COMPLETED:
            client(stripe_simulator).v1.refunds.create({"payment_intent": event.data.object["payment_intent"]})

    SHOP.then = refund
    with stripe_simulator.deliver_to(flask_app(), PATH):
        stripe_simulator.pay(sell(stripe_simulator))
        assert "charge.refunded" in SHOP.types


def test_what_the_program_under_test_does_is_delivered_at_the_end(stripe_simulator: SimulatedStripe) -> None:
    session_id = sell(stripe_simulator)
    with stripe_simulator.deliver_to(take):
        client(stripe_simulator).v1.checkout.sessions.expire(session_id)
        assert SHOP.types == []
    assert SHOP.types == ["checkout.session.expired"]


ACTS: dict[str, tuple[Callable[[SimulatedStripe, str], object], str]] = {
    "expire": (lambda sim, id: sim.expire(id), "checkout.session.expired"),
    "advance": (lambda sim, id: sim.advance(86_400 + 1), "checkout.session.expired"),
    "settle_debit": (
        lambda sim, id: (sim.pay(id, method="sepa_debit"), sim.settle_debit(id, succeeded=False)),
        "checkout.session.async_payment_failed",
    ),
    "refund": (lambda sim, id: (sim.pay(id), sim.refund(id, reason="duplicate")), "refund.created"),
    "fail_refund": (lambda sim, id: (sim.pay(id), sim.refund(id), sim.fail_refund(id)), "refund.failed"),
    "dispute": (lambda sim, id: (sim.pay(id), sim.dispute(id, amount=50)), "charge.dispute.created"),
    "win_dispute": (lambda sim, id: (sim.pay(id), sim.dispute(id), sim.win_dispute(id)), "charge.dispute.closed"),
    "lose_dispute": (lambda sim, id: (sim.pay(id), sim.dispute(id), sim.lose_dispute(id)), "charge.dispute.closed"),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_application_is_told_before_an_act_returns(stripe_simulator: SimulatedStripe, name: str) -> None:
    act, type = ACTS[name]
    with stripe_simulator.deliver_to(flask_app(), PATH):
        act(stripe_simulator, sell(stripe_simulator))
        assert SHOP.types[-1] == type or type in SHOP.types
    assert stripe_simulator.event(type).body


def test_a_declined_payment_is_told_as_well(stripe_simulator: SimulatedStripe) -> None:
    with stripe_simulator.deliver_to(take):
        with pytest.raises(StripeError, match="declined"):
            stripe_simulator.pay(sell(stripe_simulator), "4000000000000002")
        assert "payment_intent.payment_failed" in SHOP.types


def test_only_the_types_that_are_asked_for_are_delivered(stripe_simulator: SimulatedStripe) -> None:
    with stripe_simulator.deliver_to(take, types=(COMPLETED,)):
        stripe_simulator.pay(sell(stripe_simulator))
    assert SHOP.types == [COMPLETED]


@pytest.mark.parametrize(("mode", "times"), [("deliver", 1), ("drop", 0), ("duplicate", 2)])
def test_delivery_goes_wrong_in_process_as_it_does_over_http(
    stripe_simulator: SimulatedStripe, mode: str, times: int
) -> None:
    stripe_simulator.simulator.set_delivery(mode)
    app = flask_app()
    with stripe_simulator.deliver_to(app, PATH):
        stripe_simulator.pay(sell(stripe_simulator))
    assert SHOP.types.count(COMPLETED) == times
    stripe_simulator.simulator.set_delivery("deliver")
    assert stripe_simulator.deliver_to(app, PATH).answers == []


def test_two_applications_are_told_independently(stripe_simulator: SimulatedStripe) -> None:
    stripe_simulator.pay(sell(stripe_simulator))
    first, second = flask_app(), fastapi_app()
    told = [stripe_simulator.deliver_to(app, PATH).answers for app in (first, second)]
    assert told[0] == [answer if answer.body != "{}" else told[0][at] for at, answer in enumerate(told[1])]
    assert SHOP.types.count(COMPLETED) == 2


@pytest.mark.parametrize(
    ("app", "path", "says"),
    [
        (flask_app(), "/webhook", "POST /webhook answered 404.* serve this path"),
        (fastapi_app(), "/docs", "POST /docs answered 405.* take POST requests"),
        (DjangoClient(), "/webhook", "POST /webhook answered 404"),
        (lambda body, headers: 302, None, "answered 302"),
        (lambda body, headers: HttpResponse(status=500), None, "answered 500"),
    ],
    ids=["flask", "fastapi", "django", "status", "response"],
)
def test_an_application_that_does_not_take_an_event_fails_the_test(
    stripe_simulator: SimulatedStripe, app: Any, path: str | None, says: str
) -> None:
    stripe_simulator.pay(sell(stripe_simulator))
    with pytest.raises(DeliveryFailed, match=says):
        stripe_simulator.deliver_to(app, path)


def test_an_event_that_failed_is_delivered_again(stripe_simulator: SimulatedStripe) -> None:
    SHOP.status, app = 500, flask_app()
    stripe_simulator.pay(sell(stripe_simulator))
    with pytest.raises(DeliveryFailed, match="answered 500"):
        stripe_simulator.deliver_to(app, PATH)
    SHOP.status = 200
    stripe_simulator.deliver_to(app, PATH)
    assert SHOP.types.count(COMPLETED) == 1


def test_what_an_application_raises_reaches_the_test(stripe_simulator: SimulatedStripe) -> None:
    def fails(body: bytes, headers: dict[str, str]) -> None:
        raise KeyError("seat")

    stripe_simulator.pay(sell(stripe_simulator))
    with pytest.raises(KeyError, match="seat"):
        stripe_simulator.deliver_to(fails)


def test_an_endless_conversation_ends_with_a_sentence(stripe_simulator: SimulatedStripe) -> None:
    def more(event: stripe.Event) -> None:
        client(stripe_simulator).v1.customers.create({"email": "a@example.com"})

    SHOP.then = more
    stripe_simulator.pay(sell(stripe_simulator))
    with pytest.raises(DeliveryFailed, match="never ends"):
        stripe_simulator.deliver_to(take)


@pytest.mark.parametrize(
    ("app", "path", "error", "says"),
    [
        ("http://127.0.0.1:1/hook", "/x", TypeError, "delivering_to"),
        (flask_app(), None, TypeError, "needs the path"),
        (TestClient(fastapi_app()), None, TypeError, "needs the path"),
        (flask_app(), "webhook", ValueError, "begins with /"),
        (Flask, PATH, TypeError, "takes an ASGI or WSGI application"),
        (object(), PATH, TypeError, "takes an ASGI or WSGI application"),
        (None, PATH, TypeError, "takes an ASGI or WSGI application"),
        (lambda event: None, None, TypeError, "takes a body and headers"),
        (httpx2.AsyncClient(), PATH, TypeError, "cannot wait for AsyncClient"),
        (DjangoAsyncClient(), PATH, TypeError, "cannot wait for AsyncClient"),
    ],
)
def test_what_cannot_be_delivered_to_is_refused_at_once(
    stripe_simulator: SimulatedStripe, app: Any, path: str | None, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        stripe_simulator.deliver_to(app, path)


def test_the_latest_event_of_a_type_has_body_and_signature(stripe_simulator: SimulatedStripe) -> None:
    sessions = [sell(stripe_simulator) for _ in range(2)]
    for session_id in sessions:
        stripe_simulator.pay(session_id)
    body, headers = stripe_simulator.event(COMPLETED)
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], stripe_simulator.webhook_secret)
    assert event.data.object["id"] == sessions[-1]
    answer = TestClient(fastapi_app()).post(PATH, content=body, headers=headers)
    assert (answer.status_code, SHOP.types) == (200, [COMPLETED])


def test_an_event_that_did_not_happen_is_an_error_that_names_those_that_did(stripe_simulator: SimulatedStripe) -> None:
    with pytest.raises(LookupError, match="only: nothing"):
        stripe_simulator.event(COMPLETED)
    stripe_simulator.expire(sell(stripe_simulator))
    with pytest.raises(LookupError, match=r"only: checkout\.session\.expired"):
        stripe_simulator.event("checkout.session.complete")


def test_a_with_statement_that_fails_delivers_no_more(stripe_simulator: SimulatedStripe) -> None:
    opened: list[Deliveries] = []
    with pytest.raises(ZeroDivisionError), stripe_simulator.deliver_to(take) as deliveries:  # noqa: PT012
        opened.append(deliveries)
        client(stripe_simulator).v1.checkout.sessions.expire(sell(stripe_simulator))
        raise ZeroDivisionError
    stripe_simulator.pay(sell(stripe_simulator))
    assert (SHOP.types, opened[0].answers) == ([], [])
