"""The rules about one cart with several sessions: it is changed, opened twice, or sent again under its key."""

import uuid
from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import rule

from checkout_core import Checkout, OrderStatus

from .clients import OK, Answer, answer_of
from .environment import Environment
from .scenario import Request
from .shopper_rules import NOT_CHARGED, Shopper, Shoppers


class Carts(Shoppers):
    """What shoppers do with their carts."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.purchases: list[set[str]] = []
        """The sessions of each purchase that has several."""
        self.keys: list[tuple[str, dict[str, int], str, date]] = []
        """Idempotency keys of step 1: the cart and the session of each, and the day on which it was used."""

    @rule(who=Shoppers.any_shopper, cart=Shoppers.carts, again=st.booleans(), way=st.sampled_from(("stays", "pays")))
    def change_cart(self, who: int, cart: dict[str, int], again: bool, way: str) -> None:
        """A changed cart gets a new session, and the last one can no longer be paid. The request may be sent again."""
        if (shopper := self.pick_shopper(who, OrderStatus.pending)) is None:
            return
        before, client, key = self.scenario.expected(shopper.session_id), self.scenario.client, str(uuid.uuid4())
        known = bool(client.checkout.history(shopper.session_id))
        request: Request = lambda: client.create_session(cart, key, replaces=shopper.session_id)  # noqa: E731
        begun = known and before.status in (OrderStatus.paid, OrderStatus.processing)
        answers = [
            answer
            for _ in range(1 + again)
            for answer in self.scenario.send([request], {"already_paid"} if begun else {OK})
        ]
        for answer in answers:
            assert not (before.over and NOT_CHARGED in answer.message)
        if (replacing := self.came(answers)) is None:
            return
        self.scenario.counts["cart changed"] += 1
        if known:
            assert self.scenario.expected(shopper.session_id).session_status != "open", "a replaced session is open"
            self._belong_together(shopper, replacing)
        if way == "pays":
            self.go_on(replacing, "pays and comes back", "a good card")

    @rule(cart=Shoppers.carts, ways=st.tuples(*[st.sampled_from(("stays", "pays", "pays"))] * 2))
    def two_tabs(self, cart: dict[str, int], ways: tuple[str, str]) -> None:
        """An application names the purchase of a cart that is open in two tabs, and both may be paid."""
        checkout, name, tabs = self.scenario.client.checkout, f"cart-{uuid.uuid4()}", []
        for way in ways:
            if tab := self._open_tab(checkout, cart, name):
                tabs.append(tab)
                self.go_on(tab, "pays and comes back" if way == "pays" else "opens the page", "a good card")
        for tab in tabs[1:]:
            self._belong_together(tabs[0], tab)

    def _open_tab(self, checkout: Checkout, cart: dict[str, int], purchase: str) -> Shopper | None:
        def work() -> Answer:
            session = checkout.create_session(cart, purchase=purchase)
            return Answer(OK, session_id=session.id, client_secret=session.client_secret or "")

        return self.came(self.scenario.send([lambda: answer_of(work)], {OK}))

    def _belong_together(self, *shoppers: Shopper) -> None:
        together = {shopper.session_id for shopper in shoppers}
        for purchase in [each for each in self.purchases if each & together]:
            self.purchases.remove(purchase)
            together |= purchase
        self.purchases.append(together)

    @rule(cart=Shoppers.carts, clicks=Shoppers.clicks)
    def keep_the_key(self, cart: dict[str, int], clicks: int) -> None:
        """Step 1 under a key that is used again later."""
        key, today = str(uuid.uuid4()), self.scenario.now().date()
        if shopper := self.create_session(cart, clicks, key):
            self.keys.append((key, cart, shopper.session_id, today))

    @rule(who=Shoppers.any_shopper, cart=Shoppers.carts)
    def use_the_key_again(self, who: int, cart: dict[str, int]) -> None:
        """The same cart under the same key is the same session; another cart is refused."""
        keys = [each for each in self.keys if each[-1] == self.scenario.now().date()]
        if not keys:
            return
        key, first, session_id, _ = keys[who % len(keys)]
        client = self.scenario.client
        code = OK if cart == first else "idempotency_key_reused"
        [answer] = self.scenario.send([lambda: client.create_session(cart, key)], {code})
        self.scenario.counts["idempotency key used again"] += 1
        assert answer.code != OK or answer.session_id == session_id, "one idempotency key made two sessions"
