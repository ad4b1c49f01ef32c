"""The stock where an application keeps it: asked in step 2, and told through the outbox what became of an order.

A keeper is no part of the store's transaction. So an order is written first and holds then: whatever crashes in
between, each hold has an order, of whose end the keeper hears at least once.
"""

import inspect
from collections.abc import Collection
from datetime import datetime
from typing import Any

from ..domain.errors import ConfigurationError
from ..domain.events import OrderEvent
from ..domain.orders import Order, quantities_of
from ..domain.stock import RESTOCK, StockLevel, oversold_change, restocked_quantities
from ..domain.stock_keeping import Quantities, StockKeeper
from . import calling
from .order_changes import OrderChanges
from .outbox import Outbox
from .reconcile import Clock

_METHODS = ("hold", "sell", "release", "give_back", "levels")


class KeptStock:
    """One shop's stock in the hands of a `StockKeeper`.

    Args:
        keeper: the application's.
        changes: marks orders that are oversold.
        clock: returns the time now, with a time zone.
    """

    def __init__(self, keeper: StockKeeper, changes: OrderChanges, clock: Clock) -> None:
        require_keeper(keeper)
        self._keeper: Any = keeper
        self._changes = changes
        self._clock = clock

    def register(self, outbox: Outbox) -> None:
        """Let the keeper hear what becomes of orders."""
        outbox.handlers.add(self._sell, "stock", event="paid")
        outbox.handlers.add(self._keep, "stock", event="processing")
        outbox.handlers.add(self._release, "stock", event="expired")
        outbox.handlers.add(self._release, "stock", event="failed")
        outbox.handlers.add(self._give_back, "stock", event="refunded")

    async def hold(self, order: Order, until: datetime | None) -> None:
        """Hold what an order has.

        Raises:
            SoldOut: not enough is left.
        """
        await calling.call(self._keeper.hold, order.stripe_checkout_session_id, quantities_of(order.items), until)

    async def release(self, session_id: str) -> None:
        """Release what a session holds."""
        await calling.call(self._keeper.release, session_id)

    async def levels(self, products: Collection[str] | None) -> list[StockLevel]:
        """Return the levels of limited products."""
        return list(await calling.call(self._keeper.levels, products))

    async def _sell(self, order: Order) -> None:
        over: Quantities = await calling.call(
            self._keeper.sell, order.stripe_checkout_session_id, quantities_of(order.items)
        )
        if missing := {product: count for product, count in (over or {}).items() if count}:
            await self._changes.apply(order.stripe_checkout_session_id, oversold_change(missing, self._clock()))

    async def _keep(self, order: Order) -> None:
        await calling.call(self._keeper.hold, order.stripe_checkout_session_id, quantities_of(order.items), None)

    async def _release(self, order: Order) -> None:
        await self.release(order.stripe_checkout_session_id)

    async def _give_back(self, order: Order, event: OrderEvent) -> None:
        note = event.detail.get(RESTOCK)
        if isinstance(note, str):
            quantities = restocked_quantities(order, note)
            key = str(event.detail["refund"])
            await calling.call(self._keeper.give_back, order.stripe_checkout_session_id, quantities, key)


def require_keeper(keeper: object) -> None:
    """Check that an object has the methods of a `StockKeeper`.

    Raises:
        ConfigurationError: it lacks one; the sentence names it.
    """
    missing = [name for name in _METHODS if not callable(getattr(keeper, name, None))]
    if missing or inspect.isclass(keeper):
        name = keeper.__name__ if inspect.isclass(keeper) else type(keeper).__name__
        lacks = f"it has no method {missing[0]}" if missing else "give an object, not the class"
        raise ConfigurationError(f"{name} is no stock keeper: {lacks}.")
