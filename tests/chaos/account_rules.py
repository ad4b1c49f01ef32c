"""The rules about an account that is not ours alone, and about what shoppers choose at Stripe."""

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import rule

from checkout_core import OrderStatus
from stripe_simulator.errors import StripeError

from .environment import Environment
from .offers import CODES, EXTRAS, STRANGERS
from .scenario import Request
from .shopper_rules import WAYS, Shopper, Shoppers

TEST_NUMBERS = ("4242424242424242", "4242424242424242", "DE89370400440532013000", "DE62370400440532013001")
CHOICES = ("a code", "a code for everything", "no code", "the first rate", "the other rate")


class Account(Shoppers):
    """What our application and other programs do in the account by themselves."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.others: list[str] = []
        """The sessions that other programs have made."""

    @rule(extras=st.sampled_from(EXTRAS), marked=st.booleans(), way=st.sampled_from(WAYS), method=Shoppers.methods)
    def our_application_sells(self, extras: str, marked: bool, way: str, method: str) -> None:
        """Our application makes a session with codes, shipping or taxes; the shopper chooses after step 2.

        Unmarked it is ours from step 2 on, where step 2 is taken in Python.
        """
        made = self.scenario.in_dashboard(
            "/v1/checkout/sessions", self.scenario.offers.of_our_application(extras, marked=marked)
        )
        if made is None:
            return
        self.scenario.counts["session of our application"] += 1
        self.shoppers.append(shopper := Shopper(made["id"], made["client_secret"]))
        if way in ("enters the details", "pays", "pays and comes back"):
            self.go_on(shopper, "enters the details", method)
        for choice in (extras, "the other rate"):
            self._choose(shopper, choice)
        if way.startswith("pays"):
            self.go_on(shopper, "pays without the details", method)
        if way == "pays and comes back":
            self.complete(shopper, 1)

    @rule(who=Shoppers.any_shopper, choice=st.sampled_from(CHOICES))
    def choose_at_stripe(self, who: int, choice: str) -> None:
        """A shopper enters or removes a code, or chooses the shipping."""
        changeable = [
            shopper
            for shopper in self.shoppers
            if (expected := self.scenario.expected(shopper.session_id)).changeable
            and expected.status is OrderStatus.pending
        ]
        if changeable:
            self._choose(changeable[-1 - who % len(changeable)], choice)

    def _choose(self, shopper: Shopper, choice: str) -> None:
        """Make a choice; Stripe refuses one that the session does not offer."""
        if choice in CODES or choice == "no code":
            form = {"promotion_code": CODES.get(choice, "")}
        elif choice in ("the first rate", "the other rate"):
            form = {"shipping_rate": self.scenario.offers.rates[choice == "the other rate"]}
        else:
            return
        self.scenario.counts["chosen at Stripe"] += 1
        self.send_to_stripe([lambda: self.post_to_page(shopper, "update", form)])

    @rule(kind=st.sampled_from(STRANGERS), number=st.sampled_from(TEST_NUMBERS))
    def another_program_sells(self, kind: str, number: str) -> None:
        """Another program, shop or installation sells something on the account, or a session of ours is no payment."""
        made = self.scenario.in_dashboard("/v1/checkout/sessions", self.scenario.offers.of_a_stranger(kind))
        if made is None:
            return
        self.scenario.counts["session of others"] += 1
        self.others.append(made["id"])
        with suppress(StripeError):
            self.scenario.stripe.simulator.pay_session(made["id"], number, "pupil@yoga.example")
        self.scenario.collect_webhooks()

    @rule(who=Shoppers.mostly_the_same, what=st.sampled_from(("refund", "dispute", "win", "lose", "the refund fails")))
    def another_program_goes_on(self, who: int, what: str) -> None:
        """Another program refunds its payment, or its shopper's bank takes it back."""
        if not self.others:
            return
        session_id = self.others[-1 - who % len(self.others)]
        simulator = self.scenario.stripe.simulator
        if what == "refund":
            if intent := self.scenario.expected(session_id).payment_intent:
                self.scenario.in_dashboard("/v1/refunds", {"payment_intent": intent, "metadata[dashboard]": "yes"})
            return
        steps = {
            "dispute": simulator.dispute,
            "win": simulator.win_dispute,
            "lose": simulator.lose_dispute,
            "the refund fails": simulator.fail_refund,
        }
        with suppress(StripeError):
            steps[what](session_id)
        self.scenario.collect_webhooks()

    @rule(who=Shoppers.mostly_the_same, step=st.integers(2, 4))
    def another_programs_shopper_comes(self, who: int, step: int) -> None:
        """Somebody opens the session of another program at our address: we do not know it."""
        if not self.others:
            return
        session_id, client = self.others[-1 - who % len(self.others)], self.scenario.client
        expected = self.scenario.expected(session_id)
        requests: list[Request] = [
            lambda: client.create_pending_order(session_id, "anna@example.com", {}),
            lambda: client.complete_order(session_id),
            lambda: client.check_order_status(session_id),
        ]
        claimable = step == 2 and client.claims and not expected.marked
        if claimable and expected.session_status == "open":
            return  # that would make it ours
        answers = {"session_not_open"} if claimable else {"session_not_found"}
        self.scenario.send([requests[step - 2]], answers)
