"""What a checkout page does with a visitor's cart: steps 1 and 2, each done once and kept. Nothing here is Streamlit's.

A page runs from its top at every click, so a session that was made is kept in the visitor's state. The idempotency key
is made of the cart's token and of everything that the session is made from. After a refresh, or in a second tab, which
have a state of their own, Stripe therefore gives the same session back, and with it there is the same order.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

from ..domain.checkout_session import CheckoutSession
from ..domain.errors import IdempotencyKeyReused, SessionNotComplete, SessionNotFound
from ..domain.orders import Order, OrderStatus
from ..domain.products import PricedItem
from ..domain.purchases import PURCHASE, replacement_of
from ..services.blocking import Checkout

if TYPE_CHECKING:
    from ..gateway.sessions import SessionParams

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


@dataclass
class Holding:
    """What is held for a visitor, as one object in the state that is changed in place.

    Streamlit may give up a run at any access to its state. What was done at Stripe must be remembered all the same, so
    the state is asked before, and not written to afterwards. The next run may begin while the last one waits for Stripe:
    the lock lets it wait, and then see what the last one did.
    """

    held: HeldSession | None = None
    lock: Any = field(default_factory=threading.RLock, repr=False, compare=False)

    def __reduce__(self) -> tuple[type[Self], tuple[HeldSession | None]]:
        return type(self), (self.held,)


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
        params: more parameters of Stripe's session.
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
        params: Mapping[str, Any] | None = None,
    ) -> None:
        self._checkout = checkout
        self._items = items
        self._token = token
        self._state = state
        self._name = name
        self._holding = holding(state, name=name)
        self._label = label
        self._metadata = dict(metadata or {})
        self._return_path = return_path
        self._params = dict(params or {})
        self._email: str | None = None
        self._nothing_pending = False
        """Whether the store was asked in this run, and knows of no session elsewhere."""

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
        with self._alone():
            self._resume_pending()
            if held := self._held():
                return held.session
            before, replaced = self._before()
            try:
                session = self._create_session(replaces=before)
            except IdempotencyKeyReused:  # the catalogue says something else of what is bought than a moment ago
                self._token.renew()
                session = self._create_session(replaces=before)
            if self._is_over(session) or session.id in replaced:
                # Stripe repeats its first answer for a day, also for a session that has expired since.
                self._token.renew()
                session = self._create_session()
            self._holding.held = HeldSession(self._key(), session, replaced=replaced)
            return session

    def resume_pending(self, kept: str | None = None) -> Details | None:
        """Take up the session that this visitor has pending in another tab, or had before the page was loaded anew.

        Stripe gives the same session for the same cart for some minutes only. What the shopper has done with one that has
        no pending order yet, such as a promotion code, is found again by its id.

        Args:
            kept: the id of a session that the browser has kept. It is taken up where nothing is pending, if it is this
                visitor's and open.

        Returns:
            The details that its pending order was saved with; None also where this tab has a session already.

        Raises:
            SessionNotFound: Stripe does not know the session that was kept.
            StripeError: Stripe refused, or did not answer.
            StoreError: the store did not answer.
        """
        with self._alone():
            given = self._resume_pending()
            if kept and self._holding.held is None:
                return self._resume(kept, only_mine=True)
            return given

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
        with self._alone():
            return self._resume(session_id)

    def _resume_pending(self) -> Details | None:
        if self._holding.held is None and not self._nothing_pending:
            found = self._checkout.pending_sessions(self.purchase)[:1]
            self._nothing_pending = not found
            for elsewhere in found:
                with suppress(SessionNotFound):
                    return self._resume(elsewhere)
        return None

    def _resume(self, session_id: str, *, only_mine: bool = False) -> Details | None:
        session = self._checkout.retrieve_session(session_id)
        mine = (session.metadata or {}).get(PURCHASE) == self.purchase or session_id == self._held_id()
        fits = [(item.product, item.unit_amount, item.quantity) for item in session.items] == [
            (item.product, item.unit_amount, item.quantity) for item in self._items
        ]
        if self._is_over(session) or not (mine or (fits and not only_mine)):
            return None
        order = self._checkout.store.get(session_id) if mine else None
        details = Details(order.email, order.name, order.phone) if order and order.email else None
        if details and session.email == details.email:
            self._email = details.email
        self._holding.held = HeldSession(self._key() if fits else "", session, details if fits else None)
        return details

    @property
    def purchase(self) -> str:
        """What the sessions of this cart have in common; it does not tell the token."""
        return purchase_name(self._token.token, self._label)

    def saved_details(self) -> Details | None:
        """Return what the pending order of the current session was saved with; None: there is none yet."""
        held = self._held()
        return held.saved if held else None

    def name_email(self, email: str) -> None:
        """Let Stripe's own page know the shopper's address, so that it does not ask again; before the session is opened.

        Stripe takes it when a session is made, and never later: another address is another session.
        """
        self._email = email or None

    def refresh(self) -> CheckoutSession | None:
        """Ask Stripe what the current session is now: a promotion code that the shopper typed changes what it costs.

        Returns:
            The session; None when there is none, or it is over.

        Raises:
            StripeError: Stripe refused, or did not answer.
        """
        with self._alone():
            if held := self._held():
                session = self._checkout.retrieve_session(held.session.id)
                self._holding.held = replace(held, session=session)
            return self.current_session()

    def save_details(self, session: CheckoutSession, details: Details) -> Order:
        """Create or update the pending order of the cart's session (step 2).

        Raises:
            InvalidInput: a field cannot be used.
            SessionNotOpen, SessionNotFound: see `restart`.
            StripeUnavailable: nobody was charged.
        """
        with self._alone():
            order = self._checkout.create_pending_order(
                session.id,
                email=details.email,
                name=details.name,
                phone=details.phone,
            )
            replaced = self._holding.held.replaced if self._holding.held else ()
            self._holding.held = HeldSession(self._key(), session, details, replaced)
            return order

    def forget_details(self) -> None:
        """Let the details be changed; the session and its order stay."""
        if held := self._held():
            self._holding.held = replace(held, saved=None)

    def restart(self, session: CheckoutSession) -> Order | None:
        """Find out what became of a session that is not open any more, and drop it if it was not bought.

        When another tab has replaced it, the next session replaces that one.

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
        with self._alone():
            replaced = self._and_replacements(session.id)
            self._token.renew()
            self._holding.held = HeldSession("", session) if len(replaced) > 1 else None
        return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other run of this visitor's page in; a run that Streamlit has given up ends here."""
        self._state.get(self._name)
        with self._holding.lock:
            yield

    def _held(self) -> HeldSession | None:
        held = self._holding.held
        if held is None or held.key != self._key() or self._is_over(held.session):
            return None
        return held

    def _before(self) -> tuple[str | None, tuple[str, ...]]:
        """Return the session that the visitor has for another cart, if it can still be paid, and all those before.

        Another tab may have replaced the one that is held here: then it is the last of those that came after.
        """
        held = self._holding.held
        if held is None:
            return None, ()
        known = self._and_replacements(held.session.id)
        over = held.key == self._key() or self._is_over(held.session)
        before = None if over and len(known) == 1 else known[-1]
        return before, (*held.replaced, *known)

    def _and_replacements(self, session_id: str) -> tuple[str, ...]:
        """Return a session, the one that replaced it, the one that replaced that, and so on."""
        known = [session_id]
        while (after := replacement_of(self._checkout.history(known[-1]))) and after not in known:
            known.append(after)
        return tuple(known)

    def _held_id(self) -> str | None:
        return self._holding.held.session.id if self._holding.held else None

    def _create_session(self, replaces: str | None = None) -> CheckoutSession:
        key, purchase = self._key(), self.purchase
        return self._checkout.create_session(
            self._items,
            metadata=self._metadata,
            return_path=self._return_path,
            email=self._email,
            params=cast("SessionParams", self._params),
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
        parts += [self._params] if self._params else []
        parts += [self._email] if self._email else []
        return "cart-" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def purchase_name(token: str, label: str = "cart") -> str:
    """Return what the sessions under a token have in common; it does not tell the token."""
    return f"{label}-" + hashlib.sha256(f"purchase {token}".encode()).hexdigest()[:32]


def held_session(state: State, *, name: str = STATE) -> CheckoutSession | None:
    """Return the session that a visitor has, whatever became of it and of the cart."""
    found: Holding | None = state.get(name)
    return found.held.session if found and found.held else None


def drop(state: State, token: CartToken, *, name: str = STATE) -> None:
    """Let go of the visitor's session, so that the next one is new; the cart stays as it is."""
    visitor = holding(state, name=name)
    with visitor.lock:
        token.renew()
        visitor.held = None


def holding(state: State, *, name: str = STATE) -> Holding:
    """Return what is held for a visitor, to be changed in place."""
    found: Holding | None = state.get(name)
    if found is None:
        state[name] = found = Holding()
    return found
