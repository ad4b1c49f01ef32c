"""The oracle: what must be said of each session, read from the simulator's own tables.

Nothing here asks our code what follows from what: an error of ours must not be repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checkout_core import OrderStatus
from stripe_simulator import SyncSimulator
from stripe_simulator.records import SessionRecord
from stripe_simulator.state import Account

OUR_MARK = {"checkout_installation": "shop.test", "checkout_shop": "default"}
"""The metadata by which a session says that it is ours."""

UNDONE = frozenset({"failed", "canceled"})
"""The statuses of refunds whose money Stripe has again."""

UNANSWERED = frozenset({"needs_response", "warning_needs_response"})
CLOSED = frozenset({"won", "lost", "warning_closed"})
DELAYED = frozenset({"sepa_debit", "us_bank_account"})


@dataclass(frozen=True, slots=True)
class ExpectedRefund:
    """A refund at Stripe. `intention` names what an operator meant; None: it was made in Stripe's dashboard.

    `restock` is the note that says what it gives back.
    """

    id: str
    amount: int
    undone: bool
    intention: str | None
    in_dashboard: bool
    restock: str | None


@dataclass(frozen=True, slots=True)
class ExpectedDispute:
    """A dispute, and the statuses that it has had, oldest first.

    Args:
        id: Stripe's id.
        statuses: without repetitions.
        held: what the bank has of the money, in minor units.
        opened_at: when it began.
        closed_at: when it was decided.
        due_at: until when evidence may be sent.
        refundable: whether Stripe refunds what is disputed.
    """

    id: str
    statuses: tuple[str, ...]
    held: int
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime
    refundable: bool

    @property
    def is_open(self) -> bool:
        """Whether the bank has not decided."""
        return self.statuses[-1] not in CLOSED


@dataclass(frozen=True, slots=True)
class ExpectedOrder:
    """What the order of one session must say, if there is one. Amounts in minor units.

    Args:
        session_id: Stripe's checkout session.
        ours: whether it carries our mark and is a payment; of others we must know nothing.
        marked: whether anybody's mark of this package is on it.
        mode: Stripe's.
        session_status: Stripe's.
        status: the status of its order.
        changeable: whether the shopper can change what it costs at Stripe.
        amounts: subtotal, discount, shipping, tax, total.
        amount_refunded: what was refunded and not sent back.
        paid_at: when the money was taken; None: nothing was, or nothing had to be.
        fee: what Stripe kept of the payment.
        net: what it paid out.
        payment_method: what was paid with.
        payment_intent: the payment.
        refunds: all refunds, oldest first.
        disputes: all disputes.
        metadata: what an application has written on the session.
        names: what the session and its payment are called at Stripe.
        challenged_by: what waits for the shopper's bank: `card`, `ideal`; None: nothing does.
    """

    session_id: str
    ours: bool
    marked: bool
    mode: str
    session_status: str
    status: OrderStatus
    changeable: bool
    amounts: Mapping[str, int]
    amount_refunded: int
    paid_at: datetime | None
    fee: int | None
    net: int | None
    payment_method: str | None
    payment_intent: str | None
    refunds: tuple[ExpectedRefund, ...]
    disputes: tuple[ExpectedDispute, ...]
    metadata: Mapping[str, str]
    names: tuple[str | None, ...]
    challenged_by: str | None

    @property
    def amount_total(self) -> int:
        """What is charged."""
        return self.amounts["total"]

    @property
    def amount_left(self) -> int:
        """What can still be refunded, as far as the amount goes."""
        return self.amount_total - self.amount_refunded

    @property
    def money_taken(self) -> bool:
        """Whether the shopper's money was taken, whatever was refunded since."""
        return self.status in (OrderStatus.paid, OrderStatus.refunded)

    @property
    def over(self) -> bool:
        """Whether the shopper has paid, or begun to: nothing can be open or expired any more."""
        return self.session_status == "complete"

    @property
    def blocks_refunds(self) -> bool:
        """Whether Stripe refuses refunds because of a dispute."""
        return bool(self.disputes) and not self.disputes[-1].refundable


def expected_orders(simulator: SyncSimulator) -> dict[str, ExpectedOrder]:
    """Return what must be said of every session that the simulator knows, by its id."""
    return {
        id: _expected(account, record)
        for account in simulator.state.accounts.values()
        for id, record in account.sessions.items()
    }


def expected_order(simulator: SyncSimulator, session_id: str) -> ExpectedOrder:
    """Return what must be said of one session."""
    return _expected(*simulator.state.session(session_id))


def _expected(account: Account, record: SessionRecord) -> ExpectedOrder:
    session = record.session
    intent = account.tables["payment_intents"].get(session["payment_intent"] or "")
    charge = account.tables["charges"].get((intent or {}).get("latest_charge") or "")
    taken = charge if charge is not None and charge["paid"] else None
    movement = account.tables["balance_transactions"].get((taken or {}).get("balance_transaction") or "", {})
    refunds = _refunds(account, taken)
    metadata: Mapping[str, str] = session["metadata"]
    totals = session["total_details"] or {}
    return ExpectedOrder(
        session_id=session["id"],
        ours=session["mode"] == "payment" and OUR_MARK.items() <= metadata.items(),
        marked="checkout_shop" in metadata,
        mode=session["mode"],
        session_status=session["status"],
        status=_status(session["status"], session["payment_status"], charge),
        changeable=bool(session["allow_promotion_codes"] or record.rates),
        amounts={
            "subtotal": session["amount_subtotal"] or 0,
            "discount": totals.get("amount_discount", 0),
            "shipping": totals.get("amount_shipping", 0),
            "tax": totals.get("amount_tax", 0),
            "total": session["amount_total"] or 0,
        },
        amount_refunded=sum(refund.amount for refund in refunds if not refund.undone),
        paid_at=_paid_at(account, session["id"], taken),
        fee=movement.get("fee"),
        net=movement.get("net"),
        payment_method=taken["payment_method_details"]["type"] if taken else None,
        payment_intent=session["payment_intent"],
        refunds=refunds,
        disputes=_disputes(account, taken),
        metadata={key: value for key, value in metadata.items() if not key.startswith("checkout_")},
        names=(session["client_reference_id"], *_payment_names(intent)),
        challenged_by=record.challenge.method.type if record.challenge else None,
    )


def _status(session_status: str, payment_status: str, charge: dict[str, Any] | None) -> OrderStatus:
    if session_status == "open":
        return OrderStatus.pending
    if session_status == "expired":
        return OrderStatus.expired
    if payment_status == "no_payment_required" or charge is None:
        return OrderStatus.paid
    if charge["status"] == "pending":
        return OrderStatus.processing
    if charge["status"] == "failed":
        return OrderStatus.failed
    return OrderStatus.refunded if charge["refunded"] else OrderStatus.paid


def _paid_at(account: Account, session_id: str, charge: dict[str, Any] | None) -> datetime | None:
    """Return when the money was there: a debit's charge is made days before."""
    if charge is None:
        return None
    if charge["payment_method_details"]["type"] not in DELAYED:
        return _time(charge["created"])
    succeeded = "checkout.session.async_payment_succeeded"
    [event] = [
        each
        for each in list(account.tables["events"].values())
        if each["type"] == succeeded and each["data"]["object"]["id"] == session_id
    ]
    return _time(event["created"])


def _refunds(account: Account, charge: dict[str, Any] | None) -> tuple[ExpectedRefund, ...]:
    return tuple(
        ExpectedRefund(
            id=refund["id"],
            amount=refund["amount"],
            undone=refund["status"] in UNDONE,
            intention=refund["metadata"].get("checkout_refund"),
            in_dashboard="dashboard" in refund["metadata"],
            restock=refund["metadata"].get("checkout_restock"),
        )
        for refund in list(account.tables["refunds"].values())
        if charge is not None and refund["charge"] == charge["id"]
    )


def _disputes(account: Account, charge: dict[str, Any] | None) -> tuple[ExpectedDispute, ...]:
    if charge is None or not charge["disputed"]:
        return ()
    disputes = account.tables["disputes"].values()
    return tuple(_dispute(account, each) for each in list(disputes) if each["charge"] == charge["id"])


def _dispute(account: Account, dispute: dict[str, Any]) -> ExpectedDispute:
    told = [
        event
        for event in list(account.tables["events"].values())
        if event["type"].startswith("charge.dispute.") and event["data"]["object"]["id"] == dispute["id"]
    ]
    statuses = tuple(dict.fromkeys(event["data"]["object"]["status"] for event in told))
    closed = [event["created"] for event in told if event["type"] == "charge.dispute.closed"]
    return ExpectedDispute(
        id=dispute["id"],
        statuses=statuses,
        held=-sum(movement["amount"] for movement in dispute["balance_transactions"]),
        opened_at=_time(dispute["created"]),
        closed_at=_time(closed[-1]) if closed else None,
        due_at=_time(dispute["evidence_details"]["due_by"]),
        refundable=dispute["is_charge_refundable"],
    )


def _payment_names(intent: dict[str, Any] | None) -> tuple[str | None, ...]:
    if intent is None:
        return ()
    return str(intent["description"]).rpartition(": ")[2], intent["metadata"].get("checkout_order")


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
