"""Two hundred shoppers for fifty tickets at the same moment, at two processes: fifty sold, the others told in time."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx2
import pytest

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from stripe_simulator import SyncSimulator

from .same_moment import at_the_same_moment, two_api_processes

SHOPPERS, TICKETS = 200, 50
CATALOG = f"""
[[product]]
id = "ticket"
name = "Ticket"
unit_amount = 1250
currency = "eur"
capacity = {TICKETS}
"""


@pytest.fixture(params=["duckdb", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"duckdb:///{tmp_path}/orders.duckdb"


@pytest.fixture
def shop(make_settings: Callable[..., Settings], database_url: str, tmp_path: Path) -> Iterator[Checkout]:
    (tmp_path / "catalog.toml").write_text(CATALOG)  # the data folder is there
    variables = {
        "CHECKOUT_DATABASE_URL": database_url,
        "CHECKOUT_RATE_LIMIT": "",
        "CHECKOUT_SWEEP_EVERY": "0",
    }
    with open_checkout(make_settings(**variables), receipts=None) as checkout:
        yield checkout


def test_fifty_of_two_hundred_shoppers_get_a_ticket_and_nobody_pays_for_none(
    shop: Checkout, simulator: SyncSimulator, database_url: str
) -> None:
    # All are at the checkout already: who opens it later is told in step 1.
    sessions = [shop.create_session({"ticket": 1}).id for _ in range(SHOPPERS)]
    with ExitStack() as stack:
        urls = two_api_processes(stack, shop.settings, database_url)
        client = stack.enter_context(httpx2.Client(timeout=120, trust_env=False, limits=httpx2.Limits()))

        def buy(number: int, session_id: str) -> tuple[str, object]:
            """Do step 2, and pay where it was taken."""
            body = {"stripe_checkout_session_id": session_id, "email": f"shopper-{number}@example.org"}
            answer = client.post(f"{urls[number % 2]}/checkout/pending", json=body)
            if answer.status_code != 200:
                error = answer.json()["error"]
                return error["code"], error["left"]
            simulator.pay_session(session_id)
            back = client.get(f"{urls[number % 2]}/checkout/complete", params={"session_id": session_id})
            return "paid", back.status_code

        answers = at_the_same_moment([partial(buy, number, each) for number, each in enumerate(sessions)])
    outcomes = Counter(json.dumps(answer) for answer in answers)
    assert outcomes == {
        json.dumps(["paid", 303]): TICKETS,
        json.dumps(["sold_out", {"ticket": 0}]): SHOPPERS - TICKETS,
    }
    orders = shop.store.find(limit=SHOPPERS)
    assert Counter(order.status for order in orders) == {OrderStatus.paid: TICKETS}
    assert not [order for order in orders if order.oversold]
    charges = simulator.state.session(sessions[0])[0].tables["charges"].values()
    assert sum(charge["amount"] for charge in charges) == TICKETS * 1250
    (level,) = shop.store.stock_levels()
    assert (level.sold, level.held, level.available, level.oversold) == (TICKETS, 0, 0, 0)
