"""A user buys a ticket; the simulator is the Stripe."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session
from tickets.database import engine
from tickets.main import app
from tickets.models import Ticket, User

from stripe_simulator.testing.plugin import SimulatedStripe

ADA = {"Authorization": "Bearer ada"}


@pytest.fixture
def client(stripe_simulator: SimulatedStripe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    variables = {
        "STRIPE_SECRET_KEY": stripe_simulator.secret_key,
        "STRIPE_API_BASE": stripe_simulator.url,
        "STRIPE_WEBHOOK_SECRET": stripe_simulator.webhook_secret,
        "CHECKOUT_UI_MODE": "hosted_page",
        "CHECKOUT_PUBLIC_URL": "http://testserver",
        "CHECKOUT_API_URL": "http://testserver",
        "CHECKOUT_DATA_DIR": str(tmp_path),
        "TICKETS_DATABASE": f"sqlite:///{tmp_path}/tickets.sqlite",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    engine.cache_clear()
    with Session(engine()) as db:
        db.add(User(email="ada@example.com", token="ada"))
        db.add(Ticket(sku="TKT-0001", title="Balcony", cents=2500))
        db.commit()
    with TestClient(app, follow_redirects=False) as client:
        yield client


def buy(client: TestClient, stripe_simulator: SimulatedStripe) -> str:
    """Buy a ticket up to the payment; return the session's id."""
    answer = client.post("/tickets/TKT-0001/buy", headers=ADA)
    session_id: str = answer.json()["pay_at"].rpartition("/")[2].partition("#")[0]
    stripe_simulator.pay(session_id)
    return session_id


def bookings(client: TestClient) -> list[dict[str, object]]:
    booked: list[dict[str, object]] = client.get("/bookings", headers=ADA).json()
    return booked


def test_a_ticket_that_was_paid_is_booked(client: TestClient, stripe_simulator: SimulatedStripe) -> None:
    session_id = buy(client, stripe_simulator)
    answer = client.get("/checkout/complete", params={"session_id": session_id})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://testserver/confirmation")
    booked = next(filter(None, (bookings(client) for _ in range(10_000))))  # the background worker books meanwhile
    assert [(each["sku"], each["seats"]) for each in booked] == [("TKT-0001", 1)]


def test_the_application_s_own_errors_stay_its_own(client: TestClient) -> None:
    assert client.post("/tickets/TKT-0001/buy").json() == {"detail": {"reason": "no such user"}}


def test_a_ticket_that_is_not_sold_cannot_be_bought(client: TestClient) -> None:
    answer = client.post("/checkout/sessions", json={"items": [{"product": "TKT-9999"}]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_product")
