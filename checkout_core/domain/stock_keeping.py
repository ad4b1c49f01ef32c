"""What an application promises that keeps its stock itself."""

from collections.abc import Awaitable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from .stock import StockLevel

Quantities = Mapping[str, int]
"""How many of each product an order has, limited or not; a keeper passes over what it does not limit."""


class StockKeeper(Protocol):
    """Keeps the stock in an application's own tables, or in its own service.

    Each method may be a coroutine function; a plain one may block, and runs in a thread. Each may be called again for the
    same session, after a crash or a lost answer, and must come to the same: what a session has is kept by its id.
    `StockKeeperContract` in `checkout_core/services/stock_contract.py` has the tests for a keeper.
    """

    def hold(self, session_id: str, quantities: Quantities, until: datetime | None) -> Awaitable[None] | None:
        """Let a session hold this much, in place of what it held; nothing of it where not enough of one is left.

        Args:
            session_id: the checkout session.
            quantities: how many of each product.
            until: when the session ends at Stripe; None: the payment is on its way, and the hold has no end.

        Raises:
            SoldOut: not enough is left; its `shortages` say of what, and how many are left.
        """
        ...

    def sell(self, session_id: str, quantities: Quantities) -> Awaitable[Quantities] | Quantities:
        """Sell this much to a session, which has paid: what it holds, and the rest also when it is not available.

        Returns:
            How many of which product were not available; nothing where all was.
        """
        ...

    def release(self, session_id: str) -> Awaitable[None] | None:
        """Release what a session holds. What is sold stays sold."""
        ...

    def give_back(self, session_id: str, quantities: Quantities, key: str) -> Awaitable[None] | None:
        """Put back on sale what a refund gives back, once for each key.

        Args:
            session_id: the checkout session.
            quantities: how many of each product, at most what is sold to it.
            key: names the refund.
        """
        ...

    def levels(self, products: Collection[str] | None) -> Awaitable[Sequence[StockLevel]] | Sequence[StockLevel]:
        """Return the levels of limited products: of these, or of all (None)."""
        ...
