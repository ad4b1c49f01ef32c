"""What a checkout page does with a visitor's cart: steps 1 and 2, each done once and kept. Nothing here is Streamlit's.

A page runs from its top at every click, so a session that was made is kept in the visitor's state. The idempotency key
is made of the cart's token and of everything that the session is made from. After a refresh, or in a second tab, which
have a state of their own, Stripe therefore gives the same session back, and with it there is the same order.
"""

import hashlib
import json
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from ..domain.checkout_session import CheckoutSession
from ..domain.errors import CheckoutError, SessionNotComplete, SessionNotFound
from ..domain.orders import Order, OrderStatus
from ..domain.products import PricedItem
from ..domain.purchases import PURCHASE
from ..services.blocking import Checkout

STATE = "checkout_session"
"""Where the session is kept in the visitor's state, unless a page has several checkouts."""

State = MutableMapping[Any, Any]
"""What is kept for one visitor from run to run, such as `st.session_state`."""


class CartToken(Protocol):
    """What names one checkout of one cart: the same token and the same items give the same session."""

    @property
    def token(self) -> str:
        """A random text that only this visitor has."""
        ...

    def renew(self) -> None:
        """Have another token, so that the next checkout is a new one."""
        ...


@dataclass(frozen=True, slots=True)
class Details:
    """What a shopper leaves before paying."""

    email: str
    name: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class HeldSession:
    """A visitor's session, the key of the cart that it is for, and the details that its pending order was saved with."""

    key: str
    session: CheckoutSession
    saved: Details | None = None
    replaced: tuple[str, ...] = ()
    """The sessions that it came after, as the cart was changed: Stripe still gives their first answer for their keys."""


class CheckoutPage:
    """The checkout page of one visitor's cart, as it is in this run.

    Args:
        checkout: the shop's.
        items: the cart, priced once in this run.
        token: names this checkout of the cart.
        state: what is kept for the visitor from run to run.
        name: where in the state; one for each checkout on a page.
        label: begins the name of the purchase.
        metadata: stays with the session and the order.
        return_path: the page of the application to which the shopper comes back.
    """

    def __init__(
        self,
        checkout: Checkout,
        items: Sequence[PricedItem],
        token: CartToken,
        state: State,
        *,
        name: str = STATE,
        label: str = "cart",
        metadata: Mapping[str, str] | None = None,
        return_path: str | None = None,
    ) -> None:
        self._checkout = checkout
        self._items = items
        self._token = token
        self._state = state
        self._name = name
        self._label = label
        self._metadata = dict(metadata or {})
        self._return_path = return_path

    def current_session(self) -> CheckoutSession | None:
        """Return the open session that this cart has already."""
        held = self._held()
        return held.session if held else None

    def open_session(self) -> CheckoutSession:
        """Return the open session of this cart, and make it if there is none (step 1).

        A session that the visitor has for the cart as it was before is replaced: one of a purchase can be paid.

        Raises:
            SessionAlreadyPaid: the cart was changed, and its last session is paid.
            PaymentUnconfirmed: the cart was changed, and whether its last session was paid is not known yet.
            StripeUnavailable: there is no session.
        """
        if held := self._held() or self._recalled():
            return held.session
        before, replaced = self._before()
        session = self._create_session(replaces=before)
        if self._is_over(session) or session.id in replaced:
            # Stripe repeats its first answer for a day, also for a session that has expired since.
            self._token.renew()
            session = self._create_session()
        self._state[self._name] = HeldSession(self._key(), session, replaced=replaced)
        return session

    def _recalled(self) -> HeldSession | None:
        """Take up the session of this cart that a page has forgotten which was opened again, and that holds something.

        Of what is not limited Stripe gives the same session back for a day; here it would be another one each minute.
        """
        if self._state.get(self._name) is not None or all(item.capacity is None for item in self._items):
            return None
        with suppress(CheckoutError):  # then there is a new one
            for session_id in self._checkout.pending_sessions(self.purchase)[:1]:
                self.resume(session_id)
        return self._held()

    def resume(self, session_id: str) -> Details | None:
        """Take up the session that the shopper came back with, which Stripe says is open.

        Its details are taken up, too, if it was this visitor's: who only has the address may not read them. A session
        of another cart is left alone; one of this visitor's that the cart no longer fits is replaced by the next.

        Returns:
            The details that its pending order was saved with.

        Raises:
            SessionNotFound: Stripe does not know it.
            StripeError: Stripe refused, or did not answer.
            StoreError: the store did not answer.
        """
        session = self._checkout.retrieve_session(session_id)
        mine = (session.metadata or {}).get(PURCHASE) == self.purchase or session_id == self._held_id()
        fits = [(item.product, item.unit_amount, item.quantity) for item in session.items] == [
            (item.product, item.unit_amount, item.quantity) for item in self._items
        ]
        if self._is_over(session) or not (mine or fits):
            return None
        order = self._checkout.store.get(session_id) if mine else None
        details = Details(order.email, order.name, order.phone) if order and order.email else None
        self._state[self._name] = HeldSession(self._key() if fits else "", session, details if fits else None)
        return details

    @property
    def purchase(self) -> str:
        """What the sessions of this cart have in common; it does not tell the token."""
        return purchase_name(self._token.token, self._label)

    def saved_details(self) -> Details | None:
        """Return what the pending order of the current session was saved with; None: there is none yet."""
        held = self._held()
        return held.saved if held else None

    def save_details(self, session: CheckoutSession, details: Details) -> Order:
        """Create or update the pending order of the cart's session (step 2).

        Raises:
            InvalidInput: a field cannot be used.
            SessionNotOpen, SessionNotFound: see `restart`.
            StripeUnavailable: nobody was charged.
        """
        order = self._checkout.create_pending_order(
            session.id,
            email=details.email,
            name=details.name,
            phone=details.phone,
        )
        held: HeldSession | None = self._state.get(self._name)
        replaced = held.replaced if held else ()
        self._state[self._name] = HeldSession(self._key(), session, details, replaced)
        return order

    def forget_details(self) -> None:
        """Let the details be changed; the session and its order stay."""
        if held := self._held():
            self._state[self._name] = replace(held, saved=None)

    def restart(self, session: CheckoutSession) -> Order | None:
        """Find out what became of a session that is not open any more, and drop it if it was not bought.

        Returns:
            Its order, if it was bought. Else None, and the next session is a new one.

        Raises:
            PaymentUnconfirmed: it cannot be known now whether it was paid.
        """
        try:
            order = self._checkout.check_order_status(session.id)
            if order.status in (OrderStatus.paid, OrderStatus.processing):
                return order
        except (SessionNotComplete, SessionNotFound):
            pass
        drop(self._state, self._token, name=self._name)
        return None

    def _held(self) -> HeldSession | None:
        held: HeldSession | None = self._state.get(self._name)
        if held is None or held.key != self._key() or self._is_over(held.session):
            return None
        return held

    def _before(self) -> tuple[str | None, tuple[str, ...]]:
        """Return the session that the visitor has for another cart, if it can still be paid, and all those before."""
        held: HeldSession | None = self._state.get(self._name)
        if held is None:
            return None, ()
        before = None if held.key == self._key() or self._is_over(held.session) else held.session.id
        return before, (*held.replaced, held.session.id)

    def _held_id(self) -> str | None:
        held: HeldSession | None = self._state.get(self._name)
        return held.session.id if held else None

    def _create_session(self, replaces: str | None = None) -> CheckoutSession:
        key, purchase = self._key(), self.purchase
        return self._checkout.create_session(
            self._items,
            metadata=self._metadata,
            return_path=self._return_path,
            purchase=purchase,
            replaces=replaces,
            idempotency_key=key,
        )

    def _is_over(self, session: CheckoutSession) -> bool:
        return session.status != "open" or session.expires_at <= self._checkout.clock()

    def _key(self) -> str:
        urls = self._checkout.gateway.urls
        items = [asdict(item) for item in self._items]
        way_back = [urls.complete, urls.cancel, self._return_path]
        parts = [self._token.token, items, self._metadata, self._checkout.settings.ui_mode, *way_back]
        return "cart-" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def purchase_name(token: str, label: str = "cart") -> str:
    """Return what the sessions under a token have in common; it does not tell the token."""
    return f"{label}-" + hashlib.sha256(f"purchase {token}".encode()).hexdigest()[:32]


def held_session(state: State, *, name: str = STATE) -> CheckoutSession | None:
    """Return the session that a visitor has, whatever became of it and of the cart."""
    held: HeldSession | None = state.get(name)
    return held.session if held else None


def drop(state: State, token: CartToken, *, name: str = STATE) -> None:
    """Let go of the visitor's session, so that the next one is new; the cart stays as it is."""
    token.renew()
    state.pop(name, None)
