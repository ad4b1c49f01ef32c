"""What a test gets from the plugin: Stripe, and everything that happens there without the test's own program."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..clock import Clock
    from ..state import Account
    from ..sync import SyncSimulator
    from ..webhooks import Inbox
    from .deliveries import Deliveries

SECRET_KEY = "sk_test_pytest"  # noqa: S105
PUBLISHABLE_KEY = "pk_test_pytest"
WEBHOOK_SECRET = "whsec_pytest"  # noqa: S105


class SignedEvent(NamedTuple):
    """An event as Stripe posts it: the body, and the headers with its signature."""

    body: bytes
    headers: dict[str, str]


class SimulatedStripe:
    """A running simulator, its keys, and what shoppers, banks and time do there.

    Attributes:
        url: where the simulator listens; the `api` of `base_addresses`, or `stripe.api_base`.
        simulator: the simulator itself, with everything that it can do.
        secret_key: the secret key of the test's account. Any other one that starts with `sk_test_` works, too.
        publishable_key: its publishable key.
        webhook_secret: what webhooks are signed with.
    """

    def __init__(self, url: str, simulator: "SyncSimulator", account: str | None = None) -> None:
        self.url = url
        self.simulator = simulator
        self.secret_key = SECRET_KEY if account is None else f"sk_test_{account}"
        self.publishable_key = PUBLISHABLE_KEY if account is None else f"pk_test_{account}"
        self.webhook_secret = WEBHOOK_SECRET
        self._account = account
        self._opened: list[Deliveries] = []
        self._inboxes: dict[tuple[int, str | None], tuple[Any, Inbox]] = {}

    @property
    def client_options(self) -> dict[str, Any]:
        """The arguments of a `stripe.StripeClient` that talks to the simulator."""
        return {"api_key": self.secret_key, "base_addresses": {"api": self.url}}

    def account(self, name: str) -> "SimulatedStripe":
        """Return the same simulator with the keys of another account, whose objects and events are its own."""
        return SimulatedStripe(self.url, self.simulator, name)

    def pay(
        self,
        session_id: str,
        card: str | None = None,
        email: str | None = None,
        *,
        promotion_code: str | None = None,
        shipping: str | None = None,
        method: str | None = None,
        outcome: str | None = None,
    ) -> dict[str, Any]:
        """Pay a session as the shopper would.

        Args:
            session_id: the session, `cs_…`.
            card: a test card or test account; None stands for a card that is never declined.
            email: the shopper's address, where the session does not know one.
            promotion_code: the code that the shopper types before paying.
            shipping: the shipping option that the shopper chooses, by its name or the id of its shipping rate.
            method: what the shopper pays with instead of `card`: `card`, `ideal`, `klarna`, `sepa_debit` or
                `us_bank_account`.
            outcome: how a payment by `method` ends: `authorized`, `failed` or `canceled` on the page of a bank,
                `succeeded` or `failed` for a bank debit.

        Returns:
            The session afterwards.

        Raises:
            StripeError: the payment was declined, or there is no such session, code or shipping option.
            ValueError: `card`, `method` and `outcome` do not go together.
        """
        from .ways_to_pay import way_to_pay

        way = way_to_pay(card, method, outcome)
        chosen = {"promotion_code": promotion_code, "shipping": shipping}
        with self._acting():
            if way.number is None:
                return self.simulator.pay_by_redirect(session_id, way.method, way.outcome, email, **chosen)
            return self.simulator.pay_session(session_id, way.number, email, **chosen)

    def expire(self, session_id: str) -> dict[str, Any]:
        """Expire an open session and return it."""
        with self._acting():
            return self.simulator.expire_session(session_id)

    def settle_debit(self, session_id: str, *, succeeded: bool = True) -> dict[str, Any]:
        """End the pending bank debit of a session, and return the session."""
        with self._acting():
            return self.simulator.settle_debit(session_id, succeeded=succeeded)

    def refund(self, session_id: str, amount: int | None = None, *, reason: str | None = None) -> dict[str, Any]:
        """Refund what a session took, as its owner can in Stripe's dashboard.

        Args:
            session_id: the session, `cs_…`.
            amount: how much of it, in minor units; None stands for all that is left.
            reason: `duplicate`, `fraudulent` or `requested_by_customer`, or None.

        Returns:
            The refund.

        Raises:
            StripeError: amount or reason are wrong, or nothing is left to refund.
        """
        with self._acting():
            return self.simulator.refund(session_id, amount, reason)

    def fail_refund(self, session_id: str, reason: str = "expired_or_canceled_card") -> dict[str, Any]:
        """Let the shopper's bank send the newest refund of a session back, and return the refund."""
        with self._acting():
            return self.simulator.fail_refund(session_id, reason)

    def dispute(
        self, session_id: str, reason: str = "fraudulent", *, amount: int | None = None, inquiry: bool = False
    ) -> dict[str, Any]:
        """Let the shopper's bank dispute what a session took.

        Args:
            session_id: the session, `cs_…`.
            reason: why, such as `fraudulent`.
            amount: how much of it, in minor units; None stands for all of it.
            inquiry: whether the bank only asks, and takes no money yet.

        Returns:
            The dispute.

        Raises:
            StripeError: reason or amount are wrong, nothing was paid, or the charge is disputed already.
        """
        with self._acting():
            return self.simulator.dispute(session_id, reason, amount=amount, inquiry=inquiry)

    def win_dispute(self, session_id: str) -> dict[str, Any]:
        """Let the shop win the dispute of a session, so that the money comes back, and return the dispute."""
        with self._acting():
            return self.simulator.win_dispute(session_id)

    def lose_dispute(self, session_id: str) -> dict[str, Any]:
        """Let the shop lose the dispute of a session for good, and return the dispute."""
        with self._acting():
            return self.simulator.lose_dispute(session_id)

    @property
    def clock(self) -> "Clock":
        """The simulated clock: `clock.now()` is in seconds since the epoch."""
        return self.simulator.clock

    def advance(self, seconds: float) -> None:
        """Move the clock on, and do everything that was due in between: sessions expire, bank debits end.

        Raises:
            ValueError: `seconds` is negative: the clock does not go back.
        """
        if seconds < 0:
            raise ValueError(f"advance() moves the clock on, so it takes no negative seconds: {seconds}.")
        with self._acting():
            self.simulator.advance(seconds)

    @property
    def unsupported(self) -> str:
        """What becomes of parameters of a session that Stripe has and the simulator does not: `refuse` or `ignore`."""
        return self.simulator.unsupported

    @unsupported.setter
    def unsupported(self, choice: str) -> None:
        self.simulator.unsupported = choice

    def reset(self) -> None:
        """Forget everything, of all accounts: objects, events, faults, the clock, where webhooks go."""
        self.simulator.webhook_url, self.simulator.webhook_secret = None, WEBHOOK_SECRET
        self.simulator.reset()
        self._inboxes.clear()

    def event(self, type: str) -> SignedEvent:
        """Return the latest event of a type as Stripe posts it, signed now.

        Args:
            type: Stripe's type, such as `checkout.session.completed`.

        Returns:
            Body and headers: `client.post("/webhook", content=body, headers=headers)`.

        Raises:
            LookupError: no such event has happened; the message names those that have.
        """
        from ..webhooks import signed

        events = [event for account in self._accounts().values() for event in account.tables["events"].values()]
        found = [event for event in events if event["type"] == type]
        if not found:
            happened = ", ".join(sorted({event["type"] for event in events})) or "nothing"
            raise LookupError(f"No event {type!r} has happened, only: {happened}.")
        latest = max(range(len(found)), key=lambda index: (found[index]["created"], index))
        return SignedEvent(*signed(found[latest], self.webhook_secret))

    def _accounts(self) -> "Mapping[str, Account]":
        accounts = self.simulator.state.accounts
        return {name: one for name, one in list(accounts.items()) if self._account in (None, name)}

    def deliver_to(self, app: Any, path: str | None = None, *, types: tuple[str, ...] = ("*",)) -> "Deliveries":
        """Deliver the events that `app` was not told of yet, signed, in the process and thread of the test.

        In a `with` statement, events that follow are delivered, too: those of this fixture's own functions before the
        function returns, all others at the end.

        Args:
            app: an ASGI or WSGI application (FastAPI, Starlette, Flask, Django), a test client of Starlette, FastAPI,
                Flask or Django, or a callable that takes body and headers, a coroutine function, too.
            path: where the application takes webhooks, such as `/stripe/webhook`; a callable needs none.
            types: the types of event that it wants, as a webhook endpoint at Stripe names them.

        Returns:
            The deliveries; their `answers` are what the application answered.

        Raises:
            DeliveryFailed: the application answered with another status than 2xx.
            TypeError: `app` is nothing that can be delivered to, or `path` is missing.
            ValueError: `path` is no path.
        """
        from ..webhooks import Inbox
        from .deliveries import Deliveries
        from .recipients import find_post

        post = find_post(app, path)
        told = getattr(app, "app", None) or getattr(app, "application", None) or app  # all clients of an app are one
        _, inbox = self._inboxes.setdefault((id(told), path), (told, Inbox(frozenset(types), self._account)))
        inbox.types = frozenset(types)
        where = getattr(app, "__name__", type(app).__name__) if path is None else f"POST {path}"
        deliveries = Deliveries(
            self.simulator, inbox, post, where=where, secret=self.webhook_secret, opened=self._opened
        )
        return deliveries.deliver_once()

    @contextmanager
    def delivering_to(self, url: str) -> Iterator[None]:
        """While inside, webhooks go to the server at `url`, signed with `webhook_secret`."""
        self.simulator.webhook_url = url
        try:
            yield
            self.simulator.drain()
        finally:
            self.simulator.webhook_url = None

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """While inside, something happens at Stripe; deliver what it causes, also where it is refused."""
        try:
            yield
        finally:
            for deliveries in list(self._opened):
                deliveries.deliver()
