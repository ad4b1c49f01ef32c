"""The rules by which shoppers behave: the four steps, in any order, twice, or not at all."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from checkout_core import Order, OrderStatus

from .counters import OK, Answer
from .servers import ACCOUNT
from .street import Street
from .truth import truths
from .world import UNAVAILABLE, Ask, World

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
    """Somebody with a checkout open."""

    session_id: str
    secret: str


class Shoppers(RuleBasedStateMachine):
    """What shoppers do. `clicks` above one are clicks at the same moment."""

    anybody = st.integers(0, 15)
    familiar = st.sampled_from((0, 0, 0, 1, 2, 7))
    """Somebody, and mostly the same: what happens to one person twice is where the trouble is."""
    clicks = st.sampled_from((1, 1, 1, 2))
    carts = st.sampled_from(CARTS)
    methods = st.sampled_from(("a good card", *METHODS))

    def __init__(self, street: Street) -> None:
        self.world = World(street)
        self.shoppers: list[Shopper] = []
        super().__init__()

    @initialize(carts=st.tuples(carts, carts))
    def first(self, carts: tuple[dict[str, int], dict[str, int]]) -> None:
        """Two people come before anything goes wrong."""
        for cart in carts:
            self._open_page(cart, 1)

    @rule(cart=carts, way=st.sampled_from(WAYS), method=methods, clicks=clicks)
    def arrive(self, cart: dict[str, int], way: str, method: str, clicks: int) -> None:
        """Step 1, and perhaps straight on. A double click sends one cart twice."""
        shopper = self._open_page(cart, clicks)
        if shopper is None:
            return
        if way in ("enters the details", "pays", "pays and comes back"):
            self._enter(shopper, "anna@example.com", 1)
        if way.startswith("pays"):
            self._pay(shopper, method, 1)
        if way == "pays and comes back":
            self._come_back(shopper, 1)

    @rule(cart=carts, methods=st.lists(methods, min_size=2, max_size=4))
    def rush(self, cart: dict[str, int], methods: list[str]) -> None:
        """Several people go through all four steps at the same moment."""
        came: list[Shopper] = []

        def shop(method: str) -> Answer:
            opened = self.world.counter.open_page(cart, str(uuid.uuid4()))
            if opened.code != OK:
                return opened
            came.append(shopper := Shopper(opened.session_id, opened.secret))
            self.world.counter.enter(shopper.session_id, "anna@example.com")
            self._page(shopper, "confirm", _form(method))
            self.world.counter.come_back(shopper.session_id)
            return Answer(OK)

        asks: list[Ask] = [lambda method=method: shop(method) for method in methods]
        self.world.ask(asks, {OK})
        self.world.tally["shoppers"] += len(came)
        self.world.tally["steps"] += 3 * len(came)
        self.shoppers += sorted(came, key=lambda shopper: shopper.session_id)

    def _open_page(self, cart: dict[str, int], clicks: int) -> Shopper | None:
        key = str(uuid.uuid4())
        answers = self.world.ask([lambda: self.world.counter.open_page(cart, key)] * clicks, {OK})
        for answer in answers:
            assert answer.code == OK or "not charged" in answer.message
        opened = [answer for answer in answers if answer.code == OK]
        self.world.tally["shoppers"] += bool(opened)
        if not opened:
            return None
        self.shoppers.append(Shopper(opened[0].session_id, opened[0].secret))
        return self.shoppers[-1]

    @rule(who=anybody, email=st.sampled_from(("anna@example.com", "bert@example.com")), clicks=clicks)
    def enter(self, who: int, email: str, clicks: int) -> None:
        """Step 2."""
        if shopper := self.somebody(who, OrderStatus.pending):
            self._enter(shopper, email, clicks)

    @rule(who=anybody, method=methods, clicks=clicks)
    def pay(self, who: int, method: str, clicks: int) -> None:
        """The shopper clicks Pay."""
        if shopper := self.somebody(who, OrderStatus.pending):
            self._pay(shopper, method, clicks)

    @rule(who=familiar, outcome=st.sampled_from(("succeeded", "failed")))
    def answer_challenge(self, who: int, outcome: str) -> None:
        """3-D Secure: the bank asks who is there."""
        if shopper := self.somebody(who, challenged=True):
            self._at_stripe([lambda: self._page(shopper, "authenticate", {"outcome": outcome})])

    @rule(who=anybody, clicks=clicks)
    def come_back(self, who: int, clicks: int) -> None:
        """Step 3: the redirect."""
        if shopper := self.somebody(who):
            self._come_back(shopper, clicks)

    @rule(who=anybody, clicks=clicks)
    def look(self, who: int, clicks: int) -> None:
        """Step 4: the confirmation page. An order that is settled is shown as it is."""
        if shopper := self.somebody(who):
            self._look(shopper, clicks)

    def _look(self, shopper: Shopper, clicks: int) -> None:
        order = self.order(shopper)
        asks: list[Ask] = [lambda: self.world.counter.look(shopper.session_id)] * clicks
        if order is None or order.status in (OrderStatus.pending, OrderStatus.processing):
            self._hear(shopper, asks)
        else:
            self.world.ask(asks, {"session_not_complete" if order.status is OrderStatus.expired else OK})

    def somebody(self, who: int, *statuses: OrderStatus, challenged: bool = False) -> Shopper | None:
        """A shopper of whom Stripe says one of `statuses`; now and then just anybody."""
        known = truths(self.world.stripe.simulator)
        fit = [
            shopper
            for shopper in self.shoppers
            if who % 8 == 7
            or (
                ((truth := known[shopper.session_id]).status in (statuses or OrderStatus))
                and truth.challenged >= challenged
            )
        ]
        return fit[-1 - who % len(fit)] if fit else None

    def _enter(self, shopper: Shopper, email: str, clicks: int) -> None:
        order = self.order(shopper)
        waits = order is None or order.status is OrderStatus.pending
        open_ = waits and self.world.truth(shopper.session_id).status is OrderStatus.pending
        asks = [lambda: self.world.counter.enter(shopper.session_id, email)] * clicks
        self.world.ask(asks, {OK} if open_ else {"session_not_open"})

    def _pay(self, shopper: Shopper, method: str, clicks: int) -> None:
        """What Stripe.js sends."""
        self._at_stripe([lambda: self._page(shopper, "confirm", _form(method))] * clicks)

    def _come_back(self, shopper: Shopper, clicks: int) -> None:
        self._hear(shopper, [lambda: self.world.counter.come_back(shopper.session_id)] * clicks)

    def _hear(self, shopper: Shopper, asks: Sequence[Ask]) -> None:
        """Somebody is back from Stripe: on a calm day they must hear what Stripe says, and our order must agree."""
        truth, calm = self.world.truth(shopper.session_id), self.world.calm
        over = truth.status not in (OrderStatus.pending, OrderStatus.expired)
        answers = self.world.ask(asks, {OK, "session_not_complete"} if over else {"session_not_complete"})
        for answer in answers:
            assert answer.code not in UNAVAILABLE or "not pay again" in answer.message
        if calm and (truth.money_taken or truth.status is OrderStatus.processing):
            order = self.order(shopper)
            assert {answer.code for answer in answers} == {OK}
            assert order is not None
            assert (order.status, order.amount_refunded) == (truth.status, truth.amount_refunded)

    def _at_stripe(self, asks: Sequence[Ask]) -> None:
        self.world.ask(asks, {OK, "refused", "connection_lost"})

    def _page(self, shopper: Shopper, action: str, form: dict[str, str]) -> Answer:
        path = f"/v1/payment_pages/{shopper.session_id}/{action}"
        keys = {"key": f"pk_test_{ACCOUNT}", "client_secret": shopper.secret}
        try:
            answer = self.world.stripe.browser.post(path, data=form | keys)
        except httpx.TransportError:
            return Answer("connection_lost")
        return Answer(OK if answer.is_success else "refused", answer.text)

    def order(self, shopper: Shopper) -> Order | None:
        """What our side has of somebody."""
        return self.world.counter.checkout.store.get(shopper.session_id)


def _form(method: str) -> dict[str, str]:
    details = {f"payment_method[{name}]": value for name, value in METHODS[method].items()}
    return details | {"email": "shopper@example.com"}
