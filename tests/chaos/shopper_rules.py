"""The rules by which shoppers behave: the four steps, in any order, twice, or not at all."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import httpx2
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from checkout_core import Order, OrderStatus

from .clients import OK, STILL_OPEN, UNPAID, Answer
from .environment import Environment
from .expected import ExpectedOrder, expected_orders
from .scenario import UNAVAILABLE, Request, Scenario
from .simulated_stripe import ACCOUNT
from .violations import disagreements

CARTS = ({"ticket": 1}, {"poster": 1}, {"ticket": 2, "poster": 3})
CARD = {"type": "card", "exp_month": "12", "exp_year": "2040", "cvc": "123"}
METHODS = {
    "a good card": CARD | {"number": "4242424242424242"},
    "a declined card": CARD | {"number": "4000000000000002"},
    "3-D Secure": CARD | {"number": "4000002500003155"},
    "a bank debit": {"type": "sepa_debit", "account_number": "DE89370400440532013000"},
    "a bank debit that bounces": {"type": "sepa_debit", "account_number": "DE62370400440532013001"},
    "iDEAL": {"type": "ideal"},
}
WAYS = ("opens the page", "enters the details", "pays", "pays", "pays without the details", "pays and comes back")
METADATA: tuple[dict[str, str], ...] = ({}, {}, {"gift": "yes"}, {"table": "4", "gift": "yes"})
NOT_CHARGED = "not charged"


@dataclass(frozen=True, slots=True)
class Shopper:
    """A person with a checkout open."""

    session_id: str
    client_secret: str


class EveryRule:
    """All rules are enabled."""

    def is_enabled(self, _name: str) -> bool:
        """Say yes."""
        return True


class Shoppers(RuleBasedStateMachine):
    """What shoppers do. `clicks` above one are clicks at the same moment."""

    any_shopper = st.integers(0, 15)
    mostly_the_same = st.sampled_from((0, 0, 0, 1, 2, 7))
    """Mostly the same person: what happens to one person twice is where the faults are."""
    clicks = st.sampled_from((1, 1, 1, 2))
    carts = st.sampled_from(CARTS)
    outcomes = st.sampled_from(("authorized", "authorized", "failed", "canceled"))
    """How a shopper's bank may answer."""
    methods = st.sampled_from(("a good card", "a good card", *METHODS))

    def __init__(self, environment: Environment) -> None:
        self.scenario = Scenario(environment)
        self.shoppers: list[Shopper] = []
        self.named: set[str] = set()
        """The sessions that step 1 has made."""
        self.limited: set[str] = set()
        """The sessions for something of which there is a limited number."""
        self.entered: dict[str, dict[str, str]] = {}
        """What step 2 has taken for metadata, by session."""
        super().__init__()
        # Hypothesis lets each run have a few of the rules, often only two or three; here half of the runs have all.
        some = self._rules_strategy.enabled_rules_strategy
        self._rules_strategy.enabled_rules_strategy = st.shared(
            st.one_of(st.just(EveryRule()), some), key="enabled rules"
        )

    @initialize(carts=st.tuples(carts, carts))
    def first(self, carts: tuple[dict[str, int], dict[str, int]]) -> None:
        """Two people come before anything goes wrong."""
        for cart in carts:
            self.create_session(cart, 1)

    @rule(cart=carts, way=st.sampled_from(WAYS), method=methods, clicks=clicks)
    def arrive(self, cart: dict[str, int], way: str, method: str, clicks: int) -> None:
        """Step 1, and perhaps straight on. A double click sends one cart twice."""
        if shopper := self.create_session(cart, clicks):
            self.go_on(shopper, way, method)

    def go_on(self, shopper: Shopper, way: str, method: str) -> None:
        """Let somebody with a session do one of `WAYS`."""
        if way in ("enters the details", "pays", "pays and comes back"):
            self._enter_details(shopper, "anna@example.com", {}, 1)
        if way.startswith("pays"):
            self._pay(shopper, method, 1)
        if way == "pays and comes back":
            self.complete(shopper, 1)

    @rule(cart=carts, methods=st.lists(methods, min_size=2, max_size=4))
    def rush(self, cart: dict[str, int], methods: list[str]) -> None:
        """Several people go through all four steps at the same moment."""
        came: list[Shopper] = []

        def shop(method: str) -> Answer:
            opened = self.scenario.client.create_session(cart, str(uuid.uuid4()))
            if opened.code != OK:
                return opened
            came.append(shopper := Shopper(opened.session_id, opened.client_secret))
            self.scenario.client.create_pending_order(shopper.session_id, "anna@example.com", {})
            self.post_to_page(shopper, "confirm", _form(method))
            self.scenario.client.complete_order(shopper.session_id)
            return Answer(OK)

        requests: list[Request] = [partial(shop, method) for method in methods]
        self.scenario.send(requests, {OK})
        self.scenario.counts["shoppers"] += len(came)
        self.scenario.counts["steps"] += 3 * len(came)
        self.shoppers += sorted(came, key=lambda shopper: shopper.session_id)
        self.named |= {shopper.session_id for shopper in came}

    def create_session(self, cart: dict[str, int], clicks: int, key: str | None = None) -> Shopper | None:
        """Step 1, under one idempotency key however often it is clicked: that is one session."""
        asked = key or str(uuid.uuid4())
        answers = self.scenario.send([lambda: self.scenario.client.create_session(cart, asked)] * clicks, {OK})
        for answer in answers:
            assert answer.code == OK or NOT_CHARGED in answer.message
        return self.came(answers)

    def came(self, answers: Sequence[Answer]) -> Shopper | None:
        """Take in who has got a session by step 1."""
        opened = [answer for answer in answers if answer.code == OK]
        assert len({answer.session_id for answer in opened}) <= 1, "one idempotency key made two sessions"
        if not opened:
            return None
        shopper = Shopper(opened[0].session_id, opened[0].client_secret)
        if shopper.session_id not in self.named:
            self.scenario.counts["shoppers"] += 1
            self.named.add(shopper.session_id)
            self.shoppers.append(shopper)
        return shopper

    @rule(
        who=any_shopper,
        email=st.sampled_from(("anna@example.com", "bert@example.com")),
        metadata=st.sampled_from(METADATA),
        clicks=clicks,
    )
    def enter_details(self, who: int, email: str, metadata: dict[str, str], clicks: int) -> None:
        """Step 2."""
        if shopper := self.pick_shopper(who, OrderStatus.pending):
            self._enter_details(shopper, email, metadata, clicks)

    @rule(who=any_shopper, method=methods, clicks=clicks)
    def pay(self, who: int, method: str, clicks: int) -> None:
        """The shopper clicks Pay."""
        if shopper := self.pick_shopper(who, OrderStatus.pending):
            self._pay(shopper, method, clicks)

    @rule(
        who=mostly_the_same,
        outcome=outcomes,
        back=st.booleans(),
    )
    def answer_bank(self, who: int, outcome: str, back: bool) -> None:
        """The shopper's bank has asked, by 3-D Secure or on a page of its own, and the shopper may come back from there."""
        waiting = [each for each in self.shoppers if self.scenario.expected(each.session_id).challenged_by]
        if not waiting:
            return
        shopper = waiting[-1 - who % len(waiting)]
        self._answer_bank(shopper, outcome)
        if back:
            self.complete(shopper, 1)

    def _answer_bank(self, shopper: Shopper, outcome: str) -> None:
        expected = self.scenario.expected(shopper.session_id)
        if expected.challenged_by == "card":
            form = {"outcome": "succeeded" if outcome == "authorized" else "failed"}
            self.send_to_stripe([lambda: self.post_to_page(shopper, "authenticate", form)])
        elif expected.challenged_by:
            self.scenario.counts[f"bank page {outcome}"] += 1
            path = f"/_simulator/bank/{shopper.session_id}/{expected.payment_intent}"
            self.send_to_stripe([lambda: self._post(path, {"outcome": outcome})])

    @rule(cart=carts, outcome=outcomes, clicks=clicks)
    def go_to_the_bank(self, cart: dict[str, int], outcome: str, clicks: int) -> None:
        """A shopper pays on a page of the bank's, or does not, and comes back."""
        if shopper := self.create_session(cart, 1):
            self.go_on(shopper, "enters the details", "iDEAL")
            self._pay(shopper, "iDEAL", 1)
            self._answer_bank(shopper, outcome)
            self.complete(shopper, clicks)

    @rule(who=any_shopper, clicks=clicks, stripe_answers=st.booleans())
    def come_back(self, who: int, clicks: int, stripe_answers: bool) -> None:
        """Step 3: the redirect, perhaps while Stripe cannot be reached."""
        if shopper := self.pick_shopper(who):
            if not stripe_answers:
                self.scenario.add_fault("500", "GET /v1/checkout/sessions", 9)
            self.complete(shopper, clicks)
            if not stripe_answers:
                self.scenario.clear_faults()

    @rule(who=any_shopper, clicks=clicks)
    def check_status(self, who: int, clicks: int) -> None:
        """Step 4: the confirmation page. An order in a final status is shown as it is."""
        if shopper := self.pick_shopper(who):
            self._check_status(shopper, clicks)

    def _check_status(self, shopper: Shopper, clicks: int) -> None:
        order = self.order(shopper)
        requests: list[Request] = [lambda: self.scenario.client.check_order_status(shopper.session_id)] * clicks
        if order is None or order.status in (OrderStatus.pending, OrderStatus.processing):
            self._send_after_payment(shopper, requests)
        else:
            self.scenario.send(requests, UNPAID if order.status is OrderStatus.expired else {OK})

    def pick_shopper(self, who: int, *statuses: OrderStatus) -> Shopper | None:
        """Return a shopper whose session has one of `statuses` at Stripe; now and then any shopper."""
        known = expected_orders(self.scenario.stripe.simulator)
        wanted = statuses or tuple(OrderStatus)
        fit = [each for each in self.shoppers if who % 8 == 7 or known[each.session_id].status in wanted]
        return fit[-1 - who % len(fit)] if fit else None

    def paying_shopper(self, who: int) -> Shopper | None:
        """Return a shopper who has paid; the first one comes for it, if nothing goes wrong."""
        shopper = self.pick_shopper(who, OrderStatus.paid)
        if shopper is None and self.scenario.faultless and (shopper := self.create_session(CARTS[-1], 1)):
            self.go_on(shopper, "pays and comes back", "a good card")
        return shopper

    def _enter_details(self, shopper: Shopper, email: str, metadata: dict[str, str], clicks: int) -> None:
        order, client = self.order(shopper), self.scenario.client
        expected = self.scenario.expected(shopper.session_id)
        waits = order is None or order.status is OrderStatus.pending
        requests = [lambda: client.create_pending_order(shopper.session_id, email, metadata)] * clicks
        if not (expected.ours or (client.claims and not expected.marked)):
            self.scenario.send(requests, {"session_not_found"})
            return
        open_ = waits and expected.status is OrderStatus.pending
        sold_out = {"sold_out"} if shopper.session_id in self.limited else set()
        answers = self.scenario.send(requests, {OK} | sold_out if open_ else {"session_not_open"})
        if any(answer.code == OK for answer in answers):
            self.entered.setdefault(shopper.session_id, {}).update(metadata)
        assert not (expected.over and any(NOT_CHARGED in answer.message for answer in answers))

    def _pay(self, shopper: Shopper, method: str, clicks: int) -> None:
        """Send what Stripe.js sends."""
        self.send_to_stripe([lambda: self.post_to_page(shopper, "confirm", _form(method))] * clicks)

    def complete(self, shopper: Shopper, clicks: int) -> None:
        """Step 3, so often at the same moment."""
        self._send_after_payment(shopper, [lambda: self.scenario.client.complete_order(shopper.session_id)] * clicks)

    def _send_after_payment(self, shopper: Shopper, requests: Sequence[Request]) -> None:
        """Send what a shopper who is back from Stripe sends.

        Without a fault the answer must be what Stripe says, and our order must agree.
        """
        expected, faultless = self.scenario.expected(shopper.session_id), self.scenario.faultless
        answers = self.scenario.send(requests, self._answers_after_payment(shopper, expected))
        for answer in answers:
            self.scenario.counts["back with an open session"] += answer.code == STILL_OPEN
            assert answer.code not in UNAVAILABLE or "not pay again" in answer.message
            assert not (expected.over and NOT_CHARGED in answer.message), answer.message
        order = self.order(shopper)
        due = order is not None or expected.money_taken or expected.status is OrderStatus.processing
        if faultless and expected.ours and expected.over and due:
            assert order is not None
            assert not (wrong := list(disagreements(order, expected))), "\n".join(wrong)

    def _answers_after_payment(self, shopper: Shopper, expected: ExpectedOrder) -> frozenset[str]:
        if not expected.ours:
            return frozenset({"session_not_found"})
        if expected.over:
            failed = expected.status is OrderStatus.failed  # then it may be that there never was an order
            return frozenset({OK, "session_not_complete"} if failed else {OK})
        order = self.order(shopper)
        ended_here = order is not None and order.status is OrderStatus.expired
        if expected.session_status == "open" and not ended_here:
            return frozenset({STILL_OPEN, "session_not_complete"})
        return UNPAID - {STILL_OPEN}

    def send_to_stripe(self, requests: Sequence[Request]) -> None:
        """Send what a browser sends to Stripe, which may refuse."""
        self.scenario.send(requests, {OK, "refused", "connection_lost"})

    def post_to_page(self, shopper: Shopper, action: str, form: dict[str, str]) -> Answer:
        """Send what Stripe.js sends."""
        keys = {"key": f"pk_test_{ACCOUNT}", "client_secret": shopper.client_secret}
        return self._post(f"/v1/payment_pages/{shopper.session_id}/{action}", form | keys)

    def _post(self, path: str, form: dict[str, str]) -> Answer:
        try:
            answer = self.scenario.stripe.browser.post(path, data=form, follow_redirects=False)
        except httpx2.TransportError:
            return Answer("connection_lost")
        return Answer("refused" if answer.is_error else OK, answer.text)

    def order(self, shopper: Shopper) -> Order | None:
        """Return the order of a shopper's session, as we have it."""
        return self.scenario.client.checkout.store.get(shopper.session_id)


def _form(method: str) -> dict[str, str]:
    details = {f"payment_method[{name}]": value for name, value in METHODS[method].items()}
    return details | {"email": "shopper@example.com"}
