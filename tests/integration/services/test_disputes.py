"""Disputes to their end, whichever of Stripe's events is lost, doubled or late."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from checkout_core import Checkout, Order, OrderStatus, open_orders
from checkout_core.domain.disputes import STEPS
from checkout_core.domain.events import OrderEvent, Source
from checkout_core.domain.stripe_events import StripeEvent
from stripe_simulator import SyncSimulator
from tests.support.clock import NO_TIME, TestClock
from tests.support.gateway import stripe_events
from tests.support.shopper import CARD, EMAIL, control, kinds, paid_order, pay, pending_order, stripe_of

TYPES = [
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
]


@dataclass(frozen=True)
class Bank:
    """What the bank of an order's shopper does."""

    checkout: Checkout
    order: Order

    def opens(self, amount: int | None = None, *, inquiry: bool = False) -> None:
        body = {"amount": amount} if amount else {}
        self._control("dispute", inquiry=inquiry, **body)

    def ends(self, outcome: str) -> None:
        self._control("end_dispute", outcome=outcome)

    def hears(self, words: str) -> None:
        disputes = stripe_of(self.checkout).v1.disputes
        [open_] = disputes.list({"payment_intent": self.order.stripe_payment_intent_id or ""}).data
        disputes.update(open_.id, {"evidence": {"uncategorized_text": words}})

    def _control(self, name: str, **body: object) -> None:
        control(self.checkout, f"sessions/{self.order.stripe_checkout_session_id}/{name}", **body)


@dataclass(frozen=True)
class Story:
    """What the bank does, the steps that the history shows in the end, and what the order says."""

    acts: Sequence[Callable[[Bank], None]]
    steps: Sequence[str]
    status: str
    disputed: int


WHOLE = 1250
STORIES = {
    "open": Story([Bank.opens], ["disputed"], "needs_response", WHOLE),
    "lost": Story([Bank.opens, lambda bank: bank.ends("lost")], ["disputed", "dispute_lost"], "lost", WHOLE),
    "won": Story([Bank.opens, lambda bank: bank.ends("won")], ["disputed", "dispute_won"], "won", 0),
    "won by evidence": Story(
        [Bank.opens, lambda bank: bank.hears("winning_evidence")], ["disputed", "dispute_won"], "won", 0
    ),
    "answered": Story(
        [Bank.opens, lambda bank: bank.hears("a receipt")], ["disputed", "dispute_under_review"], "under_review", WHOLE
    ),
    "inquiry": Story([lambda bank: bank.opens(inquiry=True)], ["inquiry_opened"], "warning_needs_response", 0),
    "inquiry closed": Story(
        [lambda bank: bank.opens(inquiry=True), lambda bank: bank.ends("won")],
        ["inquiry_opened", "inquiry_closed"],
        "warning_closed",
        0,
    ),
    "inquiry lost": Story(
        [lambda bank: bank.opens(inquiry=True), lambda bank: bank.ends("escalated"), lambda bank: bank.ends("lost")],
        ["inquiry_opened", "disputed", "dispute_lost"],
        "lost",
        WHOLE,
    ),
    "partial lost": Story(
        [lambda bank: bank.opens(400), lambda bank: bank.ends("lost")], ["disputed", "dispute_lost"], "lost", 400
    ),
    "partial won": Story(
        [lambda bank: bank.opens(400), lambda bank: bank.ends("won")], ["disputed", "dispute_won"], "won", 0
    ),
}


def as_they_come(checkout: Checkout, act: Callable[[], None], seen: set[str]) -> None:
    """Let the bank act, and tell by webhook what is new."""
    act()
    for event in reversed(stripe_events(checkout, *TYPES)):
        if event.id not in seen:
            seen.add(event.id)
            checkout.handle_event(event)


def tell(checkout: Checkout, events: Sequence[StripeEvent]) -> None:
    for event in events:
        checkout.handle_event(event)


def steps(checkout: Checkout, order: Order) -> list[str]:
    return [kind for kind in kinds(checkout, order.stripe_checkout_session_id) if kind in set(STEPS.values())]


def require_end(checkout: Checkout, order: Order, story: Story, *, in_one_look: bool = False) -> None:
    """Check the order and the steps on its history; what was over before we looked at it leaves only its ends."""
    now = checkout.store.get(order.stripe_checkout_session_id)
    assert now is not None
    assert (now.dispute_status, now.amount_disputed, now.status) == (story.status, story.disputed, OrderStatus.paid)
    assert (now.dispute_evidence_due_at is not None) is (story.status in ("needs_response", "warning_needs_response"))
    told = steps(checkout, order)
    if in_one_look:
        assert (told[-1], len(told)) == (story.steps[-1], len(set(told)))
        assert set(told) <= set(story.steps)
    else:
        assert told == [*story.steps]


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_each_step_is_recorded_as_stripe_tells_it(checkout: Checkout, story: Story) -> None:
    order, seen = paid_order(checkout), set[str]()
    for act in story.acts:
        as_they_come(checkout, lambda act=act: act(Bank(checkout, order)), seen)  # type: ignore[misc]
    require_end(checkout, order, story)
    tell(checkout, stripe_events(checkout, *TYPES))  # all of them once more, the newest first
    checkout.sweep(older_than=NO_TIME)
    require_end(checkout, order, story)


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
@pytest.mark.parametrize("how", ["newest first", "oldest first", "doubled", "only the first", "only the last", "sweep"])
def test_what_is_heard_of_a_dispute_late_or_in_part_comes_to_the_same(
    checkout: Checkout, story: Story, how: str
) -> None:
    order = paid_order(checkout)
    for act in story.acts:
        act(Bank(checkout, order))
    newest = stripe_events(checkout, *TYPES)
    heard = {
        "newest first": newest,
        "oldest first": newest[::-1],
        "doubled": [*newest, *newest],
        "only the first": newest[-1:],
        "only the last": newest[:1],
        "sweep": [],
    }[how]
    tell(checkout, heard)
    summary = checkout.sweep(older_than=NO_TIME)
    require_end(checkout, order, story, in_one_look=True)
    assert summary.new_events == (how == "sweep")
    history = checkout.history(order.stripe_checkout_session_id)
    assert checkout.sweep(older_than=NO_TIME).new_events == 0
    assert checkout.history(order.stripe_checkout_session_id) == history


@pytest.mark.parametrize("ends", [False, True])
def test_a_dispute_that_ends_when_stripe_has_forgotten_its_events_is_found_by_the_sweep(
    checkout: Checkout, clock: TestClock, ends: bool
) -> None:
    order = paid_order(checkout)
    bank = Bank(checkout, order)
    bank.opens()
    checkout.sweep(older_than=NO_TIME)
    if ends:
        bank.ends("lost")
    clock.advance(days=40)  # no event is that young
    assert checkout.sweep(older_than=NO_TIME).outcomes == ({"paid": 1} if ends else {"disputed": 1})
    assert steps(checkout, order) == ["disputed", *["dispute_lost"] * ends]
    assert checkout.sweep(older_than=NO_TIME).asked == (not ends)


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_the_outcome_has_stripes_time_however_late_we_hear_of_it(
    checkout: Checkout, clock: TestClock, outcome: str
) -> None:
    order = paid_order(checkout)
    bank = Bank(checkout, order)
    bank.opens()
    bank.ends(outcome)
    [opened], [closed] = (stripe_events(checkout, f"charge.dispute.{type}") for type in ("created", "closed"))
    clock.advance(days=2)
    checkout.reconcile(order.stripe_checkout_session_id)
    told: tuple[OrderEvent, ...] = checkout.history(order.stripe_checkout_session_id)[-2:]
    assert [event.at for event in told] == [opened.created_at, closed.created_at]


@pytest.mark.parametrize("refunded", [400, WHOLE])
def test_a_dispute_of_a_refunded_order_leaves_its_refunds_alone(checkout: Checkout, refunded: int) -> None:
    order = paid_order(checkout)
    before = checkout.refund(order.id, refunded)
    Bank(checkout, order).opens()
    Bank(checkout, order).ends("lost")
    checkout.sweep(older_than=NO_TIME)
    now = checkout.store.get(order.stripe_checkout_session_id)
    assert now is not None
    assert (now.status, now.amount_refunded, now.amount_disputed) == (before.status, refunded, WHOLE)
    assert steps(checkout, order) == ["disputed", "dispute_lost"]


def test_a_refund_and_a_dispute_that_nobody_told_us_of_are_both_found(checkout: Checkout) -> None:
    order = paid_order(checkout)
    stripe_of(checkout).v1.refunds.create({"payment_intent": order.stripe_payment_intent_id or "", "amount": 100})
    Bank(checkout, order).opens()
    now = checkout.reconcile(order.stripe_checkout_session_id)
    assert now is not None
    assert (now.amount_refunded, now.amount_disputed) == (100, WHOLE)
    assert kinds(checkout, order.stripe_checkout_session_id)[-2:] == ["partially_refunded", "disputed"]


def test_the_dispute_of_a_payment_that_is_not_ours_leaves_nothing(checkout: Checkout, simulator: SyncSimulator) -> None:
    made = stripe_of(checkout).v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "http://x.test",
            "line_items": [
                {
                    "price_data": {"currency": "eur", "unit_amount": 900, "product_data": {"name": "Seat"}},
                    "quantity": 1,
                }
            ],
        }
    )
    simulator.pay_session(made.id, CARD, EMAIL)
    simulator.dispute(made.id)
    tell(checkout, stripe_events(checkout, *TYPES))
    checkout.sweep(older_than=NO_TIME)
    assert checkout.store.get(made.id) is None
    assert checkout.history(made.id) == ()


def test_two_disputes_of_one_payment_are_told_apart(checkout: Checkout, simulator: SyncSimulator) -> None:
    order = paid_order(checkout)
    bank = Bank(checkout, order)
    bank.opens(500)
    bank.ends("won")
    account, record = simulator.state.session(order.stripe_checkout_session_id)
    charge = account.charge_of(record)
    assert charge is not None
    simulator.state.put(account, "charges", charge["id"], {**charge, "disputed": False})  # or it is refused
    simulator.advance(60)
    bank.opens(300)
    bank.ends("lost")
    checkout.sweep(older_than=NO_TIME)
    now = checkout.store.get(order.stripe_checkout_session_id)
    assert now is not None
    assert (now.dispute_status, now.amount_disputed) == ("lost", 300)
    assert steps(checkout, order) == ["disputed", "dispute_won", "disputed", "dispute_lost"]


def test_an_inquiry_is_found_although_the_charge_is_not_called_disputed(
    checkout: Checkout, simulator: SyncSimulator
) -> None:
    order = paid_order(checkout)
    Bank(checkout, order).opens(inquiry=True)
    account, record = simulator.state.session(order.stripe_checkout_session_id)
    charge = account.charge_of(record)
    assert charge is not None
    simulator.state.put(account, "charges", charge["id"], {**charge, "disputed": False})
    checkout.handle_event(stripe_events(checkout, "charge.dispute.created")[0])
    assert steps(checkout, order) == ["inquiry_opened"]
    Bank(checkout, order).ends("won")
    assert checkout.sweep(older_than=NO_TIME).outcomes == {"paid": 1}
    assert steps(checkout, order) == ["inquiry_opened", "inquiry_closed"]


def test_a_dispute_of_an_order_that_step_two_never_made_comes_after_the_payment(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    control(checkout, f"sessions/{session_id}/dispute")
    control(checkout, f"sessions/{session_id}/end_dispute", outcome="lost")
    tell(checkout, stripe_events(checkout, "charge.dispute.closed"))
    assert kinds(checkout, session_id)[-3:] == ["paid", "disputed", "dispute_lost"]
    assert checkout.history(session_id)[-1].source is Source.webhook


@pytest.mark.parametrize(("outcome", "net"), [("lost", 0), ("won", WHOLE)])
def test_a_lost_payment_is_out_of_the_revenue_and_a_won_one_is_in_it(
    duckdb_checkout: Checkout, outcome: str, net: int
) -> None:
    order = paid_order(duckdb_checkout)
    Bank(duckdb_checkout, order).opens()
    Bank(duckdb_checkout, order).ends(outcome)
    duckdb_checkout.sweep(older_than=NO_TIME)
    duckdb_checkout.close()
    orders = open_orders(duckdb_checkout.settings.database_url.get_secret_value())
    query = "SELECT sum(gross)::INT, sum(refunds)::INT, sum(net)::INT FROM revenue_daily"
    assert [tuple(row.values()) for row in orders.sql(query, as_="arrow").to_pylist()] == [(WHOLE, 0, net)]
    [said] = orders.sql("SELECT amount_disputed, dispute_status FROM orders", as_="arrow").to_pylist()
    assert said == {"amount_disputed": WHOLE - net, "dispute_status": outcome}
