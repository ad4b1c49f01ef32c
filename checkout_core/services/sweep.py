"""The sweep: finds out what the webhook and the redirect did not report, and runs the handlers that are due.

Webhooks get lost and shoppers close the tab before they are sent back. So Stripe's own list of events is read again
(https://docs.stripe.com/webhooks/process-undelivered-events), every order that has waited for too long is reconciled,
and the outbox is dispatched.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from ..config import metrics
from ..config.logging import get_logger
from ..domain.disputes import OPEN_DISPUTE_STATUSES
from ..domain.errors import CheckoutError, SessionNotFound, StripeRejected, StripeUnavailable
from ..domain.events import Source
from ..domain.orders import Order, OrderStatus
from ..domain.ownership import Mark
from ..domain.stripe_events import StripeEvent
from ..gateway import StripeGateway
from ..gateway.stripe_gateway import EVENTS_PER_PAGE
from ..stores.base import Loss, OrderQuery, OrderStore
from ..stores.futures import answer
from .event_handlers import HANDLED_EVENT_TYPES, EventHandlers
from .event_reading import LOOK_BACK, MAX_REMEMBERED, OVERLAP, STRIPE_KEEPS, EventCursor, EventReading, Unfinished
from .outbox import Outbox
from .reconcile import Clock, Reconciler
from .shared_pace import SharedPace
from .shared_work import SharedWork

WAITING = (OrderStatus.pending, OrderStatus.processing)
"""The statuses of orders that Stripe has not finished with."""

DISPUTED = "disputed"
"""What a sweep's outcome is called for an order that has a final status and an open dispute."""

CONCURRENT_CALLS = 8
"""Round trips to Stripe at a time: at about 300 ms each this stays near the 25 a second of a test key."""

BACKGROUND_CALLS = 4
"""The same for a background worker, whose calls keep to a pace besides."""

MAX_UNANSWERED = 24
"""When Stripe leaves that many questions in a row unanswered, the rest is left to the next sweep."""

DEMO_SESSION_PREFIX = "cs_test_demo"
"""How the session ids of demo orders begin. Stripe never heard of them."""

PAID_EVENT_TYPES = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
"""What Stripe says of a session that was paid."""

ORDERS_PER_PAGE = 5_000

SESSION_OVER = timedelta(minutes=10)
"""For so long after its session is over an order is left to the webhook and to Stripe's list of events."""

MAX_SESSION = timedelta(hours=24)
"""How long a session can be open at most (https://docs.stripe.com/api/checkout/sessions/create)."""

ASK_ALL_EVERY = timedelta(hours=24)
"""How often all orders are asked about that still wait although their session is over."""

ASK_UNREAD_EVERY = timedelta(hours=1)
"""How often all waiting orders are asked about while Stripe's events cannot be read."""

ASKED_UNTIL, ALL_DUE, UNREAD_DUE = "asked_until", "all_due", "unread_due"
"""What the turn of the sweep keeps: up to when sessions that are over were asked about, and when others are due."""

T = TypeVar("T")
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What replaying events came to: how many changed an order, and how many could not be handled.

    `failures` has the class of the error by the event's id.
    """

    new: int = 0
    failed: int = 0
    failures: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """What a sweep found.

    `outcomes` counts waiting orders by the status they have now (`DISPUTED`: all but a dispute is finished), `problems`
    by an error's code. `new_events` is how
    many events changed an order (None: Stripe's list could not be read), `dispatched` for how many orders all handlers
    have run. `warnings` are sentences for operators about events that were not read or cannot be handled.
    """

    outcomes: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)
    new_events: int | None = 0
    dispatched: int = 0
    warnings: tuple[str, ...] = ()

    def __add__(self, other: "SweepSummary") -> "SweepSummary":
        """Add up the summaries of two shops."""
        new_events = None if self.new_events is None or other.new_events is None else self.new_events + other.new_events
        return SweepSummary(
            dict(Counter(self.outcomes) + Counter(other.outcomes)),
            dict(Counter(self.problems) + Counter(other.problems)),
            new_events,
            self.dispatched + other.dispatched,
            self.warnings + other.warnings,
        )

    @property
    def asked(self) -> int:
        """How many orders the sweep was about."""
        return sum(self.outcomes.values()) + sum(self.problems.values())

    @property
    def waiting(self) -> int:
        """How many orders Stripe has not finished with."""
        return sum(self.outcomes.get(status, 0) for status in (*WAITING, DISPUTED))

    @property
    def finished(self) -> int:
        """How many orders have reached a final status."""
        return sum(self.outcomes.values()) - self.waiting

    @property
    def unavailable(self) -> int:
        """For how many orders Stripe did not answer; the next sweep asks again."""
        return self.problems.get(StripeUnavailable.code, 0)


Progress = Callable[[int, int], None]
"""Called with how many orders are done, of how many."""


class Sweeper:
    """Sweeps one shop. `session_length` is how long a session is open that the application says nothing else about."""

    def __init__(
        self,
        *,
        gateway: StripeGateway,
        store: OrderStore,
        reconciler: Reconciler,
        event_handlers: EventHandlers,
        outbox: Outbox,
        cursor: EventCursor,
        mark: Mark,
        clock: Clock,
        session_length: timedelta = MAX_SESSION,
    ) -> None:
        self._session_length = session_length
        self._cursor = cursor
        self._mark = mark
        self._gateway = gateway
        self._store = store
        self._reconciler = reconciler
        self._event_handlers = event_handlers
        self._outbox = outbox
        self._clock = clock
        self.pace = SharedPace(store, gateway.pace, clock)

    async def sweep(
        self,
        *,
        older_than: timedelta,
        since: datetime | None = None,
        progress: Progress = lambda done, total: None,
        concurrent: int = CONCURRENT_CALLS,
        stop: Callable[[], bool] = lambda: False,
    ) -> SweepSummary:
        """Replay events, reconcile all orders that wait, and dispatch the outbox.

        Pending and processing orders wait, and those with a dispute that a bank has not decided: what Stripe told of it
        may be older than its list of events.

        Safe to run at any time, twice, and in several processes at once: reconciling is. An order that fails is counted
        and the rest goes on.

        Args:
            older_than: orders and events that are younger are left alone.
            since: events are read from this time on; unless given, from where they were read last time, and at least
                three days back. Before what Stripe keeps of its events, its sessions are looked at.
            progress: hears how many orders are done.
            concurrent: round trips to Stripe at a time.
            stop: asked between orders.

        Raises:
            StoreError: the orders could not even be listed.
        """
        now = self._clock()
        until = now - older_than
        session_ids = await self.waiting(until)
        loss = (await self.reading()).loss
        replay = await self.catch_up(
            since=since,
            look_back=LOOK_BACK,
            until=until if older_than else None,
            concurrent=concurrent,
            stop=stop,
        )
        if since is not None and since < now - STRIPE_KEEPS:
            replay = _together(replay, await self.replay_sessions(since, concurrent=concurrent, stop=stop))
        outcomes, problems = await self.reconcile_all(session_ids, progress=progress, concurrent=concurrent, stop=stop)
        dispatched = await self._outbox.dispatch(stop=stop)
        after = await self.reading()
        # Whoever swept by hand reads it.
        made_good = (loss.sentence(),) if loss is not None and after.loss is None else ()
        warnings = (*made_good, *after.warnings())
        return SweepSummary(outcomes, problems, None if replay is None else replay.new, dispatched, warnings)

    async def reading(self) -> EventReading:
        """Return how far Stripe's events were read, and what is not right about it."""
        return await self._cursor.reading()

    async def catch_up(
        self,
        *,
        since: datetime | None = None,
        look_back: timedelta = timedelta(0),
        until: datetime | None = None,
        concurrent: int = CONCURRENT_CALLS,
        stop: Callable[[], bool] = lambda: False,
    ) -> ReplayResult | None:
        """Handle what happened at Stripe since its events were read last, and note how far they are read now.

        An event that cannot be handled is noted and tried by itself from then on. Two processes that do this at once
        read the same events, which is harmless.

        Args:
            since: the earliest event; None: from where events were read last.
            look_back: how far back they are read at least.
            until: the latest event; None: up to now.
            concurrent: round trips to Stripe at a time.
            stop: asked between events.

        Returns:
            What came of it, or None when Stripe's list could not be read.
        """
        now = self._clock()
        loss = await self._cursor.loss()
        before = await self._cursor.unfinished() if since is None and not look_back else None
        again = await self._replay_unhandled(stop)
        if before is not None and before.loss == _noticed(loss):
            return _together(await self._finish_reading(before, loss, concurrent, stop), again)
        begin = await self._cursor.begin(now)
        read_until = (await self._cursor.reading()).read_until
        by_cursor = since is None and not look_back and until is None
        goes_on = by_cursor and read_until is not None and begin == read_until - OVERLAP
        reading = _Reading(
            since=min(begin, now - look_back) if since is None else since,
            until=until,
            known=await self._cursor.newest() if goes_on else [],
            resumes_at=now if by_cursor else None,
            loss=_noticed(loss),
        )
        replay = await self._replay_pages(reading, concurrent, stop)
        if replay is None:
            return None
        noted = await self._cursor.note_failures(replay.failures, now)
        if noted and not stop() and (since is None or since <= begin):
            await self._cursor.move(until or now, compared=loss)
            await self._cursor.forget_unfinished()
            if by_cursor:
                await self._cursor.remember_newest(reading.newest)
        return _together(replay, again)

    async def _finish_reading(
        self, before: Unfinished, loss: Loss | None, concurrent: int, stop: Callable[[], bool]
    ) -> ReplayResult | None:
        """Read on where a long reading was interrupted; what came since then is read in the next round."""
        reading = _Reading(before.since, None, before=before.after, resumes_at=before.until, loss=before.loss)
        try:
            replay = await self._replay_pages(reading, concurrent, stop)
        except StripeRejected:  # Stripe has forgotten the event: so it has all that is older
            replay = ReplayResult()
        if replay is not None and await self._cursor.note_failures(replay.failures, self._clock()) and not stop():
            await self._cursor.move(before.until, compared=loss)
            await self._cursor.forget_unfinished()
        return replay

    async def missing_orders(self) -> int:
        """Return how many paid sessions of this shop are older than the database, which does not know of them.

        More than 0 means that this database is not the one that had their orders: a folder that is gone, a volume that
        was mounted late. It is only looked at before events were read for the first time.
        """
        reading = await self._cursor.reading()
        # After a loss, orders are missing for that reason.
        if reading.read_until is not None or reading.loss is not None:
            return 0
        missing: dict[str, datetime] = {}
        async for event in self._gateway.events(PAID_EVENT_TYPES, self._clock() - STRIPE_KEEPS):
            marked = event.session_metadata is not None and self._mark.is_on(event.session_metadata)
            if marked and event.session_id is not None and event.implied is OrderStatus.paid:
                missing[event.session_id] = event.created_at
        for session_id in list(missing):
            order, history = await answer(self._store.get(session_id)), await answer(self._store.events(session_id))
            if order is not None or history:
                del missing[session_id]
        if not missing:
            return 0
        older = await answer(self._store.count(OrderQuery(created_before=max(missing.values())), limit=1))
        return 0 if older else len(missing)

    async def replay_sessions(
        self,
        since: datetime,
        *,
        concurrent: int = CONCURRENT_CALLS,
        stop: Callable[[], bool] = lambda: False,
    ) -> ReplayResult | None:
        """Look at every completed session since a time, however long ago: for what Stripe has no events of any more.

        Args:
            since: when the oldest was created.
            concurrent: round trips to Stripe at a time.
            stop: asked between sessions.

        Returns:
            How many orders changed, or None when Stripe's list could not be read.
        """
        session_ids: list[str] = []
        try:
            async for session in self._gateway.completed_sessions(since):
                if self._mark.owns(session):
                    session_ids.append(session.id)
        except (StripeUnavailable, StripeRejected) as error:
            log.warning("Stripe's sessions could not be read", error=error.code)
            return None
        found, failures = Counter[str](), dict[str, str]()

        async def look(session_id: str) -> None:
            if stop():
                return
            try:
                before = await answer(self._store.get(session_id))
                after = (await self._reconciler.reconcile(session_id, source=Source.reconcile)).order
            except Exception as error:  # ours or Stripe's; the rest must not wait for it
                failures[session_id] = type(error).__name__
                return
            found["new"] += after is not None and (before is None or after.version > before.version)

        await _for_each(session_ids, look, concurrent)
        if not failures and not stop():
            await self._cursor.close_gap(since)
        return ReplayResult(found["new"], len(failures), failures)

    async def _replay_unhandled(self, stop: Callable[[], bool]) -> ReplayResult:
        """Try the events again that could not be handled, each by itself."""
        found, failures = Counter[str](), dict[str, str]()
        for unhandled in (await self._cursor.reading()).unhandled:
            if stop():
                break
            try:
                event = await self._gateway.event(unhandled.id)
            except StripeRejected:  # Stripe has forgotten it
                log.error("a Stripe event was never handled, and Stripe has forgotten it", stripe_event_id=unhandled.id)
                await self._cursor.forget_failure(unhandled.id)
                continue
            except StripeUnavailable:
                break
            new, error = await self._replay(event)
            found["new"] += new
            if error:
                failures[unhandled.id] = error
            else:
                await self._cursor.forget_failure(unhandled.id)
        await self._cursor.note_failures(failures, self._clock())
        return ReplayResult(found["new"], len(failures), failures)

    async def replay_events(
        self,
        *,
        since: datetime,
        until: datetime | None = None,
        concurrent: int = CONCURRENT_CALLS,
        stop: Callable[[], bool] = lambda: False,
    ) -> ReplayResult | None:
        """Handle what happened at Stripe from `since` to `until`, where we have not.

        Costs one round trip for every hundred events, and one more for each that says what our orders do not.

        Args:
            since: the earliest event.
            until: the latest event; None: up to now.
            concurrent: round trips to Stripe at a time.
            stop: asked between events.

        Returns:
            What came of it, or None when Stripe's list could not be read.
        """
        return await self._replay_pages(_Reading(since, until), concurrent, stop)

    async def _replay_pages(
        self, reading: "_Reading", concurrent: int, stop: Callable[[], bool]
    ) -> ReplayResult | None:
        """Handle events page by page as they are listed, newest first: handlers ask Stripe what is true now.

        No more than a page is held in memory, and after each the place is noted.
        """
        found, failures, page = Counter[str](), dict[str, str](), list[StripeEvent]()
        more = {"before": reading.before} if reading.before else {}
        try:
            async with aclosing(self._gateway.events(HANDLED_EVENT_TYPES, reading.since, **more)) as events:
                async for event in events:
                    page.append(event)
                    if len(page) < EVENTS_PER_PAGE:
                        continue
                    if stop() or reading.knows(page):
                        page.clear()
                        break
                    await self._replay_page(reading.unknown(page), found, failures, concurrent, stop)
                    if reading.resumes_at is not None and not failures and not stop():
                        place = Unfinished(reading.since, reading.resumes_at, page[-1].id, reading.loss)
                        await self._cursor.note_unfinished(place)
                    page.clear()
            await self._replay_page(reading.unknown(page), found, failures, concurrent, stop)
        except (StripeUnavailable, StripeRejected) as error:
            log.warning("Stripe's events could not be read", error=error.code)
            return None
        return ReplayResult(found["new"], len(failures), failures)

    async def _replay_page(
        self,
        page: Sequence[StripeEvent],
        found: Counter[str],
        failures: dict[str, str],
        concurrent: int,
        stop: Callable[[], bool],
    ) -> None:
        """Handle the events of a page, those of one subject oldest first.

        Args:
            page: newest first.
            found: counts those that changed an order.
            failures: gets the class of the error by the event's id.
            concurrent: how many subjects at a time.
            stop: asked between events.
        """
        by_subject: dict[str, list[StripeEvent]] = {}
        for event in page:
            subject = event.session_id or event.payment_intent_id
            if subject is not None:
                by_subject.setdefault(subject, []).append(event)

        async def replay_all(events: Sequence[StripeEvent]) -> None:
            for event in reversed(events):
                if stop():
                    break
                new, error = await self._replay(event)
                found["new"] += new
                if error:
                    failures[event.id] = error

        await _for_each(by_subject.values(), replay_all, concurrent)

    async def _replay(self, event: StripeEvent) -> tuple[bool, str]:
        """Return whether an event changed an order, and the class of the error when it could not be handled."""
        new, error = False, ""
        try:
            new = await self._event_handlers.replay(event)
        except SessionNotFound:  # another shop's of this account
            pass
        except Exception as failure:  # ours or Stripe's; the rest must not wait for it
            error = type(failure).__name__
            log.warning("an event could not be handled", stripe_event_id=event.id, error=error)
        metrics.replayed(error or ("new" if new else "unchanged"))
        return new, error

    async def reconcile_all(
        self,
        session_ids: Sequence[str],
        *,
        progress: Progress = lambda done, total: None,
        concurrent: int = CONCURRENT_CALLS,
        stop: Callable[[], bool] = lambda: False,
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Reconcile waiting orders.

        Args:
            session_ids: the sessions of the orders.
            progress: hears how many are done.
            concurrent: round trips to Stripe at a time.
            stop: asked between orders.

        Returns:
            How many orders have which status now, and how many failed with which error's code.
        """
        outcomes: Counter[str] = Counter()
        problems: Counter[str] = Counter()
        attempts = _Attempts(self._store, self._reconciler)

        async def reconcile_one(session_id: str) -> None:
            if stop():
                return
            outcome, succeeded = await attempts.reconcile(session_id)
            (outcomes if succeeded else problems)[outcome] += 1
            progress(outcomes.total() + problems.total(), len(session_ids))

        await _for_each(session_ids, reconcile_one, concurrent)
        return dict(outcomes), dict(problems)

    def shared(self, every: timedelta) -> SharedWork:
        """Return the sweep as work that the processes of a database do once; `every` is how often."""
        return SharedWork(self._store, "sweep", self._clock, every=every)

    async def ask_waiting(
        self, state: dict[str, str], now: datetime, *, events_were_read: bool, stop: Callable[[], bool]
    ) -> None:
        """Ask about the waiting orders for which it is time: each when its session is over, and then once a day.

        Until then Stripe's events tell what happened. While they cannot be read, all are asked about.

        Args:
            state: what was kept of the last time; it is brought up to date.
            now: the time now.
            events_were_read: whether Stripe's list of events could be read in this round.
            stop: asked between orders.
        """
        if not events_were_read:
            if _is_due(state, UNREAD_DUE, now, ASK_UNREAD_EVERY):
                state[UNREAD_DUE] = (now + ASK_UNREAD_EVERY).isoformat()
                await self._ask(_waiting_before(now - SESSION_OVER), stop)
            return
        asked_until = datetime.fromisoformat(state[ASKED_UNTIL]) if ASKED_UNTIL in state else None
        if asked_until is not None and asked_until > now:  # a clock was wrong
            asked_until = None
        answered = True
        ages = sorted({self._session_length + SESSION_OVER, MAX_SESSION + SESSION_OVER})
        for age in ages if asked_until else ages[:1]:
            since = asked_until and asked_until - age
            over = OrderQuery(statuses=WAITING, created_before=now - age, created_after=since)
            answered &= await self._ask([over], stop)
        if answered and not stop():
            state[ASKED_UNTIL] = now.isoformat()
        if ALL_DUE not in state:
            state[ALL_DUE] = (now + ASK_ALL_EVERY).isoformat()
        elif _is_due(state, ALL_DUE, now, ASK_ALL_EVERY):
            state[ALL_DUE] = (now + ASK_ALL_EVERY).isoformat()
            await self._ask(_waiting_before(now - MAX_SESSION), stop)

    async def _ask(self, queries: Iterable[OrderQuery], stop: Callable[[], bool]) -> bool:
        """Reconcile the orders that are meant, page by page; return whether Stripe has answered for each."""
        unavailable = 0
        for query in queries:
            async for page in self._pages(query):
                _, problems = await self.reconcile_all(page, concurrent=BACKGROUND_CALLS, stop=stop)
                unavailable += problems.get(StripeUnavailable.code, 0)
                if stop() or unavailable >= MAX_UNANSWERED:
                    return False
        return not unavailable

    async def waiting(self, created_before: datetime) -> list[str]:
        """Return the sessions of orders that Stripe or a bank has not finished with, without demo orders."""
        found: dict[str, None] = {}
        for query in _waiting_before(created_before):
            async for page in self._pages(query):
                found.update(dict.fromkeys(page))
        return list(found)

    async def _pages(self, query: OrderQuery) -> AsyncIterator[list[str]]:
        """Give the sessions of orders page by page, without demo orders. A page begins where the one before it has ended."""
        while page := await answer(self._store.find(query, limit=ORDERS_PER_PAGE)):
            session_ids = (order.stripe_checkout_session_id for order in page)
            yield [each for each in session_ids if not each.startswith(DEMO_SESSION_PREFIX)]
            if len(page) < ORDERS_PER_PAGE:
                break
            query = replace(query, listed_after=(page[-1].created_at, page[-1].id))


@dataclass(slots=True)
class _Reading:
    """One reading of Stripe's events.

    Args:
        since: the earliest event.
        until: the latest; None: up to now.
        known: the ids of the newest events that were read before; they are not handled again.
        before: the event after which the list is read on.
        resumes_at: up to when events are read when this reading is finished; None: its place is not kept.
        loss: when the loss was noticed for which events are read, if there was one.
    """

    since: datetime
    until: datetime | None
    known: Sequence[str] = ()
    before: str | None = None
    resumes_at: datetime | None = None
    loss: str = ""
    newest: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.newest = list(self.known)

    def knows(self, page: Sequence[StripeEvent]) -> bool:
        """Whether all events of a page were read before: then so was what is older."""
        return {event.id for event in page} <= {*self.known}

    def unknown(self, page: Sequence[StripeEvent]) -> list[StripeEvent]:
        """Return the events of a page that are to be handled, and remember them among the newest."""
        known = {*self.known}
        events = [event for event in page if event.id not in known]
        room = max(0, MAX_REMEMBERED - (len(self.newest) - len(self.known)))
        at = len(self.newest) - len(self.known)
        self.newest[at:at] = [event.id for event in events[:room]]
        return [event for event in events if self.until is None or event.created_at <= self.until]


def _noticed(loss: Loss | None) -> str:
    return loss.noticed_at.isoformat() if loss is not None else ""


def _waiting_before(created_before: datetime) -> tuple[OrderQuery, OrderQuery]:
    return (
        OrderQuery(statuses=WAITING, created_before=created_before),
        OrderQuery(dispute_statuses=OPEN_DISPUTE_STATUSES, created_before=created_before),
    )


def _is_due(state: Mapping[str, str], name: str, now: datetime, every: timedelta) -> bool:
    """Whether something is due that is done so often; a time that is further away was written by a wrong clock."""
    due_at = datetime.fromisoformat(state[name]) if name in state else now
    return not now < due_at <= now + every


class _Attempts:
    """Reconciles many orders at a time, and notices when Stripe does not answer."""

    def __init__(self, store: OrderStore, reconciler: Reconciler) -> None:
        self._store = store
        self._reconciler = reconciler
        self._unanswered = 0

    async def reconcile(self, session_id: str) -> tuple[str, bool]:
        """Return the order's status and True, or an error's code and False."""
        try:
            order = await answer(self._store.get(session_id))
            if order is not None and not _waits(order):  # an event has been handled meanwhile
                return _outcome(order), True
            if self._unanswered >= MAX_UNANSWERED:
                return StripeUnavailable.code, False
            order = (await self._reconciler.reconcile(session_id, source=Source.reconcile)).order
        except CheckoutError as error:
            self._unanswered = self._unanswered + 1 if isinstance(error, StripeUnavailable) else 0
            return error.code, False
        except Exception as error:  # a fault of ours; the other orders must not wait for its repair
            log.exception("an order could not be reconciled", session_id=session_id, error=type(error).__name__)
            return CheckoutError.code, False
        self._unanswered = 0
        assert order is not None, "an order was there and orders are never deleted"
        return _outcome(order), True


def _together(one: ReplayResult | None, other: ReplayResult | None) -> ReplayResult | None:
    if one is None or other is None:
        return None
    failures = {**one.failures, **other.failures}
    return ReplayResult(one.new + other.new, len(failures), failures)


def _waits(order: Order) -> bool:
    return order.status in WAITING or order.dispute_status in OPEN_DISPUTE_STATUSES


def _outcome(order: Order) -> str:
    return DISPUTED if order.status not in WAITING and _waits(order) else order.status.value


async def _for_each(items: Iterable[T], work: Callable[[T], Awaitable[None]], concurrent: int) -> None:
    """Do `work` for every item, so many at a time; when one raises or we are cancelled, the others are cancelled too."""
    remaining = iter(items)

    async def take_turns() -> None:
        for item in remaining:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrent):
                group.create_task(take_turns())
    except BaseExceptionGroup as errors:  # the caller's `progress` or `stop` raised: it gets its own error back
        raise errors.exceptions[0] from None
