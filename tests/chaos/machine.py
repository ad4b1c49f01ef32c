"""The state machine: shoppers, and all that happens around them."""

import sys
from contextlib import suppress
from datetime import timedelta

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule

from checkout_core import OrderStatus
from checkout_core.domain.orders import Source, becoming
from checkout_core.services.outbox import dispatch
from checkout_core.services.sweep import sweep
from stripe_simulator.webhooks import signature

from .counters import OK
from .servers import Letter
from .shoppers import Shoppers
from .street import Street
from .truth import Truth
from .world import Ask, PowerCut, called

FORGED = ("signed by somebody else", "signed long ago")
FATES = ("delivered", "delivered", "delivered", "duplicated", "duplicated", "repeated later", "lost", *FORGED)
ROUTES = (
    *("/v1", "/v1", "/v1", "POST /v1/checkout/sessions", "GET /v1/checkout/sessions", "GET /v1/checkout/sessions"),
    *("POST /v1/refunds", "GET /v1/events", "POST /v1/payment_pages"),
)
KINDS = ("500", "429", "latency", "reset", "after", "time-out", "it clears")
CLOCK = {
    "a debit settles": timedelta(seconds=70),
    "consequences are due again": timedelta(hours=2),
    "sessions expire": timedelta(hours=25),
}
MEANWHILE = (
    *("the other process", "we restart", "we restart", "Stripe restarts", "sweep"),
    *("the warehouse fails", "the warehouse has a power cut", "the warehouse works", *CLOCK, "a debit settles"),
)

STORM = 30
"""So many requests of a route go wrong: a third of all, until then."""

SIDES = ("at Stripe", "on our side")
NOT_REFUNDABLE = frozenset({OK, "order_not_found", "refund_not_possible"})


class Chaos(Shoppers):
    """Shoppers, operators, webhooks, faults, clocks and restarts in any order."""

    any_number = st.integers(0, 11)

    def __init__(self, street: Street) -> None:
        super().__init__(street)
        self._read: list[Letter] = []
        self._cancelled: set[str] = set()
        self._restarted_stripe = False

    # Operators and the bank

    @rule(who=Shoppers.familiar, quarters=st.integers(1, 4), where=st.sampled_from(SIDES), clicks=Shoppers.clicks)
    def refund(self, who: int, quarters: int, where: str, clicks: int) -> None:
        """Give back so many quarters of the total: from our side, where four asks for all that is left, or at Stripe."""
        if (shopper := self.somebody(who, OrderStatus.paid)) is None:
            return
        if where == "at Stripe":
            self._refund_at_stripe(self.world.truth(shopper.session_id), quarters)
        elif order := self.order(shopper):
            amount = None if quarters == 4 else max(1, order.amount_total * quarters // 4)
            refund: Ask = lambda: called(lambda: self.world.counter.checkout.refund(order.id, amount))  # noqa: E731
            self.world.ask([refund] * clicks, NOT_REFUNDABLE)

    def _refund_at_stripe(self, truth: Truth, quarters: int) -> None:
        if truth.status is OrderStatus.paid:
            left = truth.amount_total - truth.amount_refunded
            amount = min(max(1, truth.amount_total * quarters // 4), left)
            form = {"payment_intent": truth.payment_intent or "", "amount": str(amount)}
            with suppress(httpx.TransportError):  # a fault that was meant for us
                self.world.stripe.dashboard("/v1/refunds", form)
            self.world.collect()

    @rule(who=Shoppers.familiar, decision=st.sampled_from(("succeeded", "failed", "dispute")))
    def bank(self, who: int, decision: str) -> None:
        """A shopper's bank settles a debit that waits, or takes back what was paid."""
        wanted = OrderStatus.paid if decision == "dispute" else OrderStatus.processing
        shopper = self.somebody(who, wanted)
        truth = self.world.truth(shopper.session_id) if shopper else None
        if truth is None or truth.status is not wanted or truth.disputed:
            return
        if decision == "dispute":
            self.world.stripe.simulator.dispute(truth.session_id)
        else:
            path = f"/_simulator/sessions/{truth.session_id}/settle_debit"
            self.world.stripe.browser.post(path, json={"outcome": decision}).raise_for_status()
        self.world.collect()

    @rule(who=Shoppers.familiar)
    def refund_comes_back(self, who: int) -> None:
        """A shopper's bank cannot take the newest refund of a session."""
        shoppers = [each for each in self.shoppers if self.world.truth(each.session_id).amount_refunded]
        if shoppers:
            self.world.tally["refund fails"] += 1
            self.world.stripe.simulator.fail_refund(shoppers[who % len(shoppers)].session_id)
            self.world.collect()

    @rule(who=Shoppers.anybody, where=st.sampled_from(SIDES))
    def cancel(self, who: int, where: str) -> None:
        """The session is closed so that nobody pays it; or a person ends the order, and the session stays as it is."""
        if (shopper := self.somebody(who, OrderStatus.pending)) is None:
            return
        checkout = self.world.counter.checkout
        if where == "at Stripe":
            close: Ask = lambda: called(lambda: checkout.gateway.expire_session(shopper.session_id))  # noqa: E731
            self.world.ask([close], {OK, "session_not_open"})
        else:
            expired = becoming(OrderStatus.expired, Source.operator, self.world.now())
            checkout.store.update(shopper.session_id, expired)
            self._cancelled.add(shopper.session_id)

    # Webhooks

    @rule(which=st.lists(st.tuples(any_number, st.sampled_from(FATES)), min_size=1, max_size=6))
    def webhooks(self, which: list[tuple[int, str]]) -> None:
        """Some webhooks arrive, in any order, or not. What was not answered well comes again."""
        for position, fate in which:
            if fate == "repeated later":
                if self._read:
                    letter = self._read[position % len(self._read)]
                    self.world.tally[f"webhook {fate}"] += 1
                    self.world.ask([lambda letter=letter: self.world.counter.deliver(letter, letter.signature)], {OK})
            elif self.world.bag:
                self._webhook(self.world.bag.pop(position % len(self.world.bag)), fate)

    def _webhook(self, letter: Letter, fate: str) -> None:
        bag, counter = self.world.bag, self.world.counter
        self.world.tally[f"webhook {fate}"] += 1
        if fate == "lost":
            return
        if fate in FORGED:
            secret, age = (self.world.secret, 301) if fate == "signed long ago" else ("whsec_somebody", 0)
            forged = signature(secret, letter.body, letter.sent_at - age)
            self.world.ask([lambda: counter.deliver(letter, forged)], {"webhook_signature_invalid"})
            bag.append(letter)
            return
        self.world.tally["webhook out of order"] += letter is not min([letter, *bag], key=lambda one: one.number)
        asks = [lambda: counter.deliver(letter, letter.signature)] * (2 if fate == "duplicated" else 1)
        well = any(answer.code == OK for answer in self.world.ask(asks, {OK}))
        (self._read if well else bag).append(letter)

    @rule(who=Shoppers.anybody)
    def redirect_and_webhooks_at_once(self, who: int) -> None:
        """The shopper comes back at one counter while every webhook of the session reaches both."""
        if (shopper := self.somebody(who)) is None:
            return
        about = [letter for letter in self.world.bag if shopper.session_id.encode() in letter.body]
        self.world.bag = [letter for letter in self.world.bag if letter not in about]
        self._read += about
        self.world.tally["webhook during the redirect"] += len(about)
        asks: list[Ask] = [lambda: self.world.counter.come_back(shopper.session_id)]
        for letter in about:
            for counter in self.world.counters:
                asks.append(lambda counter=counter, letter=letter: counter.deliver(letter, letter.signature))
        self.world.ask(asks, {OK, "session_not_complete"})

    # Weather, and what happens meanwhile

    @rule(
        faults=st.lists(
            st.tuples(st.sampled_from(KINDS), st.sampled_from(ROUTES), st.sampled_from((1, 2, 3, 4, STORM))),
            min_size=1,
            max_size=3,
        )
    )
    def weather(self, faults: list[tuple[str, str, int]]) -> None:
        """The next requests of some routes go wrong, more than two outlast the SDK's retries; or every third for a while."""
        for kind, route, times in faults:
            if kind == "it clears":
                self.world.clear_weather()
            else:
                self.world.fault(kind, route, 1 if kind == "time-out" else times, rate=1 / 3 if times == STORM else 1.0)

    @rule(what=st.sampled_from(MEANWHILE))
    def meanwhile(self, what: str) -> None:
        """Clocks jump, processes end and begin anew, the sweeper comes by, what payments set in motion is done or not."""
        if what in CLOCK:
            self.world.tally["clock jump"] += 1
            self.world.advance(CLOCK[what])
        elif what == "the other process":
            self.world.counters.reverse()
        elif what == "we restart":
            self.world.tally[what] += 1
            self.world.restart_us()
        elif what == "Stripe restarts":
            if not self._restarted_stripe:  # once a run: it takes a quarter of a second
                self._restarted_stripe = True
                self.world.tally[what] += 1
                self.world.restart_stripe()
        elif what == "sweep":
            self.world.tally[what] += 1
            with suppress(PowerCut):
                sweep(self.world.counter.checkout, older_than=timedelta(0), now=self.world.now())
        else:
            self.world.warehouse.mood = what.removeprefix("the warehouse ")
            with suppress(PowerCut):
                dispatch(self.world.counter.checkout)

    # The end

    def teardown(self) -> None:
        """The weather clears, one sweep runs, what is owed is done: now everything must be right."""
        try:
            if sys.exc_info()[0] is None:  # else a step has failed already, and says more
                wrong = self.world.settle_everything(frozenset(self._cancelled))
                assert not wrong, "\n".join(wrong)
        finally:
            self.world.close()
