"""How shoppers and Stripe reach us: the four steps and the webhook, called in Python or over HTTP, with one kind of answer.

Each client is what one process of ours is made of. Closing it and opening it anew is a restart.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx2

from api import create_app
from checkout_core import Checkout, CheckoutError, Settings, open_async_checkout, open_checkout
from checkout_core.domain.errors import SessionExpired, SessionStillOpen
from checkout_core.services.handlers import Handler
from checkout_core.services.reconcile import Clock
from tests.support.servers import serving
from tests.support.webhook_sink import WebhookDelivery

OK = "ok"
STILL_OPEN = "still_open"
EXPIRED = "expired"
UNPAID = frozenset({STILL_OPEN, EXPIRED, "session_not_complete"})
"""The answers that say that nothing was paid; over HTTP only a redirect says whether something still can be."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """`ok` or an error's code, the text of the error, and what a success gave."""

    code: str
    message: str = ""
    session_id: str = ""
    client_secret: str = ""


class Client(Protocol):
    """One process of ours, as shoppers and Stripe see it. `checkout` is for operators, and for the comparison.

    `claims` is whether step 2 makes a session ours that our application has made without our mark.
    """

    checkout: Checkout
    claims: bool

    def create_session(self, cart: Mapping[str, int], idempotency_key: str, replaces: str | None = None) -> Answer: ...
    def create_pending_order(self, session_id: str, email: str, metadata: Mapping[str, str]) -> Answer: ...
    def complete_order(self, session_id: str) -> Answer: ...
    def check_order_status(self, session_id: str) -> Answer: ...
    def deliver_webhook(self, delivery: WebhookDelivery, signature: str) -> Answer: ...
    def close(self) -> None: ...


OpenClient = Callable[[Settings, Clock, Handler], Client]
"""Opens a client of settings, a clock, and what runs for a paid order beside the receipt."""


class _BlockingPages:
    """The steps that pages take, through the blocking `Checkout`."""

    checkout: Checkout
    claims = True

    def create_session(self, cart: Mapping[str, int], idempotency_key: str, replaces: str | None = None) -> Answer:
        def work() -> Answer:
            session = self.checkout.create_session(cart, idempotency_key=idempotency_key, replaces=replaces)
            return Answer(OK, session_id=session.id, client_secret=session.client_secret or "")

        return answer_of(work)

    def create_pending_order(self, session_id: str, email: str, metadata: Mapping[str, str]) -> Answer:
        return answer_of(lambda: self.checkout.create_pending_order(session_id, email=email, metadata=metadata))

    def check_order_status(self, session_id: str) -> Answer:
        return answer_of(lambda: self.checkout.check_order_status(session_id))


class BlockingClient(_BlockingPages):
    """The blocking `Checkout`, as pages, notebooks and scripts call it."""

    def __init__(self, settings: Settings, clock: Clock, on_paid: Handler) -> None:
        self.checkout = open_checkout(settings, clock=clock)
        self.checkout.on_paid(on_paid, name="warehouse")

    def complete_order(self, session_id: str) -> Answer:
        return answer_of(lambda: self.checkout.complete_order(session_id))

    def deliver_webhook(self, delivery: WebhookDelivery, signature: str) -> Answer:
        return answer_of(lambda: self.checkout.receive_webhook(delivery.body, signature))

    def close(self) -> None:
        self.checkout.close()


class AsyncClient:
    """`AsyncCheckout` on an event loop of its own, as an asynchronous program calls it."""

    claims = True

    def __init__(self, settings: Settings, clock: Clock, on_paid: Handler) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="asynchronous client")
        self._thread.start()
        self._asynchronous = open_async_checkout(settings, clock=clock)
        self._asynchronous.on_paid(on_paid, name="warehouse")
        self.checkout = Checkout(self._asynchronous)

    def create_session(self, cart: Mapping[str, int], idempotency_key: str, replaces: str | None = None) -> Answer:
        def work() -> Answer:
            session = self._run(
                self._asynchronous.create_session(cart, idempotency_key=idempotency_key, replaces=replaces)
            )
            return Answer(OK, session_id=session.id, client_secret=session.client_secret or "")

        return answer_of(work)

    def create_pending_order(self, session_id: str, email: str, metadata: Mapping[str, str]) -> Answer:
        step_two = self._asynchronous.create_pending_order
        return answer_of(lambda: self._run(step_two(session_id, email=email, metadata=metadata)))

    def complete_order(self, session_id: str) -> Answer:
        return answer_of(lambda: self._run(self._asynchronous.complete_order(session_id)))

    def check_order_status(self, session_id: str) -> Answer:
        return answer_of(lambda: self._run(self._asynchronous.check_order_status(session_id)))

    def deliver_webhook(self, delivery: WebhookDelivery, signature: str) -> Answer:
        return answer_of(lambda: self._run(self._asynchronous.receive_webhook(delivery.body, signature)))

    def close(self) -> None:
        self._run(self._asynchronous.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, flow: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(flow, self._loop).result()


class HttpClient:
    """The callback service on a port, as browsers and Stripe call it."""

    claims = False

    def __init__(self, settings: Settings, clock: Clock, on_paid: Handler) -> None:
        self._running = ExitStack()
        self.checkout = self._running.enter_context(open_checkout(settings, clock=clock))
        self.checkout.on_paid(on_paid, name="warehouse")
        url = self._running.enter_context(serving(create_app(self.checkout)))
        self._http = self._running.enter_context(httpx2.Client(base_url=url, timeout=30, trust_env=False, verify=False))

    def create_session(self, cart: Mapping[str, int], idempotency_key: str, replaces: str | None = None) -> Answer:
        items = [{"product": product, "quantity": quantity} for product, quantity in cart.items()]
        headers = {"Idempotency-Key": idempotency_key}
        answer = self._http.post("/checkout/sessions", json={"items": items, "replaces": replaces}, headers=headers)
        return _read(
            answer, lambda body: Answer(OK, session_id=body["session_id"], client_secret=body["client_secret"])
        )

    def create_pending_order(self, session_id: str, email: str, metadata: Mapping[str, str]) -> Answer:
        body = {"stripe_checkout_session_id": session_id, "email": email, "metadata": dict(metadata)}
        return _read(self._http.post("/checkout/pending", json=body))

    def complete_order(self, session_id: str) -> Answer:
        answer = self._http.get("/checkout/complete", params={"session_id": session_id})
        if answer.status_code == 303:
            pages = {"/confirmation": OK, "/checkout": STILL_OPEN, "/cart": EXPIRED}
            to = urlsplit(answer.headers["location"])
            assert parse_qs(to.query)["session_id"] == [session_id], "the page is told which checkout it is about"
            return Answer(pages[to.path])
        assert not answer.is_success, "the shopper is redirected, or an error is answered"
        return _read(answer)

    def check_order_status(self, session_id: str) -> Answer:
        return _read(self._http.get("/checkout/confirmation", params={"stripe_checkout_session_id": session_id}))

    def deliver_webhook(self, delivery: WebhookDelivery, signature: str) -> Answer:
        headers = {"stripe-signature": signature, "content-type": "application/json"}
        return _read(self._http.post("/stripe/webhook", content=delivery.body, headers=headers))

    def close(self) -> None:
        self._running.close()


class DemoClient(_BlockingPages, HttpClient):
    """The demo's one process: pages call the blocking `Checkout`, browsers and Stripe reach the same one over HTTP.

    So one checkout, with one gateway and one store, works on two event loops at the same moment.
    """


def answer_of(work: Callable[[], object]) -> Answer:
    """Return what came of a call in Python."""
    try:
        result = work()
    except SessionStillOpen as error:
        return Answer(STILL_OPEN, error.message)
    except SessionExpired as error:
        return Answer(EXPIRED, error.message)
    except CheckoutError as error:
        return Answer(error.code, error.message)
    return result if isinstance(result, Answer) else Answer(OK)


def _read(answer: httpx2.Response, success: Callable[[dict[str, str]], Answer] = lambda body: Answer(OK)) -> Answer:
    if answer.is_success:
        return success(answer.json() if answer.content else {})
    assert answer.status_code in (400, 404, 409, 422, 429, 502, 503), answer.text
    error = answer.json()["error"]
    return Answer(error["code"], error["message"])
