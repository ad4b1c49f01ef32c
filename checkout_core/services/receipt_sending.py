"""Sends receipts: the one of a paid order, and the same once more when somebody asks for it."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from ..config.urls import Urls
from ..domain.events import OrderEvent
from ..domain.orders import Order
from ..domain.tickets import Ticket
from .tickets import Tickets


@runtime_checkable
class TicketReceipts(Protocol):
    """Receipts that show tickets: `Receipts` of `checkout_core.receipts.message`."""

    def details(self, order: Order, tickets: Sequence[Ticket], urls: Urls) -> Any:
        """Return what the receipt of an order says beside it."""
        ...

    def send(self, order: Order, key: str, details: Any) -> None:
        """Send the receipt under a key; it may block."""
        ...


class ReceiptSending:
    """The handlers that send receipts with the tickets of their orders.

    Args:
        receipts: makes and sends them.
        tickets: of the shop.
        urls: where the order's page and the door are.
    """

    def __init__(self, receipts: TicketReceipts, tickets: Tickets, urls: Urls) -> None:
        self._receipts = receipts
        self._tickets = tickets
        self._urls = urls

    async def paid(self, order: Order) -> None:
        """Send the receipt of a paid order, under the order's id: repeating it is the same message."""
        await self._send(order, order.id)

    async def again(self, order: Order, event: OrderEvent) -> None:
        """Send it once more, under the id of the request: mail programs show it as a message of its own."""
        await self._send(order, f"{order.id}-{event.id}")

    async def _send(self, order: Order, key: str) -> None:
        details = self._receipts.details(order, await self._tickets.of(order), self._urls)
        await asyncio.to_thread(self._receipts.send, order, key, details)
