"""Disputes to their end: statuses, the money that moves, the events, and what becomes of refunds."""

from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params, priced

OPENED = ["created", "funds_withdrawn"]


@pytest.fixture
def session_id(client: stripe.StripeClient, simulator: Running) -> str:
    """A paid session of 25.00."""
    session = client.v1.checkout.sessions.create(params())
    simulator.simulator.pay_session(session.id)
    return session.id


def told(client: stripe.StripeClient) -> list[str]:
    events = client.v1.events.list({"limit": 100, "type": "charge.dispute.*"}).data
    return [event.type.removeprefix("charge.dispute.") for event in reversed(events)]


def nets(client: stripe.StripeClient, dispute_id: str) -> list[int]:
    return [one.net for one in reversed(client.v1.balance_transactions.list({"source": dispute_id}).data)]


def test_a_chargeback_takes_the_money_and_a_fee_at_once(
    client: stripe.StripeClient, simulator: Running, session_id: str
) -> None:
    made = simulator.simulator.dispute(session_id, "product_not_received")
    dispute = client.v1.disputes.retrieve(made["id"])
    [moved] = dispute.balance_transactions
    assert (moved.amount, moved.fee, moved.net, moved.reporting_category) == (-2500, 1500, -4000, "dispute")
    assert client.v1.balance_transactions.retrieve(moved.id).source == dispute.id
    assert (dispute.reason, dispute.is_charge_refundable) == ("product_not_received", False)
    assert dispute.evidence_details.due_by == dispute.created + 7 * 86_400
    assert client.v1.charges.retrieve(made["charge"]).disputed
    assert told(client) == OPENED


@pytest.mark.parametrize(
    ("outcome", "status", "moved", "types"),
    [
        ("won", "won", [-4000, 4000], [*OPENED, "closed", "funds_reinstated"]),
        ("lost", "lost", [-4000], [*OPENED, "closed"]),
    ],
)
def test_a_dispute_ends_by_the_control(
    client: stripe.StripeClient,
    simulator: Running,
    session_id: str,
    *,
    outcome: str,
    status: str,
    moved: list[int],
    types: list[str],
) -> None:
    made = simulator.simulator.dispute(session_id)
    url = f"{simulator.url}/_simulator/sessions/{session_id}/end_dispute"
    assert httpx2.post(url, json={"outcome": "postponed"}).status_code == 400
    assert httpx2.post(url, json={"outcome": outcome}).json()["status"] == status
    assert client.v1.disputes.retrieve(made["id"]).status == status
    assert (nets(client, made["id"]), told(client)) == (moved, types)
    assert httpx2.post(url, json={"outcome": outcome}).json()["error"]["code"] == "dispute_already_closed"


def test_a_part_of_a_payment_can_be_disputed(client: stripe.StripeClient, simulator: Running, session_id: str) -> None:
    url = f"{simulator.url}/_simulator/sessions/{session_id}/dispute"
    for wrong in (0, 2501, "many", True):
        assert httpx2.post(url, json={"amount": wrong}).json()["error"]["param"] == "amount"
    made = httpx2.post(url, json={"amount": 700}).json()
    assert (made["amount"], nets(client, made["id"])) == (700, [-2200])
    assert simulator.simulator.lose_dispute(session_id)["amount"] == 700


class TestInquiry:
    """A bank that only asks takes no money."""

    def test_it_can_be_refunded_and_is_closed_by_a_whole_refund(
        self, client: stripe.StripeClient, simulator: Running, session_id: str
    ) -> None:
        made = simulator.simulator.dispute(session_id, inquiry=True)
        assert (made["status"], made["is_charge_refundable"]) == ("warning_needs_response", True)
        client.v1.refunds.create({"charge": made["charge"], "amount": 500})
        assert client.v1.disputes.retrieve(made["id"]).status == "warning_needs_response"
        client.v1.refunds.create({"charge": made["charge"]})
        assert client.v1.disputes.retrieve(made["id"]).status == "warning_closed"
        assert (told(client), nets(client, made["id"])) == (["created", "closed"], [])

    def test_it_may_become_a_chargeback(self, client: stripe.StripeClient, simulator: Running, session_id: str) -> None:
        made = simulator.simulator.dispute(session_id, inquiry=True)
        after = simulator.simulator.escalate_dispute(session_id)
        assert (after["status"], after["is_charge_refundable"]) == ("needs_response", False)
        assert told(client) == ["created", "updated", "funds_withdrawn"]
        assert nets(client, made["id"]) == [-4000]

    @pytest.mark.parametrize(
        ("evidence", "status"),
        [
            ("winning_evidence", "warning_closed"),
            ("losing_evidence", "lost"),
            ("escalate_inquiry_evidence", "needs_response"),
            ("a receipt", "warning_under_review"),
        ],
    )
    def test_evidence_decides_it(
        self, client: stripe.StripeClient, simulator: Running, session_id: str, evidence: str, status: str
    ) -> None:
        made = simulator.simulator.dispute(session_id, inquiry=True)
        sent = client.v1.disputes.update(made["id"], {"evidence": {"uncategorized_text": evidence}})
        assert sent.status == status

    def test_it_is_closed_when_nobody_answers(
        self, client: stripe.StripeClient, simulator: Running, session_id: str
    ) -> None:
        made = simulator.simulator.dispute(session_id, inquiry=True)
        simulator.simulator.advance(8 * 86_400)
        assert client.v1.disputes.retrieve(made["id"]).status == "warning_closed"


def test_evidence_that_is_staged_is_sent_later(
    client: stripe.StripeClient, simulator: Running, session_id: str
) -> None:
    made = simulator.simulator.dispute(session_id)
    evidence: Any = {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": False}
    staged = client.v1.disputes.update(made["id"], evidence)
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    sent = client.v1.disputes.update(made["id"], {"submit": True})
    assert (sent.status, sent.evidence_details.submission_count) == ("won", 1)


def test_a_dispute_that_nobody_answers_is_lost(
    client: stripe.StripeClient, simulator: Running, session_id: str
) -> None:
    made = simulator.simulator.dispute(session_id)
    simulator.simulator.advance(7 * 86_400 + 1)
    dispute = client.v1.disputes.retrieve(made["id"])
    assert (dispute.status, dispute.evidence_details.past_due) == ("lost", True)


@pytest.mark.parametrize("outcome", [None, "lost"])
def test_a_charge_that_was_charged_back_cannot_be_refunded(
    client: stripe.StripeClient, simulator: Running, session_id: str, outcome: str | None
) -> None:
    made = simulator.simulator.dispute(session_id)
    if outcome:
        simulator.simulator.lose_dispute(session_id)
    with pytest.raises(stripe.InvalidRequestError, match="charged back") as refused:
        client.v1.refunds.create({"charge": made["charge"]})
    assert (refused.value.http_status, refused.value.code) == (400, "charge_disputed")
    assert client.v1.refunds.list().data == []


def test_money_that_came_back_can_be_refunded(client: stripe.StripeClient, simulator: Running, session_id: str) -> None:
    made = simulator.simulator.dispute(session_id)
    simulator.simulator.win_dispute(session_id)
    assert client.v1.refunds.create({"charge": made["charge"]}).amount == 2500


def test_only_what_was_paid_can_be_disputed(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    url = f"{simulator.url}/_simulator/sessions/{session.id}"
    assert httpx2.post(f"{url}/dispute").status_code == 400
    assert httpx2.post(f"{url}/end_dispute", json={"outcome": "won"}).status_code == 400
    simulator.simulator.pay_session(session.id, "DE89370400440532013000")
    assert httpx2.post(f"{url}/dispute").status_code == 400


@pytest.mark.parametrize(("currency", "fee"), [("jpy", 1500), ("isk", 1500), ("kwd", 1500), ("ugx", 1500)])
def test_a_dispute_moves_whole_amounts_of_every_currency(
    client: stripe.StripeClient, simulator: Running, currency: str, fee: int
) -> None:
    session = client.v1.checkout.sessions.create(params(line_items=priced(7700, currency)))
    simulator.simulator.pay_session(session.id)
    made = simulator.simulator.dispute(session.id)
    assert made["balance_transactions"][0]["net"] == -7700 - fee
