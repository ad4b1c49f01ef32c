"""What the services ask of a store of orders."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from ..domain.errors import ConfigurationError
from ..domain.events import OUTBOX_EVENT_KINDS, Change, History, OrderEvent, OutboxEntry
from ..domain.orders import DEFAULT_SHOP, Order, OrderStatus, Oversold
from ..domain.stock import Hold, HoldState, StockLevel

CLAIM = timedelta(minutes=2)
"""How long an outbox entry belongs to whoever claimed it."""


class OrderSort(StrEnum):
    """Which orders a store returns first; of those that cost the same, the newest."""

    newest = "newest"
    oldest = "oldest"
    highest = "highest"
    lowest = "lowest"


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Which orders are meant; nothing given: all of them.

    Args:
        statuses: orders in one of these.
        text: looked for in id, session id, e-mail and name.
        shop: orders of this shop.
        created_before: orders created before this time (with a time zone).
        created_after: orders created at this time or later (with a time zone).
        metadata: orders whose metadata has this key with this text as its value.
        dispute_statuses: orders whose `dispute_status` is one of these.
        oversold: orders of which this is to be done, or was done, because not enough was available.
        personal: orders that have an e-mail address, a name or a phone number (True), or none of them (False).
        listed_after: orders that come after the one with this `created_at` and `id`, newest first: a page begins where the
            one before it has ended, however long the list is.
        currency: orders in this currency, in lower case.
        total_from: orders that cost this much or more, in minor units, whatever their currency.
        total_to: orders that cost this much or less.
        sort: which come first; by amounts, those in minor units are compared, whatever their currency.
    """

    statuses: tuple[OrderStatus, ...] = ()
    text: str | None = None
    shop: str | None = None
    created_before: datetime | None = None
    created_after: datetime | None = None
    metadata: tuple[str, str] | None = None
    dispute_statuses: tuple[str, ...] = ()
    oversold: tuple[Oversold, ...] = ()
    personal: bool | None = None
    listed_after: tuple[datetime, str] | None = None
    currency: str | None = None
    total_from: int | None = None
    total_to: int | None = None
    sort: OrderSort = OrderSort.newest


ALL_ORDERS = OrderQuery()


@dataclass(frozen=True, slots=True)
class Loss:
    """What a database has lost, as far as it can tell: its log was damaged, or an older copy is in its place.

    Args:
        orders: how many orders fewer it has than were written to it.
        events: the same for the events of all histories.
        noticed_at: when that was noticed.
    """

    orders: int
    events: int
    noticed_at: datetime

    def sentence(self) -> str:
        """Say for operators what is missing, and what becomes of it."""
        return (
            f"{self.orders:,} orders and {self.events:,} entries of histories fewer are in the order database than were "
            "written to it: its log was damaged or removed, or an older copy was put in its place. What was paid is made "
            "again from Stripe: the background worker reads all events of the last 30 days again, and so does "
            "`checkout reconcile`. What was entered in step 2 and not paid is in a backup at most."
        )


@dataclass(frozen=True, slots=True)
class HoldQuery:
    """Which holds of a shop are meant; nothing given: all of them.

    Args:
        states: holds in one of these.
        products: holds of one of these products.
        session_ids: holds of one of these sessions.
        expires_before: holds whose session ends before this time (with a time zone).
    """

    states: tuple[HoldState, ...] = ()
    products: tuple[str, ...] = ()
    session_ids: tuple[str, ...] = ()
    expires_before: datetime | None = None


ALL_HOLDS = HoldQuery()


class OrderStore(Protocol):
    """Keeps orders and their events. Every method may be called from many threads at once.

    Answers are futures, so that threads and event loops can both wait for them. A future raises:
        StoreBusy: another process held the database for longer than we wait.
        StoreUnavailable: the database cannot be opened, written or reached.
    """

    def update(self, session_id: str, change: Change) -> Future[Order | None]:
        """Apply `change` to the order of a session, atomically; once the answer is there it is durable.

        `change` runs in a thread of the store. Events may be written without an order (step 1 has none). An exception
        that `change` raises becomes the answer, and nothing is written. What the decision does to the stock is done in
        the same transaction; SoldOut becomes the answer where not enough is left.
        """
        ...

    def set_capacity(
        self, product: str, capacity: int | None, *, name: str, shop: str = DEFAULT_SHOP
    ) -> Future[StockLevel]:
        """Say how many there are of a product, and return its level.

        Args:
            product: the product's id.
            capacity: how many there are in all; None: any number can be sold.
            name: the product's.
            shop: whose it is.

        The future raises CapacityTooLow where more are sold and held.
        """
        ...

    def stock_levels(
        self, products: Collection[str] | None = None, *, shop: str = DEFAULT_SHOP
    ) -> Future[list[StockLevel]]:
        """Return the levels of a shop's products, or of some of them, by product; those that never had a capacity have none."""
        ...

    def holds(self, query: HoldQuery = ALL_HOLDS, *, limit: int = 100, shop: str = DEFAULT_SHOP) -> Future[list[Hold]]:
        """Return holds of a shop, first those that changed last."""
        ...

    def get(self, session_id: str) -> Future[Order | None]:
        """Return the order of a checkout session."""
        ...

    def get_by_id(self, order_id: str) -> Future[Order | None]:
        """Return the order of that id."""
        ...

    def find(self, query: OrderQuery = ALL_ORDERS, *, limit: int = 100, offset: int = 0) -> Future[list[Order]]:
        """Return a page of orders, newest first unless the query says otherwise."""
        ...

    def count(self, query: OrderQuery = ALL_ORDERS, *, limit: int | None = None) -> Future[int]:
        """Return how many orders there are; with `limit`, counting stops there."""
        ...

    def events(self, session_id: str) -> Future[History]:
        """Return what happened to the checkout of a session, in the order in which it was written."""
        ...

    def append(self, *events: OrderEvent) -> Future[None]:
        """Record events that change no order."""
        ...

    @property
    def has_transactions(self) -> bool:
        """Whether `run_in_transaction` works."""
        return False

    def run_in_transaction(
        self, event_id: str, handler: str, work: Callable[[Any], None], *, session_id: str | None = None
    ) -> Future[None]:
        """Do `work` in the transaction that notes the handler in its outbox entry: both are committed, or neither.

        A handler that is noted already is not run again. `work` may be called again after its transaction was rolled
        back.

        Args:
            event_id: the entry's.
            handler: its name.
            work: is given the connection, on which it may neither commit nor roll back.
            session_id: the entry's session, by which a database that is spread over servers finds it.

        The future raises what `work` raises, and ConfigurationError where this database cannot do it.
        """
        refused: Future[None] = Future()
        refused.set_exception(ConfigurationError("A transactional handler needs orders in PostgreSQL."))
        return refused

    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = CLAIM, shop: str | None = None
    ) -> Future[list[OutboxEntry]]:
        """Claim entries that are due, oldest first; nobody else is given them until `now + lease`.

        Of one order only the first entry is due, so that they are handled one after the other.

        `update` and `append` write an entry in the transaction of an event whose kind is in `OUTBOX_EVENT_KINDS`. An
        entry stays until `finish_outbox`: if whoever claimed it dies, the next claims it again.

        Args:
            now: entries that are due at this time (with a time zone).
            limit: how many at most.
            lease: how long they are claimed for.
            shop: of this shop; None: of all.

        Returns:
            The entries; `attempts` counts this one.
        """
        ...

    def finish_outbox(self, event_id: str, *, session_id: str | None = None) -> Future[None]:
        """Remove the entry of an event whose handlers have all run. Removing it again does nothing.

        Args:
            event_id: the entry's.
            session_id: the entry's session; without it a database that is spread over servers looks on all of them.
        """
        ...

    def retry_outbox(self, entry: OutboxEntry, *, error: str, due_at: datetime) -> Future[None]:
        """Keep an entry for later.

        Args:
            entry: as it stays: `handled` names the handlers that are not repeated.
            error: what went wrong.
            due_at: when the rest is due again.
        """
        ...

    def count_outbox(self, *, shop: str | None = None) -> Future[int]:
        """Return how many entries, of one shop or of all, are not finished, due or not."""
        ...

    def keep_note(self, kind: str, key: str, value: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        """Keep what a shop must not forget beside its orders; a note of that kind and key is replaced.

        Args:
            kind: what it is about, such as `cursor`.
            key: names it among those of its kind.
            value: any text.
            shop: whose it is.
        """
        ...

    def swap_note(self, kind: str, key: str, seen: str | None, value: str, *, shop: str = DEFAULT_SHOP) -> Future[bool]:
        """Replace a note if it is still what was seen, and return whether it was.

        Of several that do it at once one succeeds, so a note can say who does a piece of work.

        Args:
            kind: what it is about.
            key: names it among those of its kind.
            seen: what it must be; None: there must be none.
            value: any text.
            shop: whose it is.
        """
        ...

    def notes(self, kind: str, *, shop: str = DEFAULT_SHOP) -> Future[dict[str, str]]:
        """Return a shop's notes of a kind by their keys."""
        ...

    def forget_note(self, kind: str, key: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        """Remove a note. Removing it again does nothing."""
        ...

    def noticed_loss(self) -> Future[Loss | None]:
        """Return what this database has lost the last time that it was opened with fewer rows than were written to it.

        None where nothing was lost, and for databases that are no files of ours.
        """
        nothing: Future[Loss | None] = Future()
        nothing.set_result(None)
        return nothing

    def replace_details(self, session_id: str, details: Mapping[str, Mapping[str, Any]]) -> Future[None]:
        """Write other details on events that are recorded: only to erase a person from them.

        Args:
            session_id: the checkout session of the events.
            details: the new detail of each event, by the event's id.
        """
        ...

    def close(self) -> None:
        """Finish what is in flight and close the database. May be called twice."""
        ...


def outbox_events(events: Iterable[OrderEvent]) -> list[OrderEvent]:
    """Return those of `events` that get an outbox entry."""
    return [event for event in events if event.kind in OUTBOX_EVENT_KINDS and event.order_id is not None]


def handled_before(event: OrderEvent) -> list[str]:
    """Return the handlers that have run for an event already, in a database that was lost."""
    return sorted(map(str, event.detail.get("handled", ())))


def may_be_in_an_id(text: str) -> bool:
    """Whether ids of orders and sessions can contain `text`: most searches need not look at them."""
    return re.fullmatch(r"\w+", text, re.ASCII) is not None
