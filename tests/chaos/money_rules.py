"""The rules about money that goes back: refunds by operators and in the dashboard, and what banks do later."""

from collections.abc import Sequence
from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import rule

from checkout_core import Checkout, Order, OrderStatus
from stripe_simulator.errors import StripeError

from .clients import OK, Answer, answer_of
from .environment import Environment
from .expected import ExpectedDispute, ExpectedOrder
from .intended_refunds import IntendedRefunds, Intention
from .scenario import Request
from .shopper_rules import Shopper, Shoppers

REFUND_ANSWERS = frozenset({OK, "refund_not_possible", "refund_in_progress"})
REFUND_EVENTS = frozenset({"refunded", "partially_refunded", "refund_failed"})
EVIDENCE = {"evidence[uncategorized_text]": "The ticket was scanned at the door."}
TROUBLE: dict[str, tuple[tuple[str, str, int], ...]] = {
    "nothing": (),
    "Stripe refunds, and the answer is lost": (("after", "POST /v1/refunds", 3),),
    "Stripe refunds, and the first answer is lost": (("after", "POST /v1/refunds", 1),),
    "Stripe fails before it refunds": (("500", "POST /v1/refunds", 3),),
    "Stripe does not say which refunds there are": (("reset", "GET /v1/refunds", 3),),
    "Stripe refunds, and does not say what became of it": (("500", "GET /v1/checkout/sessions", 9),),
}
"""What goes wrong around a refund."""

STEPS = ("evidence", "win", "win", "lose", "lose", "escalate")
BANK = ("debit succeeds", "debit fails", "dispute", "dispute", "dispute of a part", "inquiry")


class Money(Shoppers):
    """What operators and banks do to payments."""

    troubles = st.sampled_from(("nothing", *TROUBLE))

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.refunds = IntendedRefunds()

    # Operators

    @rule(
        who=Shoppers.mostly_the_same,
        quarters=st.integers(1, 4),
        clicks=st.sampled_from((1, 2)),
        again=st.booleans(),
        trouble=troubles,
        restock=st.sampled_from(("nothing", "nothing", "one", "everything")),
    )
    def refund(self, who: int, quarters: int, clicks: int, again: bool, *, trouble: str, restock: str) -> None:
        """An operator presses a button, perhaps twice; or the button that was pressed last, once more.

        Four quarters are all that is left.
        """
        if (order := self._order_of(who)) is None:
            return
        session_id = order.stripe_checkout_session_id
        pressed = [key for key, each in self.refunds.by_ticket.items() if each.session_id == session_id]
        if again and pressed:
            ticket = pressed[-1]
        else:
            back = {order.items[0].product: 1} if restock == "one" else restock == "everything"
            ticket = self.refunds.new_ticket(session_id, _amount(order, quarters), back)
            self.scenario.counts[f"refund gives back {restock}"] += 1
        self._meet(trouble)
        self._press({ticket: clicks}, self.scenario.client.checkout, order)
        if trouble != "nothing":
            self.scenario.clear_faults()

    @rule(who=Shoppers.mostly_the_same, quarters=st.tuples(st.integers(1, 4), st.integers(1, 4)))
    def two_operators_refund(self, who: int, quarters: tuple[int, int]) -> None:
        """Two operators refund one order at the same moment, each of them once: two refunds are meant."""
        if order := self._order_of(who):
            session_id = order.stripe_checkout_session_id
            tickets = [self.refunds.new_ticket(session_id, _amount(order, each)) for each in quarters]
            self._press(dict.fromkeys(tickets, 1), self.scenario.client.checkout, order)

    def _press(self, tickets: dict[str, int], checkout: Checkout, order: Order) -> None:
        """Press buttons so often at the same moment, and check what was answered."""
        session_id = order.stripe_checkout_session_id
        before, faultless = self.scenario.expected(session_id), self.scenario.faultless
        pressed = [ticket for ticket, times in tickets.items() for _ in range(times)]

        def request(ticket: str) -> Request:
            meant = self.refunds.by_ticket[ticket]
            return lambda: answer_of(
                lambda: checkout.refund(order.id, meant.amount, idempotency_key=ticket, restock=meant.restock)
            )

        answers = self.scenario.send([request(ticket) for ticket in pressed], REFUND_ANSWERS)
        for ticket, answer in zip(pressed, answers, strict=True):
            self.refunds.by_ticket[ticket].answers.append(answer.code)
            self.scenario.counts[f"refund {answer.code}"] += 1
        if faultless and len(pressed) == 1:
            self._check_refund(self.refunds.by_ticket[pressed[0]], order, before, answers[0])

    def _check_refund(self, meant: Intention, order: Order, before: ExpectedOrder, answer: Answer) -> None:
        """Check the answer to one refund that nothing stood in the way of, or something did."""
        now = self.scenario.client.checkout.store.get(before.session_id)
        after = self.scenario.expected(before.session_id)
        assert now is not None
        if answer.code == OK:
            assert now.amount_refunded == after.amount_refunded, "what is called refunded is not on the order"
            return
        stale = (order.status, order.amount_refunded) != (before.status, before.amount_refunded)
        enough = 1 <= (before.amount_left if meant.amount is None else meant.amount) <= before.amount_left
        refused = before.blocks_refunds or self.scenario.stripe.simulator.state.balance_is_empty
        assert stale or not before.money_taken or not enough or refused, (
            f"a refund that could be made was refused: {answer.message}"
        )
        if answer.code == "refund_not_possible" and before.money_taken and refused and enough and not stale:
            assert "balance" in answer.message or "disputed" in answer.message, answer.message

    def _meet(self, trouble: str) -> None:
        for kind, route, times in TROUBLE[trouble]:
            self.scenario.add_fault(kind, route, times)

    @rule(who=Shoppers.mostly_the_same, quarters=st.integers(1, 4), clicks=st.sampled_from((1, 2)), trouble=troubles)
    def refund_without_a_ticket(self, who: int, quarters: int, clicks: int, trouble: str) -> None:
        """A script refunds. Asking again before the refund shows on the order means the same one."""
        if (order := self._order_of(who)) is None:
            return
        session_id, amount, checkout = order.stripe_checkout_session_id, _amount(order, quarters), self._checkout
        events = sum(event.kind.value in REFUND_EVENTS for event in checkout.history(session_id))
        before = self.scenario.expected(session_id)
        request: Request = lambda: answer_of(lambda: checkout.refund(order.id, amount))  # noqa: E731
        self._meet(trouble)
        answers = [answer.code for answer in self.scenario.send([request] * clicks, REFUND_ANSWERS)]
        if trouble != "nothing":
            self.scenario.clear_faults()
        after = self.scenario.expected(session_id)
        self.scenario.counts["refund without a ticket"] += 1
        wrong = list(self.refunds.without_ticket(before, after, amount, answers, events))
        assert not wrong, "\n".join(wrong)

    @rule(who=Shoppers.mostly_the_same, quarters=st.integers(1, 4))
    def refund_at_stripe(self, who: int, quarters: int) -> None:
        """Somebody refunds so many quarters of the total in Stripe's dashboard, or what is left of it."""
        if (shopper := self.paying_shopper(who)) is None:
            return
        expected = self.scenario.expected(shopper.session_id)
        if expected.status is OrderStatus.paid and expected.payment_intent:
            amount = min(max(1, expected.amount_total * quarters // 4), expected.amount_left)
            form = {"payment_intent": expected.payment_intent, "amount": str(amount), "metadata[dashboard]": "yes"}
            self.scenario.in_dashboard("/v1/refunds", form)

    @rule(empty=st.booleans())
    def balance(self, empty: bool) -> None:
        """The balance of the account is empty, so that nothing can be refunded, or it is filled."""
        self.scenario.counts["balance empty"] += empty
        self.scenario.stripe.simulator.empty_balance(empty)

    @property
    def _checkout(self) -> Checkout:
        return self.scenario.client.checkout

    def _order_of(self, who: int) -> Order | None:
        shopper = self.paying_shopper(who)
        return self.order(shopper) if shopper else None

    # Banks

    @rule(who=Shoppers.mostly_the_same, what=st.sampled_from(BANK), then=st.sampled_from(("waits", "waits", *STEPS)))
    def bank(self, who: int, what: str, then: str) -> None:
        """A shopper's bank settles a debit that waits, takes back what was paid, or asks about it, and perhaps goes on."""
        debit = what.startswith("debit")
        wanted = OrderStatus.processing if debit else OrderStatus.paid
        shopper = self.pick_shopper(who, wanted) if debit else self.paying_shopper(who)
        expected = self.scenario.expected(shopper.session_id) if shopper else None
        if expected is None or expected.status is not wanted or expected.disputes or not expected.payment_intent:
            return
        simulator = self.scenario.stripe.simulator
        if debit:
            simulator.settle_debit(expected.session_id, succeeded=what == "debit succeeds")
        else:
            part = max(1, expected.amount_total // 2) if what == "dispute of a part" else None
            simulator.dispute(expected.session_id, amount=part, inquiry=what == "inquiry")
        self.scenario.collect_webhooks()
        if shopper and not debit and then != "waits":
            self._go_on(shopper, then)

    @rule(who=Shoppers.mostly_the_same, what=st.sampled_from(STEPS))
    def dispute_goes_on(self, who: int, what: str) -> None:
        """Evidence is sent, or a bank decides: it ends a dispute, or makes a chargeback of an inquiry."""
        disputed = [each for each in self.shoppers if any(one.is_open for one in self._disputes_of(each))]
        if not disputed:
            return
        self._go_on(disputed[-1 - who % len(disputed)], what)

    def _go_on(self, shopper: Shopper, what: str) -> None:
        simulator = self.scenario.stripe.simulator
        if what == "evidence":
            self.scenario.in_dashboard(f"/v1/disputes/{self._disputes_of(shopper)[-1].id}", EVIDENCE)
            return
        step = {"win": simulator.win_dispute, "lose": simulator.lose_dispute, "escalate": simulator.escalate_dispute}
        with suppress(StripeError):  # it is no inquiry
            step[what](shopper.session_id)
        self.scenario.collect_webhooks()

    def _disputes_of(self, shopper: Shopper) -> Sequence[ExpectedDispute]:
        return self.scenario.expected(shopper.session_id).disputes

    @rule(who=Shoppers.mostly_the_same)
    def refund_comes_back(self, who: int) -> None:
        """A shopper's bank cannot take the newest refund of a session."""
        refunded = [each for each in self.shoppers if self.scenario.expected(each.session_id).amount_refunded]
        if refunded:
            self.scenario.counts["refund fails"] += 1
            self.scenario.stripe.simulator.fail_refund(refunded[who % len(refunded)].session_id)
            self.scenario.collect_webhooks()


def _amount(order: Order, quarters: int) -> int | None:
    return None if quarters == 4 else max(1, order.amount_total * quarters // 4)
