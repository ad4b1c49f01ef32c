"""Stock: how many there are of a product, who holds some of them, and what an order's way does to both. Pure.

A hold is what one session has of one product. It is held from step 2 on, sold when the order is paid, and released when
the order expires or fails; a refund may give it back. Stores keep holds and levels, and change both in the transaction
that changes the order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from .errors import CapacityTooLow, InvalidInput, Shortage, SoldOut
from .events import Change, Decision, EventKind, OrderEvent, Source, StockAction, StockMove
from .orders import Order, OrderStatus, Oversold, UtcDatetime, Value, quantities_of

RESTOCK = "restock"
"""The key in the detail of a refund's event under which stands what the refund gives back, as Stripe keeps it."""

STOCK = "stock"
"""The key in an event's detail under which stands what the event did to the stock, by product."""


class HoldState(StrEnum):
    """What became of a hold."""

    held = "held"
    sold = "sold"
    released = "released"
    returned = "returned"


class Hold(Value):
    """What one session has of one product.

    `returned` were given back by refunds, `oversold` were sold although no more were available. `expires_at` is when the
    session ends at Stripe; None: it does not end by itself, because the payment is on its way or made.
    """

    stripe_checkout_session_id: str
    product: str
    shop: str
    order_id: str
    name: str
    state: HoldState
    quantity: int = Field(ge=0)
    returned: int = Field(default=0, ge=0)
    oversold: int = Field(default=0, ge=0)
    expires_at: UtcDatetime | None = None
    updated_at: UtcDatetime

    @property
    def held(self) -> int:
        """How many are held and not paid."""
        return self.quantity if self.state is HoldState.held else 0

    @property
    def sold(self) -> int:
        """How many are sold and were not given back."""
        return self.quantity - self.returned if self.state is HoldState.sold else 0


class StockLevel(Value):
    """How many there are of a product, and how many are taken. Without a capacity any number can be sold."""

    shop: str
    product: str
    name: str
    capacity: int | None = Field(default=None, ge=0)
    held: int = Field(default=0, ge=0)
    sold: int = Field(default=0, ge=0)
    oversold: int = Field(default=0, ge=0)

    @property
    def available(self) -> int | None:
        """How many can still be held; None: any number."""
        return None if self.capacity is None else max(0, self.capacity - self.held - self.sold)

    def with_capacity(self, capacity: int | None, name: str) -> "StockLevel":
        """Return the level with another capacity.

        Raises:
            CapacityTooLow: more are sold and held than that.
        """
        if capacity is not None and capacity < self.sold - self.oversold + self.held:
            raise CapacityTooLow(
                f"“{name}” ({self.product}) cannot have a capacity of {capacity}: {self.sold} are sold and {self.held} "
                f"are held in open checkouts. Give at least {self.sold - self.oversold + self.held}."
            )
        return self.model_copy(update={"capacity": capacity, "name": name})


Levels = Mapping[str, StockLevel]
"""Levels of one shop by product."""
Holds = Mapping[str, Hold]
"""Holds of one session by product."""


@dataclass(frozen=True, slots=True)
class Stocked:
    """What a decision comes to with the stock in view: levels and holds that changed are to be written with it."""

    decision: Decision
    levels: Levels = field(default_factory=dict)
    holds: Holds = field(default_factory=dict)


def products_of(decision: Decision, holds: Holds) -> list[str]:
    """Return the products whose levels a decision may change, sorted: whoever locks them does it in this order.

    Args:
        decision: of a change to one session's order.
        holds: of the session.
    """
    if decision.order is None or not decision.stock:
        return []
    return sorted({item.product for item in decision.order.items} | holds.keys())


def moved_stock(decision: Decision, levels: Levels, holds: Holds) -> Stocked:
    """Return a decision and what it does to the stock.

    What was done stands on the decision's last event, or on an event of its own. An order that is paid without enough
    being available is marked.

    Args:
        decision: of a change to one session's order.
        levels: of the order's products, as far as they have any; a product without one is not limited.
        holds: of the session.

    Raises:
        SoldOut: the order cannot hold what it needs; nothing is to be written.
    """
    order = decision.order
    if order is None or not decision.stock:
        return Stocked(decision)
    book = _Book(order, dict(levels), dict(holds))
    for move in decision.stock:
        _RULES[move.action](book, move)
    new_levels = {key: level for key, level in book.levels.items() if levels.get(key) != level}
    new_holds = {key: hold for key, hold in book.holds.items() if holds.get(key) != hold}
    return Stocked(_recorded(decision, book, levels), new_levels, new_holds)


def stock_changes(detail: Mapping[str, Any]) -> Mapping[str, Mapping[str, int]]:
    """Return what an event's detail says of the stock: by product, how many more are `held` and `sold`."""
    said = detail.get(STOCK)
    return said if isinstance(said, dict) else {}


def restock_note(order: Order, restock: bool | Mapping[str, int]) -> str | None:
    """Return how a refund at Stripe says what it gives back: everything, or quantities by the number of the order's line.

    Args:
        order: the order that is refunded.
        restock: whether everything, or quantities by product.

    Raises:
        InvalidInput: the order does not have as many of a product.
    """
    if isinstance(restock, bool):
        return _ALL if restock else None
    lines = {item.product: number for number, item in enumerate(order.items)}
    for product, quantity in restock.items():
        most = sum(item.quantity for item in order.items if item.product == product)
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= most:
            raise InvalidInput(
                f"This order has {most} of “{str(product)[:64]}”, so {quantity} cannot be given back.", field="restock"
            )
    return ",".join(f"{lines[product]}:{quantity}" for product, quantity in sorted(restock.items())) or None


def restocked_quantities(order: Order, note: str) -> Mapping[str, int]:
    """Return what a refund gives back, by product. A note that nobody of us wrote gives nothing back."""
    if note == _ALL:
        return quantities_of(order.items)
    quantities: dict[str, int] = {}
    for part in note.split(","):
        number, _, quantity = part.partition(":")
        if number.isdecimal() and quantity.isdecimal() and int(number) < len(order.items):
            quantities[order.items[int(number)].product] = int(quantity)
    return quantities


_ALL = "all"


@dataclass(slots=True)
class _Book:
    """The stock as it is while moves are made."""

    order: Order
    levels: dict[str, StockLevel]
    holds: dict[str, Hold]

    def wanted(self) -> dict[str, int]:
        """Return how many of each limited product the order has."""
        wanted: dict[str, int] = {}
        for item in self.order.items:
            level = self.levels.get(item.product)
            if (level is not None and level.capacity is not None) or item.product in self.holds:
                wanted[item.product] = wanted.get(item.product, 0) + item.quantity
        return wanted

    def name_of(self, product: str) -> str:
        level = self.levels.get(product)
        return level.name if level else next(item.name for item in self.order.items if item.product == product)

    def available(self, product: str) -> int | None:
        """Return how many this session may have of a product, with what it holds already; None: any number."""
        level, hold = self.levels.get(product), self.holds.get(product)
        if level is None or level.capacity is None:
            return None
        return max(0, level.capacity - level.held - level.sold) + (hold.held if hold else 0)

    def put(self, hold: Hold) -> None:
        """Put a hold in place of the one before, and let the level follow."""
        before = self.holds.get(hold.product)
        self.holds[hold.product] = hold
        level = self.levels.get(hold.product) or StockLevel(shop=hold.shop, product=hold.product, name=hold.name)
        self.levels[hold.product] = level.model_copy(
            update={
                "held": level.held + hold.held - (before.held if before else 0),
                "sold": level.sold + hold.sold - (before.sold if before else 0),
                "oversold": level.oversold + hold.oversold - (before.oversold if before else 0),
            }
        )

    def hold(self, product: str, move: StockMove, **fields: Any) -> None:
        """Put a hold with these fields; the rest is as it was."""
        before = self.holds.get(product)
        fields = {"expires_at": None, **fields, "order_id": self.order.id}
        if before is not None and all(getattr(before, name) == value for name, value in fields.items()):
            return
        if before is None:
            session_id, shop = self.order.stripe_checkout_session_id, self.order.shop
            keys = {"stripe_checkout_session_id": session_id, "product": product, "shop": shop}
            self.put(Hold.model_validate({**keys, "name": self.name_of(product), **fields, "updated_at": move.at}))
        else:
            self.put(before.model_copy(update={**fields, "updated_at": move.at}))


def _hold(book: _Book, move: StockMove) -> None:
    """Hold what the order has, or nothing of it."""
    for product, capacity in move.capacities.items():
        if product not in book.levels:
            level = StockLevel(shop=book.order.shop, product=product, name=product)
            book.levels[product] = level.with_capacity(capacity, book.name_of(product))
    wanted = book.wanted()
    short = [
        Shortage(product, book.name_of(product), left, in_checkouts=_held_by_others(book, product))
        for product, quantity in wanted.items()
        if (left := book.available(product)) is not None and left < quantity
    ]
    if short:
        raise SoldOut(shortages=short)
    _drop_rest(book, wanted, move)
    for product, quantity in wanted.items():
        book.hold(product, move, state=HoldState.held, quantity=quantity, expires_at=move.until)


def _held_by_others(book: _Book, product: str) -> int:
    hold = book.holds.get(product)
    return book.levels[product].held - (hold.held if hold else 0)


def _drop_rest(book: _Book, wanted: Mapping[str, int], move: StockMove) -> None:
    """Release what is held of products that the order has no more."""
    for product, hold in list(book.holds.items()):
        if product not in wanted and hold.state is HoldState.held:
            book.hold(product, move, state=HoldState.released)


def _keep(book: _Book, move: StockMove) -> None:
    """Keep what is held while the payment is on its way; what was released is held again as far as there is enough."""
    for product, quantity in book.wanted().items():
        left = book.available(product)
        if left is None or left >= quantity:
            book.hold(product, move, state=HoldState.held, quantity=quantity)


def _sell(book: _Book, move: StockMove) -> None:
    """Sell what the order has: Stripe has the money, so also what is not available."""
    wanted = book.wanted()
    _drop_rest(book, wanted, move)
    for product, quantity in wanted.items():
        before, left = book.holds.get(product), book.available(product)
        kept = before.sold if before else 0
        over = 0 if left is None else max(0, quantity - kept - left)
        over = min(quantity, over + (before.oversold if before else 0))
        book.hold(product, move, state=HoldState.sold, quantity=quantity, returned=0, oversold=over)


def _release(book: _Book, move: StockMove) -> None:
    """Release what is held: nothing was paid."""
    for product, hold in list(book.holds.items()):
        if hold.state is HoldState.held:
            book.hold(product, move, state=HoldState.released)


def _give_back(book: _Book, move: StockMove) -> None:
    """Let as many be given back as the refunds that stand say, at most what was sold.

    A refund that came back from the bank stands no more: Stripe has the money again, and what it gave back is sold again.
    """
    for product, hold in list(book.holds.items()):
        if hold.state not in (HoldState.sold, HoldState.returned):
            continue
        returned = min(move.quantities.get(product, 0), hold.quantity)
        again, left = hold.returned - returned, book.available(product)
        over = max(0, again - left) if left is not None else 0
        state = HoldState.returned if returned >= hold.quantity else HoldState.sold
        book.hold(product, move, state=state, returned=returned, oversold=max(0, hold.oversold + min(again, 0) + over))


_RULES: Mapping[StockAction, Callable[[_Book, StockMove], None]] = {
    StockAction.hold: _hold,
    StockAction.keep: _keep,
    StockAction.sell: _sell,
    StockAction.release: _release,
    StockAction.give_back: _give_back,
}


def _recorded(decision: Decision, book: _Book, levels: Levels) -> Decision:
    """Return the decision with what was done to the stock on its events, and the order's mark where it is oversold."""
    changes = dict(_changes(book.levels.values(), levels))
    if not changes:
        return decision
    order, move = decision.order, decision.stock[-1]
    assert order is not None
    events = [*decision.events]
    over = {product: hold.oversold for product, hold in book.holds.items() if hold.oversold}
    if new := any(
        level.oversold > (levels[key].oversold if key in levels else 0) for key, level in book.levels.items()
    ):
        order = order.model_copy(update={"oversold": Oversold.open})
    if events:
        events[-1] = events[-1].model_copy(update={"detail": {**events[-1].detail, STOCK: changes}})
    else:
        events.append(_event(order, EventKind.stock_changed, move, {STOCK: changes}))
    if new:
        events.append(_event(order, EventKind.oversold, move, {"products": over}))
    return replace(decision, order=order, events=events, stock=())


def _changes(after: Iterable[StockLevel], before: Levels) -> Iterable[tuple[str, dict[str, int]]]:
    for level in after:
        was = before.get(level.product)
        held, sold = level.held - (was.held if was else 0), level.sold - (was.sold if was else 0)
        if held or sold:
            yield level.product, {name: number for name, number in (("held", held), ("sold", sold)) if number}


def _event(order: Order, kind: EventKind, move: StockMove, detail: Mapping[str, Any]) -> OrderEvent:
    return OrderEvent.of(
        order, kind=kind, source=move.source, at=move.at, stripe_event_id=move.stripe_event_id, **detail
    )


def release_change(source: Source, now: datetime) -> Change:
    """Make the change that releases what an order holds, if nothing was paid and nothing is on its way.

    Args:
        source: who wants it.
        now: the time to write on what changes.
    """

    def change(order: Order | None) -> Decision:
        if order is None or order.status not in (OrderStatus.expired, OrderStatus.failed):
            return Decision(order)
        return Decision(order, (), [StockMove(StockAction.release, now, source)])

    return change


def accept_change(now: datetime) -> Change:
    """Make the change by which an operator accepts an oversold order: there will be a place for the shopper after all."""

    def change(order: Order | None) -> Decision:
        if order is None or order.oversold is not Oversold.open:
            return Decision(order)
        accepted = order.evolve(now, oversold=Oversold.accepted)
        event = OrderEvent.of(accepted, kind=EventKind.oversold_accepted, source=Source.operator, at=now)
        return Decision(accepted, [event])

    return change


def oversold_change(missing: Mapping[str, int], now: datetime) -> Change:
    """Make the change that marks a paid order of which something was not available; once.

    Args:
        missing: how many of which product.
        now: the time to write on the order and the event.
    """

    def change(order: Order | None) -> Decision:
        if order is None or order.oversold is not None:
            return Decision(order)
        marked = order.evolve(now, oversold=Oversold.open)
        event = OrderEvent.of(marked, kind=EventKind.oversold, source=Source.outbox, at=now, products=dict(missing))
        return Decision(marked, [event])

    return change


def shortages(levels: Levels, wanted: Mapping[str, int], own: Mapping[str, int]) -> Sequence[Shortage]:
    """Return what is not available of a cart that is not held yet.

    Args:
        levels: of the cart's products.
        wanted: quantities by product.
        own: what the shopper holds already, in a session that the next one replaces.
    """
    short = []
    for product, quantity in wanted.items():
        level = levels.get(product)
        if level is None or level.available is None:
            continue
        mine = min(own.get(product, 0), level.held)
        left = level.available + mine
        if left < quantity:
            short.append(Shortage(product, level.name, left, in_checkouts=level.held - mine))
    return short
