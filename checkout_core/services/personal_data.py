"""What is kept of a person: shown to them, and erased when they ask or when it is old enough.

An erasure blanks who bought and keeps what was bought and paid. It is written on the session at Stripe, so no sweep
brings the person back, and on a list in the data folder, so it is done again after a restore. The list has digests of
session ids and nothing else.
"""

import asyncio
import os
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from ..config.logging import get_logger
from ..domain.errors import SessionNotFound, StripeRejected
from ..domain.events import Source
from ..domain.orders import Order
from ..domain.ownership import ERASED, is_reserved
from ..domain.personal import blanked, erase_change, is_of, names_of, search_texts, session_digest
from ..gateway import StripeGateway
from ..stores.base import OrderQuery, OrderStore
from ..stores.futures import answer
from .order_changes import OrderChanges
from .reconcile import Clock

ERASURES = "erased"
"""The kind of the notes, and the name of the list in the data folder."""
ORDERS_PER_PAGE = 500

log = get_logger(__name__)


class PersonalData:
    """Finds, exports and erases what one shop keeps of a person.

    Args:
        gateway: the shop's Stripe account.
        store: the shop's orders.
        changes: applies changes to them.
        clock: returns the time now, with a time zone.
        data_dir: the folder with `outbox/` and the list of erasures.
    """

    def __init__(
        self, gateway: StripeGateway, store: OrderStore, changes: OrderChanges, clock: Clock, data_dir: Path
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._changes = changes
        self._clock = clock
        self._letters = data_dir / "outbox"
        self._list = data_dir / ERASURES

    async def orders_of(self, person: str) -> list[Order]:
        """Return the orders of an e-mail address, or the order of that id."""
        if "@" not in person:
            order = await answer(self._store.get_by_id(person))
            return [order] if order else []
        found: dict[str, Order] = {}
        for text in search_texts(person):
            offset = 0
            while page := await answer(self._store.find(OrderQuery(text=text), limit=ORDERS_PER_PAGE, offset=offset)):
                found.update((order.id, order) for order in page if is_of(order, person))
                offset += len(page)
        return list(found.values())

    async def export(self, email: str) -> dict[str, Any]:
        """Return all that is kept of a person, as JSON values."""
        orders = await self.orders_of(email)
        return {
            "e-mail": email,
            "orders": [
                {
                    **order.model_dump(mode="json"),
                    "history": [
                        event.model_dump(mode="json")
                        for event in await answer(self._store.events(order.stripe_checkout_session_id))
                    ],
                    "letters": [path.name for path in self._letters_of(order)],
                }
                for order in orders
            ],
        }

    async def erase(self, order: Order, *, source: Source = Source.operator) -> None:
        """Erase the person from an order, its history, its letters, and from what sweeps take over from Stripe.

        What Stripe itself keeps is erased there: https://docs.stripe.com/privacy/redaction. Safe to repeat.

        Raises:
            StripeUnavailable: Stripe did not answer and nothing was erased; repeat it.
            StoreError: the store did not answer; repeat it.
        """
        session_id = order.stripe_checkout_session_id
        await self._mark(session_id)
        digest = session_digest(session_id)
        await asyncio.to_thread(self._add_to_list, digest)
        await answer(self._store.keep_note(ERASURES, digest, self._clock().isoformat()))
        await self._blank(order, source)
        log.info("person erased", order_id=order.id)

    async def erase_older(self, age: timedelta, *, limit: int = ORDERS_PER_PAGE) -> int:
        """Erase the persons of orders that are older than `age`, of at most `limit` orders; return of how many."""
        query = OrderQuery(created_before=self._clock() - age, personal=True)
        orders = await answer(self._store.find(query, limit=limit))
        for order in orders:
            await self._blank(order, Source.reconcile)
        if orders:
            log.info("persons of old orders erased", orders=len(orders))
        return len(orders)

    async def erase_again(self) -> int:
        """Erase after a restore what had been erased before it; return of how many orders."""
        notes = await answer(self._store.notes(ERASURES))
        listed = {*await asyncio.to_thread(self._read_list), *notes}
        if not listed:
            return 0
        erased, offset = 0, 0
        while page := await answer(self._store.find(OrderQuery(personal=True), limit=ORDERS_PER_PAGE, offset=offset)):
            again = [order for order in page if session_digest(order.stripe_checkout_session_id) in listed]
            for order in again:
                await self._blank(order, Source.operator)
                digest = session_digest(order.stripe_checkout_session_id)
                await answer(self._store.keep_note(ERASURES, digest, self._clock().isoformat()))
            erased += len(again)
            offset += len(page) - len(again)
        return erased

    async def _mark(self, session_id: str) -> None:
        try:
            session = await self._gateway.retrieve_session(session_id)
            own = {key: "" for key in session.metadata if not is_reserved(key)}
            await self._gateway.set_metadata(session_id, {**own, ERASED: f"{self._clock():%Y-%m-%d}"})
        except (SessionNotFound, StripeRejected) as error:  # then no sweep can bring anything back
            log.warning("an erasure cannot be noted at Stripe", session_id=session_id, error=error.code)

    async def _blank(self, order: Order, source: Source) -> None:
        session_id = order.stripe_checkout_session_id
        names = names_of(order)
        history = await answer(self._store.events(session_id))
        details = {event.id: blanked(event.detail, names) for event in history}
        changed = {event.id: details[event.id] for event in history if details[event.id] != event.detail}
        await answer(self._store.replace_details(session_id, changed))
        await self._changes.apply(session_id, erase_change(self._clock(), source))
        for path in self._letters_of(order):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    def _letters_of(self, order: Order) -> Sequence[Path]:
        """Return the letters of an order; the PDF is in them."""
        return sorted(self._letters.glob(f"{order.id}*")) if self._letters.is_dir() else []

    def _add_to_list(self, digest: str) -> None:
        if digest in self._read_list():
            return
        self._list.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self._list, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
            file.write(f"{digest}\n")
            file.flush()
            os.fsync(file.fileno())

    def _read_list(self) -> Collection[str]:
        try:
            return self._list.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return ()
