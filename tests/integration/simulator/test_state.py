"""State files: what an earlier version wrote opens with nothing lost, and what is written now opens again.

`data/state.jsonl` was written by the first version, with shoppers at every step of a checkout; `data/state_answers.json`
is what that version answered about it.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.records import SessionRecord
from stripe_simulator.testing.server import Running, running

from .conftest import params

DATA = Path(__file__).parent / "data"
NOW = 1_800_000_000.0
ANSWERS: dict[str, Any] = json.loads((DATA / "state_answers.json").read_text())
IDS: dict[str, str] = ANSWERS["ids"]
EXPAND = ["line_items.data.price.product", "payment_intent.latest_charge.refunds", "total_details.breakdown"]
CARD = {"type": "card", "number": "4242424242424242", "exp_month": "12", "exp_year": "2034", "cvc": "123"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(shutil.copy(DATA / "state.jsonl", tmp_path / "stripe.jsonl"))


@pytest.fixture
def old(path: Path) -> Iterator[Running]:
    """A simulator on the state of the first version."""
    with running(state=path, clock=lambda: NOW) as opened:
        yield opened


def client_of(simulator: Running) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_old", base_addresses={"api": simulator.url})


def retrieve(simulator: Running, id: str) -> Any:
    answer = httpx2.get(
        f"{simulator.url}/v1/checkout/sessions/{id}",
        headers={"Authorization": "Bearer sk_test_old"},
        params={f"expand[{index}]": path for index, path in enumerate(EXPAND)},
    )
    return answer.json()


def ask(simulator: Running, name: str, action: str, form: dict[str, str]) -> Any:
    """What Stripe.js sends about a session of the first version."""
    secret = simulator.simulator.state.session(IDS[name])[1].secret
    return httpx2.post(
        f"{simulator.url}/v1/payment_pages/{IDS[name]}/{action}",
        data={"key": "pk_test_old", "client_secret": secret, **form},
    ).json()


@pytest.mark.parametrize("name", IDS)
def test_a_session_of_the_first_version_is_shown_as_before(old: Running, name: str) -> None:
    assert retrieve(old, IDS[name]) == ANSWERS["sessions"][IDS[name]]


def test_nothing_of_the_first_version_is_lost(old: Running) -> None:
    client = client_of(old)
    counts = {name: len(getattr(client.v1, name).list({"limit": 100}).data) for name in ANSWERS["counts"]}
    assert counts == ANSWERS["counts"]
    assert old.simulator.state.offset == 30


def test_every_session_of_the_first_version_goes_on_where_it_was(old: Running) -> None:
    card = {f"payment_method[{name}]": value for name, value in CARD.items()}
    assert ask(old, "challenged", "authenticate", {"outcome": "succeeded"})["status"] == "complete"
    paid = retrieve(old, IDS["challenged"])
    charge = paid["payment_intent"]["latest_charge"]
    assert (charge["billing_details"]["name"], charge["billing_details"]["address"]["city"]) == ("Ada", "Berlin")
    assert charge["payment_method_details"]["card"]["brand"] == "visa"
    assert charge["payment_method_details"]["card"]["three_d_secure"]["result"] == "authenticated"
    assert ask(old, "planned", "confirm", card)["error"]["decline_code"] == "insufficient_funds"
    assert ask(old, "planned", "confirm", card)["status"] == "complete"
    assert ask(old, "declined", "confirm", card)["status"] == "complete"
    assert ask(old, "reduced", "confirm", card)["status"] == "complete"
    assert client_of(old).v1.promotion_codes.retrieve(ANSWERS["promo"]).times_redeemed == 1
    assert ask(old, "hosted", "confirm", {**card, "email": "ada@example.com"})["status"] == "complete"
    old.simulator.advance(31)
    assert retrieve(old, IDS["debit"])["payment_status"] == "paid"
    assert retrieve(old, IDS["failing_debit"])["payment_status"] == "unpaid"
    old.simulator.advance(86_400)
    assert retrieve(old, IDS["open"])["status"] == "expired"


def test_what_is_written_now_opens_again_alike(path: Path) -> None:
    with running(state=path, clock=lambda: NOW) as first:
        before = {id: first.simulator.state.session(id)[1] for id in IDS.values()}
    with running(state=path, clock=lambda: NOW) as second:
        assert {id: second.simulator.state.session(id)[1] for id in IDS.values()} == before
    assert "planned" not in path.read_text()


def test_a_bank_may_be_asked_before_a_restart_and_answer_after_it(tmp_path: Path) -> None:
    path = tmp_path / "stripe.jsonl"
    with running(state=path) as first:
        client = client_of(first)
        session = client.v1.checkout.sessions.create(params())
        form = {"key": "pk_test_old", "client_secret": str(session.client_secret)}
        card = {f"payment_method[{name}]": value for name, value in {**CARD, "number": "4000002500003155"}.items()}
        url = f"/v1/payment_pages/{session.id}"
        assert httpx2.post(f"{first.url}{url}/confirm", data={**form, **card}).json()["status"] == "requires_action"
    with running(state=path) as second:
        answer = httpx2.post(f"{second.url}{url}/authenticate", data={**form, "outcome": "succeeded"}).json()
        assert answer["status"] == "complete"


def test_every_field_of_a_record_is_written_and_read_back(old: Running) -> None:
    for id in IDS.values():
        record = old.simulator.state.session(id)[1]
        assert set(record.to_json()) == set(SessionRecord.__dataclass_fields__)
        assert SessionRecord.from_json(json.loads(json.dumps(record.to_json()))) == record
