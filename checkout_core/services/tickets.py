"""Tickets of one shop: what an order admits to, and what the door makes of a token."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ..domain.errors import InvalidInput, OrderLinkInvalid, OrderNotFound
from ..domain.events import History, Source
from ..domain.orders import MONEY_TAKEN, Order, OrderStatus
from ..domain.products import Catalog, ShowingSource
from ..domain.receipt_requests import receipt_request_change
from ..domain.showings import Showing, bought_showings
from ..domain.tickets import (
    Admission,
    DoorAnswer,
    Ticket,
    is_link_key,
    order_id_of_token,
    read_code,
    redeem_change,
    redeemed_at,
    ticket_of_token,
    tickets_of,
    was_redeemed_by,
)
from ..stores.base import OrderQuery, OrderStore
from ..stores.futures import answer
from . import calling
from .order_changes import OrderChanges
from .reconcile import Clock

MAX_KEY_LENGTH = 64
PAGE = 1000
"""How many orders are read at a time for the door's list."""
MAX_FOUND = 100


class Tickets:
    """Tickets of one shop.

    Args:
        store: where the orders are.
        changes: applies changes to orders.
        products: the product source; one that is a `ShowingSource` says when and where.
        clock: returns the time now, with a time zone.
    """

    def __init__(self, store: OrderStore, changes: OrderChanges, products: object, clock: Clock) -> None:
        self._store = store
        self._changes = changes
        self._products = products
        self._clock = clock

    async def of(self, order: Order) -> list[Ticket]:
        """Return the tickets of an order, one for each product that has a showing; none before it was paid."""
        if order.status not in MONEY_TAKEN:
            return []
        return [ticket for ticket in await self._all_of(order) if ticket.showing is not None]

    async def check(self, token: str) -> DoorAnswer:
        """Return what the door says of a token, and redeem nothing."""
        ticket = await self._find(token)
        if ticket is None:
            return DoorAnswer(Admission.unknown)
        return DoorAnswer(ticket.admission, ticket, ticket.redeemed_at)

    async def redeem(self, token: str, *, key: str, at: datetime | None = None) -> DoorAnswer:
        """Redeem a ticket: of all who ask at the same time, one is told `valid`.

        Args:
            token: what the QR code says.
            key: a random text that names this scan. Asking again under it gives the same answer.
            at: when the people went in, where that was before now; it is never later than now.

        Raises:
            InvalidInput: the key is blank or longer than 64 characters.
        """
        if not 0 < len(key) <= MAX_KEY_LENGTH:
            raise InvalidInput(f"The key of a scan is a text of at most {MAX_KEY_LENGTH} characters.", field="key")
        now = self._clock()
        went_in = now if at is None else min(at, now)
        while True:
            ticket = await self._find(token)
            if ticket is None:
                return DoorAnswer(Admission.unknown)
            if ticket.admission is Admission.valid:
                change = redeem_change(ticket, key=key, at=went_in, now=now)
                session_id = ticket.order.stripe_checkout_session_id
                order = (await self._changes.apply(session_id, change)).order
            else:
                order = ticket.order
            if order is None:  # somebody has deleted the row
                return DoorAnswer(Admission.unknown)
            if (redeemed := redeemed_at(order, ticket.product)) is not None:
                if ticket.admission in (Admission.valid, Admission.used):
                    mine = was_redeemed_by(order, ticket.product, key)
                    return DoorAnswer(Admission.valid if mine else Admission.used, ticket, redeemed)
                return DoorAnswer(ticket.admission, ticket, redeemed)
            if ticket.admission is not Admission.valid:
                return DoorAnswer(ticket.admission, ticket)
            # The order has changed since it was read, by a refund perhaps: look again.

    async def find(self, code: str) -> list[Ticket]:
        """Return the tickets of the order that a code names, as people type it; empty where there is none."""
        end = read_code(code)
        if end is None:
            return []
        orders = await answer(self._store.find(OrderQuery(text=end), limit=MAX_FOUND))
        return [ticket for order in orders if order.id.endswith(end) for ticket in await self._for_door(order)]

    async def list_of(self, products: Iterable[str] | None = None) -> list[Ticket]:
        """Return the tickets of all paid orders, for a door without a network.

        Args:
            products: for these; None: for all that have a showing.
        """
        wanted = None if products is None else frozenset(products)
        tickets: list[Ticket] = []
        offset = 0
        while orders := await answer(
            self._store.find(OrderQuery(statuses=(OrderStatus.paid,)), limit=PAGE, offset=offset)
        ):
            showings = await self.showings_of({product for order in orders for product in _not_known(order)})
            for order in orders:
                of_order = tickets_of(order, showings, await self._history(order))
                tickets += [each for each in of_order if (each.showing if wanted is None else each.product in wanted)]
            offset += len(orders)
        return tickets

    async def order_of_link(self, order_id: str, key: str) -> Order:
        """Return the order whose page has this address, as it is here.

        Raises:
            OrderLinkInvalid: there is no such order, or the key is another.
        """
        order = await answer(self._store.get_by_id(order_id)) if order_id.startswith("order_") else None
        if order is None or not is_link_key(order, key):
            raise OrderLinkInvalid
        return order

    async def request_receipt(self, order_id: str, source: Source) -> Order:
        """Ask for the receipt of an order once more; it is sent whenever the outbox is dispatched.

        Args:
            order_id: our order, `order_…`.
            source: who asks: `operator`, or `storefront` for the shopper, who may not ask as often.

        Raises:
            OrderNotFound: there is no such order.
            ReceiptNotSent: it has no receipt, or it was asked for too often.
        """
        found = await answer(self._store.get_by_id(order_id))
        if found is None:
            raise OrderNotFound
        change = receipt_request_change(self._clock(), source)
        order = (await self._changes.apply(found.stripe_checkout_session_id, change)).order
        assert order is not None
        return order

    async def _find(self, token: str) -> Ticket | None:
        order_id = order_id_of_token(token)
        order = await answer(self._store.get_by_id(order_id)) if order_id else None
        return ticket_of_token(await self._all_of(order), token) if order else None

    async def _for_door(self, order: Order) -> list[Ticket]:
        """Return an order's tickets as somebody at the door may see them: also before it is paid, and after a refund."""
        return [ticket for ticket in await self._all_of(order) if ticket.showing is not None]

    async def _all_of(self, order: Order) -> list[Ticket]:
        return tickets_of(order, await self.showings_of(_not_known(order)), await self._history(order))

    async def _history(self, order: Order) -> History:
        """Return what happened to an order of which something was refunded: a refund may have put seats back on sale."""
        if not order.amount_refunded:
            return History()
        return await answer(self._store.events(order.stripe_checkout_session_id))

    async def showings_of(self, products: set[str]) -> Mapping[str, Showing]:
        """Return the showings of those of the products that have one now, by product."""
        source = self._products
        if not products:
            return {}
        if isinstance(source, Catalog):  # is in memory, and does not block
            return source.showings(products)
        if not isinstance(source, ShowingSource):
            return {}
        showings: Callable[..., Any] = source.showings
        found: Mapping[str, Showing] = await calling.call(showings, sorted(products))
        return found


def _not_known(order: Order) -> set[str]:
    """Return the products of an order that does not itself say what they were bought for."""
    return {item.product for item in order.items} - bought_showings(order.metadata).keys()
