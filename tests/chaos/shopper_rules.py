"""The rules by which shoppers behave: the four steps, in any order, twice, or not at all."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import httpx2
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from checkout_core import Order, OrderStatus

from .clients import OK, Answer
from .environment import Environment
from .expected import expected_orders
from .scenario import UNAVAILABLE, Request, Scenario
from .simulated_stripe import ACCOUNT

CARTS = ({"ticket": 1}, {"poster": 1}, {"ticket": 2, "poster": 3})
CARD = {"type": "card", "exp_month": "12", "exp_year": "2040", "cvc": "123"}
METHODS = {
    "a good card": CARD | {"number": "4242424242424242"},
    "a declined card": CARD | {"number": "4000000000000002"},
    "3-D Secure": CARD | {"number": "4000002500003155"},
    "a bank debit": {"type": "sepa_debit", "account_number": "DE89370400440532013000"},
    "a bank debit that bounces": {"type": "sepa_debit", "account_number": "DE62370400440532013001"},
}
WAYS = ("opens the page", "enters the details", "pays", "pays", "pays without the details", "pays and comes back")


@dataclass(frozen=True, slots=True)
class Shopper:
    """A person with a checkout open."""

    session_id: str
    client_secret: str


class Shoppers(RuleBasedStateMachine):
    """What shoppers do. `clicks` above one are clicks at the same moment."""

    any_shopper = st.integers(0, 15)
    mostly_the_same = st.sampled_from((0, 0, 0, 1, 2, 7))
    """Mostly the same person: what happens to one person twice is where the faults are."""
    clicks = st.sampled_from((1, 1, 1, 2))
    carts = st.sampled_from(CARTS)
    methods = st.sampled_from(("a good card", *METHODS))

    def __init__(self, environment: Environment) -> None:
        self.scenario = Scenario(environment)
        self.shoppers: list[Shopper] = []
        super().__init__()

    @initialize(carts=st.tuples(carts, carts))
    def first(self, carts: tuple[dict[str, int], dict[str, int]]) -> None:
        """Two people come before anything goes wrong."""
        for cart in carts:
            self._create_session(cart, 1)

    @rule(cart=carts, way=st.sampled_from(WAYS), method=methods, clicks=clicks)
    def arrive(self, cart: dict[str, int], way: str, method: str, clicks: int) -> None:
        """Step 1, and perhaps straight on. A double click sends one cart twice."""
        shopper = self._create_session(cart, clicks)
        if shopper is None:
            return
        if way in ("enters the details", "pays", "pays and comes back"):
            self._enter_details(shopper, "anna@example.com", 1)
        if way.startswith("pays"):
            self._pay(shopper, method, 1)
        if way == "pays and comes back":
            self._complete(shopper, 1)

    @rule(cart=carts, methods=st.lists(methods, min_size=2, max_size=4))
    def rush(self, cart: dict[str, int], methods: list[str]) -> None:
        """Several people go through all four steps at the same moment."""
        came: list[Shopper] = []

        def shop(method: str) -> Answer:
            opened = self.scenario.client.create_session(cart, str(uuid.uuid4()))
            if opened.code != OK:
                return opened
            came.append(shopper := Shopper(opened.session_id, opened.client_secret))
            self.scenario.client.create_pending_order(shopper.session_id, "anna@example.com")
            self._post_to_page(shopper, "confirm", _form(method))
            self.scenario.client.complete_order(shopper.session_id)
            return Answer(OK)

        requests: list[Request] = [partial(shop, method) for method in methods]
        self.scenario.send(requests, {OK})
        self.scenario.counts["shoppers"] += len(came)
        self.scenario.counts["steps"] += 3 * len(came)
        self.shoppers += sorted(came, key=lambda shopper: shopper.session_id)

    def _create_session(self, cart: dict[str, int], clicks: int) -> Shopper | None:
        key = str(uuid.uuid4())
        answers = self.scenario.send([lambda: self.scenario.client.create_session(cart, key)] * clicks, {OK})
        for answer in answers:
            assert answer.code == OK or "not charged" in answer.message
        opened = [answer for answer in answers if answer.code == OK]
        self.scenario.counts["shoppers"] += bool(opened)
        if not opened:
            return None
        self.shoppers.append(Shopper(opened[0].session_id, opened[0].client_secret))
        return self.shoppers[-1]

    @rule(who=any_shopper, email=st.sampled_from(("anna@example.com", "bert@example.com")), clicks=clicks)
    def enter_details(self, who: int, email: str, clicks: int) -> None:
        """Step 2."""
        if shopper := self.pick_shopper(who, OrderStatus.pending):
            self._enter_details(shopper, email, clicks)

    @rule(who=any_shopper, method=methods, clicks=clicks)
    def pay(self, who: int, method: str, clicks: int) -> None:
        """The shopper clicks Pay."""
        if shopper := self.pick_shopper(who, OrderStatus.pending):
            self._pay(shopper, method, clicks)

    @rule(who=mostly_the_same, outcome=st.sampled_from(("succeeded", "failed")))
    def answer_challenge(self, who: int, outcome: str) -> None:
        """3-D Secure: the shopper's bank checks who is paying."""
        if shopper := self.pick_shopper(who, challenged=True):
            self._send_to_stripe([lambda: self._post_to_page(shopper, "authenticate", {"outcome": outcome})])

    @rule(who=any_shopper, clicks=clicks)
    def come_back(self, who: int, clicks: int) -> None:
        """Step 3: the redirect."""
        if shopper := self.pick_shopper(who):
            self._complete(shopper, clicks)

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
            self.scenario.send(requests, {"session_not_complete" if order.status is OrderStatus.expired else OK})

    def pick_shopper(self, who: int, *statuses: OrderStatus, challenged: bool = False) -> Shopper | None:
        """Return a shopper whose session has one of `statuses` at Stripe; now and then any shopper."""
        known = expected_orders(self.scenario.stripe.simulator)
        fit = [
            shopper
            for shopper in self.shoppers
            if who % 8 == 7
            or (
                ((expected := known[shopper.session_id]).status in (statuses or OrderStatus))
                and expected.challenged >= challenged
            )
        ]
        return fit[-1 - who % len(fit)] if fit else None

    def _enter_details(self, shopper: Shopper, email: str, clicks: int) -> None:
        order = self.order(shopper)
        waits = order is None or order.status is OrderStatus.pending
        open_ = waits and self.scenario.expected(shopper.session_id).status is OrderStatus.pending
        requests = [lambda: self.scenario.client.create_pending_order(shopper.session_id, email)] * clicks
        self.scenario.send(requests, {OK} if open_ else {"session_not_open"})

    def _pay(self, shopper: Shopper, method: str, clicks: int) -> None:
        """Send what Stripe.js sends."""
        self._send_to_stripe([lambda: self._post_to_page(shopper, "confirm", _form(method))] * clicks)

    def _complete(self, shopper: Shopper, clicks: int) -> None:
        self._send_after_payment(shopper, [lambda: self.scenario.client.complete_order(shopper.session_id)] * clicks)

    def _send_after_payment(self, shopper: Shopper, requests: Sequence[Request]) -> None:
        """Send what a shopper who is back from Stripe sends.

        Without a fault the answer must be what Stripe says, and our order must agree.
        """
        expected, faultless = self.scenario.expected(shopper.session_id), self.scenario.faultless
        over = expected.status not in (OrderStatus.pending, OrderStatus.expired)
        answers = self.scenario.send(requests, {OK, "session_not_complete"} if over else {"session_not_complete"})
        for answer in answers:
            assert answer.code not in UNAVAILABLE or "not pay again" in answer.message
        if faultless and (expected.money_taken or expected.status is OrderStatus.processing):
            order = self.order(shopper)
            assert {answer.code for answer in answers} == {OK}
            assert order is not None
            assert (order.status, order.amount_refunded) == (expected.status, expected.amount_refunded)

    def _send_to_stripe(self, requests: Sequence[Request]) -> None:
        self.scenario.send(requests, {OK, "refused", "connection_lost"})

    def _post_to_page(self, shopper: Shopper, action: str, form: dict[str, str]) -> Answer:
        path = f"/v1/payment_pages/{shopper.session_id}/{action}"
        keys = {"key": f"pk_test_{ACCOUNT}", "client_secret": shopper.client_secret}
        try:
            answer = self.scenario.stripe.browser.post(path, data=form | keys)
        except httpx2.TransportError:
            return Answer("connection_lost")
        return Answer(OK if answer.is_success else "refused", answer.text)

    def order(self, shopper: Shopper) -> Order | None:
        """Return the order of a shopper's session, as we have it."""
        return self.scenario.client.checkout.store.get(shopper.session_id)


def _form(method: str) -> dict[str, str]:
    details = {f"payment_method[{name}]": value for name, value in METHODS[method].items()}
    return details | {"email": "shopper@example.com"}
