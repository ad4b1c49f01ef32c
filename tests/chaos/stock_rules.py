"""The rules about what there is a limited number of: who holds it, who comes too late, who lets it run out."""

import uuid

from hypothesis import strategies as st
from hypothesis.stateful import rule

from checkout_core import OrderStatus

from .cart_rules import Carts
from .clients import OK, answer_of
from .scenario import Request
from .shopper_rules import Shopper, Shoppers

SEATS = ({"seat": 1}, {"seat": 1}, {"seat": 2}, {"seat": 1, "poster": 1})
SOLD_OUT = "sold_out"


class Tickets(Carts):
    """What shoppers and operators do about seats, of which there are four."""

    @rule(
        cart=st.sampled_from(SEATS),
        way=st.sampled_from(("enters the details", "enters the details", "pays", "pays and comes back")),
        method=Shoppers.methods,
        clicks=Shoppers.clicks,
    )
    def come_for_seats(self, cart: dict[str, int], way: str, method: str, clicks: int) -> None:
        """Steps 1 and 2, and perhaps straight on; who comes too late does not go on."""
        if (shopper := self._ask_for(cart, clicks)) is not None:
            self.go_on(shopper, way, method)

    @rule(cart=st.sampled_from(SEATS), count=st.integers(2, 5))
    def many_come_for_seats(self, cart: dict[str, int], count: int) -> None:
        """Several have their sessions before any of them holds a seat, and do step 2 at the same moment."""
        came = [shopper for _ in range(count) if (shopper := self._ask_for(cart, 1))]
        client = self.scenario.client
        requests: list[Request] = [
            lambda shopper=shopper: client.create_pending_order(shopper.session_id, "anna@example.com", {})  # type: ignore[misc]
            for shopper in came
        ]
        if requests:
            answers = self.scenario.send(requests, {OK, SOLD_OUT})
            self.scenario.counts["told that seats are sold out"] += sum(each.code == SOLD_OUT for each in answers)

    @rule(who=Shoppers.any_shopper, cart=st.sampled_from(SEATS))
    def change_seats(self, who: int, cart: dict[str, int]) -> None:
        """A shopper who has seats wants another number of them."""
        if (shopper := self._holder(who)) is None:
            return
        client, key = self.scenario.client, str(uuid.uuid4())
        before = self.scenario.expected(shopper.session_id)
        begun = before.status in (OrderStatus.paid, OrderStatus.processing)
        request: Request = lambda: client.create_session(cart, key, replaces=shopper.session_id)  # noqa: E731
        # One who has paid and comes back for more may be told either.
        answers = self.scenario.send([request], {OK, SOLD_OUT, "already_paid"} if begun else {OK, SOLD_OUT})
        if (replacing := self.came(answers)) is not None:
            self.limited.add(replacing.session_id)
            self._belong_together(shopper, replacing)
            self.go_on(replacing, "enters the details", "a good card")

    @rule(who=Shoppers.any_shopper)
    def release(self, who: int) -> None:
        """An operator takes back what an open checkout holds."""
        if (shopper := self._holder(who)) is None:
            return
        checkout = self.scenario.client.checkout
        request: Request = lambda: answer_of(lambda: checkout.release_hold(shopper.session_id))  # noqa: E731
        self.scenario.counts["released by an operator"] += 1
        self.scenario.send([request], {OK, "hold_not_released", "order_not_found"})

    def _ask_for(self, cart: dict[str, int], clicks: int) -> Shopper | None:
        key = str(uuid.uuid4())
        client = self.scenario.client
        answers = self.scenario.send([lambda: client.create_session(cart, key)] * clicks, {OK, SOLD_OUT})
        self.scenario.counts["told that seats are sold out"] += sum(answer.code == SOLD_OUT for answer in answers)
        shopper = self.came(answers)
        if shopper is not None:
            self.limited.add(shopper.session_id)
        return shopper

    def _holder(self, who: int) -> Shopper | None:
        holders = [each for each in self.shoppers if each.session_id in self.limited]
        return holders[-1 - who % len(holders)] if holders else None
