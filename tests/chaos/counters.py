"""Where the shopper meets us: the four steps and the webhook, called in Python or over HTTP, with one kind of answer."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

import httpx

from api import create_app
from checkout_core import Checkout, CheckoutError, Settings, open_checkout

from .servers import Letter, serving

OK = "ok"


@dataclass(frozen=True, slots=True)
class Answer:
    """`ok` or an error's code, the text of the error, and what a success gave."""

    code: str
    message: str = ""
    session_id: str = ""
    secret: str = ""
    status: str = ""


class Counter(Protocol):
    """One process of ours, as shoppers and Stripe see it. Closing and opening it anew is a restart."""

    checkout: Checkout

    def open_page(self, cart: Mapping[str, int], key: str) -> Answer: ...
    def enter(self, session_id: str, email: str) -> Answer: ...
    def come_back(self, session_id: str) -> Answer: ...
    def look(self, session_id: str) -> Answer: ...
    def deliver(self, letter: Letter, signature: str) -> Answer: ...
    def close(self) -> None: ...


class InPython:
    """The four steps as a Python program calls them."""

    def __init__(self, settings: Settings) -> None:
        self.checkout = open_checkout(settings)

    def open_page(self, cart: Mapping[str, int], key: str) -> Answer:
        def work() -> Answer:
            session = self.checkout.create_session(cart, idempotency_key=key)
            return Answer(OK, session_id=session.id, secret=session.client_secret or "")

        return _called(work)

    def enter(self, session_id: str, email: str) -> Answer:
        return _called(
            lambda: Answer(OK, status=self.checkout.create_pending_order(session_id, email=email).status.value)
        )

    def come_back(self, session_id: str) -> Answer:
        return _called(lambda: Answer(OK, status=self.checkout.complete_order(session_id).status.value))

    def look(self, session_id: str) -> Answer:
        return _called(lambda: Answer(OK, status=self.checkout.check_order_status(session_id).status.value))

    def deliver(self, letter: Letter, signature: str) -> Answer:
        def work() -> Answer:
            order = self.checkout.handle_webhook(self.checkout.gateway.read_webhook(letter.body, signature))
            return Answer(OK, status=order.status.value if order else "")

        return _called(work)

    def close(self) -> None:
        self.checkout.close()


def _called(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except CheckoutError as error:
        return Answer(error.code, error.message)


class OverHTTP:
    """The callback service on a port, as browsers and Stripe call it."""

    def __init__(self, settings: Settings) -> None:
        self._running = ExitStack()
        self.checkout = self._running.enter_context(open_checkout(settings))
        url = self._running.enter_context(serving(create_app(self.checkout)))
        self._client = self._running.enter_context(
            httpx.Client(base_url=url, timeout=30, trust_env=False, verify=False)
        )

    def open_page(self, cart: Mapping[str, int], key: str) -> Answer:
        items = [{"product": product, "quantity": quantity} for product, quantity in cart.items()]
        answer = self._client.post("/checkout/sessions", json={"items": items})
        return _heard(answer, lambda body: Answer(OK, session_id=body["session_id"], secret=body["client_secret"]))

    def enter(self, session_id: str, email: str) -> Answer:
        body = {"stripe_checkout_session_id": session_id, "email": email}
        return _heard(self._client.post("/checkout/pending", json=body), lambda body: Answer(OK, status=body["status"]))

    def come_back(self, session_id: str) -> Answer:
        answer = self._client.get("/checkout/complete", params={"session_id": session_id})
        if answer.status_code == 303:
            assert answer.headers["location"].endswith(f"/confirmation?session_id={session_id}")
            return Answer(OK)
        return _heard(answer, lambda body: Answer("not_a_redirect"))

    def look(self, session_id: str) -> Answer:
        answer = self._client.get("/checkout/confirmation", params={"stripe_checkout_session_id": session_id})
        return _heard(answer, lambda body: Answer(OK, status=body["status"]))

    def deliver(self, letter: Letter, signature: str) -> Answer:
        headers = {"stripe-signature": signature, "content-type": "application/json"}
        return _heard(
            self._client.post("/stripe/webhook", content=letter.body, headers=headers), lambda body: Answer(OK)
        )

    def close(self) -> None:
        self._running.close()


def _heard(answer: httpx.Response, read: Callable[[dict[str, str]], Answer]) -> Answer:
    if answer.is_success:
        return read(answer.json())
    assert answer.status_code in (400, 404, 409, 422, 429, 502, 503), answer.text
    error = answer.json()["error"]
    code = {"http_error": "session_not_complete", "not_found": "session_not_complete"}.get(error["code"], error["code"])
    return Answer(code, error["message"])
