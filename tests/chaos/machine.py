"""The state machine: shoppers, and everything that happens around them."""

import sys
from contextlib import suppress
from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import rule

from checkout_core import OrderStatus
from stripe_simulator.webhooks import signature
from tests.support.webhook_sink import WebhookDelivery

from .account_rules import Account
from .clients import OK, UNPAID, answer_of
from .environment import Environment
from .money_rules import Money
from .operators import cancel_order
from .scenario import ProcessDies, Request
from .shopper_rules import Shoppers
from .stock_rules import Tickets
from .violations import Done

FORGED = ("signed by somebody else", "signed long ago")
DELIVERIES = ("delivered", "delivered", "delivered", "duplicated", "duplicated", "repeated later", "lost", *FORGED)
ROUTES = (
    *("/v1", "/v1", "/v1", "POST /v1/checkout/sessions", "GET /v1/checkout/sessions", "GET /v1/checkout/sessions"),
    *("POST /v1/refunds", "POST /v1/refunds", "GET /v1/refunds", "GET /v1/disputes", "GET /v1/events"),
    "POST /v1/payment_pages",
)
FAULTS = ("500", "429", "latency", "reset", "after", "time-out", "none")
CLOCK = {
    "a debit settles": timedelta(seconds=70),
    "holds run out": timedelta(minutes=32),
    "handlers are due again": timedelta(hours=2),
    "sessions expire": timedelta(hours=25),
    "evidence is too late": timedelta(days=8),
}
MEANWHILE = (
    *("the other process", "we restart", "we restart", "Stripe restarts", "sweep"),
    *("the warehouse fails", "the warehouse ends the process", "the warehouse works", *CLOCK, "a debit settles"),
)

MANY = 30
"""So many requests of a route go wrong: a third of all, until then."""

SIDES = ("at Stripe", "on our side")
MAX_SIGNATURE_AGE_SECONDS = 300


class Chaos(Tickets, Account, Money):
    """Shoppers, other programs, operators, banks, webhooks, faults, clocks and restarts in any order."""

    any_number = st.integers(0, 11)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._accepted: list[WebhookDelivery] = []
        self._cancelled: set[str] = set()
        self._restarted_stripe = False
        self._waited_for_evidence = False

    # Operators

    @rule(who=Shoppers.any_shopper, where=st.sampled_from(SIDES))
    def cancel(self, who: int, where: str) -> None:
        """The session is closed so that nobody pays it; or a person ends the order, and the session stays as it is."""
        if (shopper := self.pick_shopper(who, OrderStatus.pending)) is None:
            return
        checkout = self.scenario.client.checkout
        if where == "at Stripe":
            close: Request = lambda: answer_of(lambda: checkout.expire_session(shopper.session_id))  # noqa: E731
            self.scenario.send([close], {OK, "session_not_open"})
        else:
            cancel_order(checkout, shopper.session_id)
            self._cancelled.add(shopper.session_id)

    # Webhooks

    @rule(which=st.lists(st.tuples(any_number, st.sampled_from(DELIVERIES)), min_size=1, max_size=6))
    def webhooks(self, which: list[tuple[int, str]]) -> None:
        """Some webhooks arrive, in any order, or not. What was not acknowledged comes again."""
        pending = self.scenario.pending_webhooks
        for position, how in which:
            if how == "repeated later":
                if self._accepted:
                    delivery = self._accepted[position % len(self._accepted)]
                    self.scenario.counts[f"webhook {how}"] += 1
                    self.scenario.send([self._delivery(delivery)], {OK})
            elif pending:
                self._webhook(pending.pop(position % len(pending)), how)

    def _webhook(self, delivery: WebhookDelivery, how: str) -> None:
        pending, client = self.scenario.pending_webhooks, self.scenario.client
        self.scenario.counts[f"webhook {how}"] += 1
        if how == "lost":
            return
        if how in FORGED:
            old = how == "signed long ago"
            secret = self.scenario.webhook_secret if old else "whsec_somebody"
            signed_at = delivery.sent_at - (MAX_SIGNATURE_AGE_SECONDS + 1 if old else 0)
            forged = signature(secret, delivery.body, signed_at)
            self.scenario.send([lambda: client.deliver_webhook(delivery, forged)], {"webhook_signature_invalid"})
            pending.append(delivery)
            return
        overtakes = delivery is not min([delivery, *pending], key=lambda each: each.number)
        self.scenario.counts["webhook out of order"] += overtakes
        answers = self.scenario.send([self._delivery(delivery)] * (2 if how == "duplicated" else 1), {OK})
        acknowledged = any(answer.code == OK for answer in answers)
        (self._accepted if acknowledged else pending).append(delivery)

    def _delivery(self, delivery: WebhookDelivery) -> Request:
        return partial(self.scenario.client.deliver_webhook, delivery, delivery.signature)

    @rule(who=Shoppers.any_shopper)
    def redirect_and_webhooks_at_once(self, who: int) -> None:
        """The shopper comes back to one process while every webhook of the session reaches both."""
        if (shopper := self.pick_shopper(who)) is None:
            return
        pending = self.scenario.pending_webhooks
        about = [delivery for delivery in pending if shopper.session_id.encode() in delivery.body]
        pending[:] = [delivery for delivery in pending if delivery not in about]
        self._accepted += about
        self.scenario.counts["webhook during the redirect"] += len(about)
        requests: list[Request] = [lambda: self.scenario.client.complete_order(shopper.session_id)]
        for delivery in about:
            for client in self.scenario.clients:
                requests.append(partial(client.deliver_webhook, delivery, delivery.signature))
        self.scenario.send(requests, {OK, "session_not_found", *UNPAID})

    # Faults, and what happens meanwhile

    @rule(
        faults=st.lists(
            st.tuples(st.sampled_from(FAULTS), st.sampled_from(ROUTES), st.sampled_from((1, 2, 3, 4, MANY))),
            min_size=1,
            max_size=3,
        )
    )
    def faults(self, faults: list[tuple[str, str, int]]) -> None:
        """The next requests of some routes go wrong, more than two outlast the retries; or every third for a while."""
        for kind, route, times in faults:
            if kind == "none":
                self.scenario.clear_faults()
            else:
                rate = 1 / 3 if times == MANY else 1.0
                self.scenario.add_fault(kind, route, 1 if kind == "time-out" else times, rate=rate)

    @rule(what=st.sampled_from(MEANWHILE))
    def meanwhile(self, what: str) -> None:
        """Clocks jump, processes end and begin anew, a sweep runs, the handlers of paid orders run or fail."""
        if what in CLOCK:
            if what == "evidence is too late":
                if self._waited_for_evidence:  # once a run: after some weeks Stripe forgets events
                    return
                self._waited_for_evidence = True
            self.scenario.counts["clock jump"] += 1
            self.scenario.advance(CLOCK[what])
        elif what == "the other process":
            self.scenario.switch_process()
        elif what == "we restart":
            self.scenario.counts[what] += 1
            self.scenario.restart_us()
        elif what == "Stripe restarts":
            if not self._restarted_stripe:  # once a run: it takes a quarter of a second
                self._restarted_stripe = True
                self.scenario.counts[what] += 1
                self.scenario.restart_stripe()
                self.keys.clear()  # the simulator does not keep them, Stripe does
        elif what == "sweep":
            self.scenario.counts[what] += 1
            with suppress(ProcessDies):
                self.scenario.client.checkout.sweep(older_than=timedelta(0))
        else:
            self.scenario.warehouse.behaviour = what.removeprefix("the warehouse ")
            with suppress(ProcessDies):
                self.scenario.client.checkout.dispatch_outbox()

    # The end

    def teardown(self) -> None:
        """Compare everything, once the faults are gone, a sweep has run and the outbox is dispatched."""
        try:
            if sys.exc_info()[0] is None:  # else a step has failed already, and says more
                done = Done(self._cancelled, self.entered, self.named, self.purchases)
                wrong = self.scenario.finish(done, self.refunds)
                assert not wrong, "\n".join(wrong)
        finally:
            self.scenario.close()
