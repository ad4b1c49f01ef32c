"""A simulator on a free port, a client for it and somebody who receives webhooks."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from stripe_simulator.testing.server import Running, running

SECRET = "whsec_simulated"
Create = Callable[..., Any]


@dataclass
class Receiver:
    """What arrived, as (body, signature), and the statuses to answer with (200 when there are none left)."""

    url: str = ""
    arrived: list[tuple[bytes, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def events(self) -> list[stripe.Event]:
        return [stripe.Webhook.construct_event(body, signature, SECRET) for body, signature in self.arrived]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.arrived.append((body, self.headers["Stripe-Signature"]))
            self.send_response(received.statuses.pop(0) if received.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield received
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with running(webhook_secret=SECRET) as running_simulator:
        yield running_simulator


@pytest.fixture
def simulator(served: Running) -> Running:
    served.simulator.reset()
    served.simulator.webhook_url = None
    return served


@pytest.fixture
def client(simulator: Running) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_123", base_addresses={"api": simulator.url}, max_network_retries=0)


def params(**changes: Any) -> Any:
    price = {"currency": "eur", "unit_amount": 1250, "product_data": {"name": "Tea", "description": "Green"}}
    given = {
        "mode": "payment",
        "ui_mode": "elements",
        "return_url": "https://shop.test/back?session_id={CHECKOUT_SESSION_ID}",
        "line_items": [{"price_data": price, "quantity": 2}],
        "customer_email": "ada@example.com",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def priced(amount: int, currency: str = "eur", quantity: int = 1) -> Any:
    data = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Thing"}}
    return [{"price_data": data, "quantity": quantity}]
