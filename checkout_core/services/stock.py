"""The stock of one shop: what step 1 and step 2 ask of it, and what operators see and do."""

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from ..config import metrics
from ..config.logging import get_logger
from ..domain.checkout_session import CheckoutSession
from ..domain.errors import (
    CapacityTooLow,
    CheckoutError,
    ConfigurationError,
    HoldNotReleased,
    OrderNotFound,
    ProductSourceError,
    SessionNotFound,
    SessionNotOpen,
    Shortage,
    SoldOut,
)
from ..domain.events import Decision, Source
from ..domain.orders import Order, OrderStatus
from ..domain.products import Catalog, PricedItem
from ..domain.stock import Hold, HoldState, StockLevel, accept_change, release_change, shortages
from ..gateway import StripeGateway
from ..stores.base import HoldQuery, OrderStore
from ..stores.futures import answer
from .kept_stock import KeptStock
from .order_changes import OrderChanges
from .pricing import Products
from .purchases import Purchases
from .reconcile import Clock, Reconciler

MAX_OVERDUE = 16
"""How many sessions that should be over are asked about before a shopper is refused."""

_KEEPING = (OrderStatus.pending, OrderStatus.processing, OrderStatus.paid)

log = get_logger(__name__)


class Stock:
    """One shop's stock.

    Args:
        store: keeps levels and holds.
        products: says the capacities; a catalogue says them of everything that it has.
        gateway: the shop's Stripe account.
        changes: applies changes to orders.
        reconciler: asks Stripe what became of a session.
        purchases: closes sessions of the same purchase.
        clock: returns the time now, with a time zone.
        kept: the stock where the application keeps it; None: the store keeps it.
    """

    def __init__(
        self,
        *,
        store: OrderStore,
        products: Products,
        gateway: StripeGateway,
        changes: OrderChanges,
        reconciler: Reconciler,
        purchases: Purchases,
        clock: Clock,
        kept: KeptStock | None = None,
    ) -> None:
        self._store = store
        self._products = products
        self._gateway = gateway
        self._changes = changes
        self._reconciler = reconciler
        self._purchases = purchases
        self._clock = clock
        self._kept = kept

    async def missing(
        self, items: Sequence[PricedItem], *, replaces: str | None, purchase: str | None
    ) -> Sequence[Shortage]:
        """Return what is not available of a cart that holds nothing yet; the store hears the capacities meanwhile.

        Args:
            items: the cart, as the product source has priced it just now.
            replaces: the session that the cart's replaces: what it holds counts as available.
            purchase: what the sessions of the cart have in common: so does what they hold.

        Raises:
            ProductSourceError: the source says a capacity below what is sold and held.
        """
        if self._kept is not None:
            return ()  # the keeper says it in step 2: it alone knows what the shopper holds already
        wanted = quantities_of(items)
        levels = await self._told(items, await self._levels(wanted))
        short = shortages(levels, wanted, {})
        if not short:
            return ()
        own = await self._held_by(await self._sessions_of(replaces, purchase))
        short = shortages(levels, wanted, own)
        if short and await self._release_overdue(each.product for each in short):
            short = shortages(await self._levels(wanted), wanted, own)
        return short

    async def covers(self, session_id: str, missing: Sequence[Shortage], items: Sequence[PricedItem]) -> bool:
        """Return whether a session holds what is missing: step 1 was repeated after step 2.

        Args:
            session_id: the session.
            missing: what is missing without it.
            items: the cart.
        """
        own, wanted = await self._held_by([session_id]), quantities_of(items)
        return all(own.get(each.product, 0) >= wanted[each.product] for each in missing)

    def capacities(self, products: Iterable[str]) -> Mapping[str, int]:
        """Return the capacities that a catalogue says; those of another source are known from step 1."""
        if self._kept is not None or not isinstance(self._products, Catalog):
            return {}
        known = (self._products[each] for each in products if each in self._products)
        return {product.id: product.capacity for product in known if product.capacity is not None}

    async def hold(
        self, apply: Callable[[], Awaitable[Decision]], session: CheckoutSession, purchase: str | None
    ) -> Decision:
        """Do step 2's change, and hold what the order has.

        Args:
            apply: applies the change.
            session: what Stripe says of the session that is to hold.
            purchase: the one that the session belongs to.

        Raises:
            SoldOut: not enough is left.
        """
        kept = self._kept
        if kept is None:
            return await self._holding(apply, session_id=session.id, purchase=purchase)

        async def attempt() -> Decision:
            decision = await apply()
            assert decision.order is not None, "the change creates an order where there is none"
            await kept.hold(decision.order, session.expires_at)
            return decision

        return await self._holding(attempt, session_id=session.id, purchase=purchase)

    async def _holding(
        self, attempt: Callable[[], Awaitable[Decision]], *, session_id: str, purchase: str | None
    ) -> Decision:
        """Do step 2's change; where not enough is left, once more without holds that nobody waits for.

        Those are holds whose session is over, of which no webhook has told, and those of the shopper's own sessions of
        this purchase, such as of a tab that was closed.

        Args:
            attempt: applies the change.
            session_id: the session that is to hold.
            purchase: the one that the session belongs to.

        Raises:
            SoldOut: not enough is left.
        """
        try:
            return await attempt()
        except SoldOut as error:
            released = await self._release_overdue(error.left)
            for other in await self._sessions_of(None, purchase):
                if other != session_id:
                    await self._purchases.close_session(other)
                    if self._kept is not None:
                        await self._kept.release(other)
                    released = True
            if released:
                with suppress(SoldOut):
                    return await attempt()
            log.info("sold out", session_id=session_id, left=dict(error.left))
            metrics.sold_out()
            raise

    async def levels(self, products: Collection[str] | None = None) -> list[StockLevel]:
        """Return the levels of limited products, or of some of them, as the product source and the orders say."""
        if self._kept is not None:
            return await self._kept.levels(products)
        stored = {level.product: level for level in await answer(self._store.stock_levels(products))}
        levels: list[StockLevel] = []
        if isinstance(self._products, Catalog):  # in its order, with what it says: the store may not have heard it yet
            for product in self._products.values():
                if product.capacity is not None and (products is None or product.id in products):
                    level = stored.pop(product.id, None) or StockLevel(shop="", product=product.id, name=product.name)
                    levels.append(level.model_copy(update={"capacity": product.capacity, "name": product.name}))
        rest = (level for level in stored.values() if level.capacity is not None or level.held or level.sold)
        return [*levels, *rest]

    async def holds(self, products: Collection[str] = (), *, limit: int = 100) -> list[Hold]:
        """Return what is held now, first what was held last; `products` none: of all."""
        query = HoldQuery(states=(HoldState.held,), products=tuple(products))
        return await answer(self._store.holds(query, limit=limit))

    async def minutes_held(self, session_id: str) -> int | None:
        """Return for how many minutes more a session holds something; None: it does not, or without an end."""
        query = HoldQuery(states=(HoldState.held,), session_ids=(session_id,))
        ends = [hold.expires_at for hold in await answer(self._store.holds(query)) if hold.expires_at is not None]
        return self.minutes_left(min(ends)) if ends else None

    def minutes_left(self, expires_at: datetime) -> int:
        """Return how many minutes are left until then by Stripe's clock, rounded up; 0: it is over."""
        return max(0, math.ceil((expires_at - self._gateway.time_at_stripe(self._clock())).total_seconds() / 60))

    async def release(self, session_id: str) -> Order:
        """Release what a session holds: it is expired at Stripe first, so that nobody can pay for it any more.

        Raises:
            OrderNotFound: the session has no order here.
            HoldNotReleased: it was paid, or its payment is on its way.
            StripeUnavailable: it is not known whether the session is closed, and nothing was released.
        """
        if await answer(self._store.get(session_id)) is None:
            raise OrderNotFound
        with suppress(SessionNotOpen, SessionNotFound):
            await self._gateway.expire_session(session_id)
        order = (await self._reconciler.reconcile(session_id, source=Source.operator)).order
        assert order is not None, "an order was there and orders are never deleted"
        if order.status in _KEEPING:
            raise HoldNotReleased
        if self._kept is not None:
            await self._kept.release(session_id)
        return (await self._changes.apply(session_id, release_change(Source.operator, self._clock()))).order or order

    async def accept(self, order_id: str) -> Order:
        """Accept an oversold order; one that is not oversold stays as it is.

        Raises:
            OrderNotFound: there is no such order.
        """
        order = await answer(self._store.get_by_id(order_id))
        if order is None:
            raise OrderNotFound
        decision = await self._changes.apply(order.stripe_checkout_session_id, accept_change(self._clock()))
        return decision.order or order

    async def check(self) -> int:
        """Let the store hear the capacities of the catalogue; return how many products have one.

        Raises:
            ConfigurationError: one is below what is sold and held; the sentence names each, with the numbers.
        """
        if self._kept is not None or not isinstance(self._products, Catalog):
            return 0
        levels = await self._levels(None)
        faults, limited = [], 0
        for product in self._products.values():
            limited += product.capacity is not None
            try:
                await self._tell(product.id, product.name, product.capacity, levels.get(product.id))
            except CapacityTooLow as error:
                faults.append(error.message)
        if faults:
            raise ConfigurationError(" ".join(faults))
        return limited

    async def _told(self, items: Sequence[PricedItem], levels: dict[str, StockLevel]) -> Mapping[str, StockLevel]:
        for item in items:
            try:
                told = await self._tell(item.product, item.name, item.capacity, levels.get(item.product))
            except CapacityTooLow as error:
                raise ProductSourceError(error.message) from error
            if told is not None:
                levels[item.product] = told
        return levels

    async def _tell(self, product: str, name: str, capacity: int | None, level: StockLevel | None) -> StockLevel | None:
        """Let the store hear a capacity if it has another; return the level then."""
        if capacity == (level.capacity if level else None):
            return None
        return await answer(self._store.set_capacity(product, capacity, name=name))

    async def _levels(self, products: Collection[str] | None) -> dict[str, StockLevel]:
        return {level.product: level for level in await answer(self._store.stock_levels(products))}

    async def _sessions_of(self, replaces: str | None, purchase: str | None) -> list[str]:
        sessions = [] if purchase is None else await self._purchases.pending_sessions(purchase)
        return [*sessions, *([replaces] if replaces else [])]

    async def _held_by(self, session_ids: Sequence[str]) -> Counter[str]:
        held = Counter[str]()
        if session_ids:
            query = HoldQuery(states=(HoldState.held,), session_ids=tuple(dict.fromkeys(session_ids)))
            for hold in await answer(self._store.holds(query)):
                held[hold.product] += hold.quantity
        return held

    async def _release_overdue(self, products: Iterable[str]) -> bool:
        """Ask Stripe about sessions that should be over and still hold something; return whether any was released."""
        query = HoldQuery(
            states=(HoldState.held,),
            products=tuple(products),
            expires_before=self._gateway.time_at_stripe(self._clock()),
        )
        overdue = await answer(self._store.holds(query, limit=MAX_OVERDUE))
        released = False
        for session_id in dict.fromkeys(hold.stripe_checkout_session_id for hold in overdue):
            with suppress(CheckoutError):
                order = (await self._reconciler.reconcile(session_id, source=Source.reconcile)).order
                released = released or (order is not None and order.status not in _KEEPING)
        return released


def quantities_of(items: Sequence[PricedItem]) -> Mapping[str, int]:
    """Return a cart's quantities by product."""
    quantities = Counter[str]()
    for item in items:
        quantities[item.product] += item.quantity
    return quantities
