"""The sweeper: finds out what the webhook and the redirect did not say, and sees to what is still owed.

Webhooks get lost and shoppers close the tab before they are sent back. So Stripe's own list of events is read again
(https://docs.stripe.com/webhooks/process-undelivered-events), every order that has waited for too long is asked about,
and the outbox is emptied.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..config.logging import get_logger
from ..domain.errors import CheckoutError, SessionNotFound, StripeRejected, StripeUnavailable
from ..domain.orders import OrderStatus, Source
from ..domain.stripe_events import HEEDED, StripeEvent
from .checkout import Checkout
from .event_handlers import catch_up
from .outbox import dispatch

WAITING = (OrderStatus.pending, OrderStatus.processing)
"""What a sweep looks at."""

LOOK_BACK = timedelta(days=3)
"""How far back events are read: Stripe itself tries a webhook for so long. It keeps events for 30 days."""

WORKERS = 8
"""Round trips to Stripe at a time: at about 300 ms each this stays near the 25 a second of a test key."""

GIVES_UP_AFTER = 24
"""When Stripe leaves that many questions in a row unanswered, the rest is left to the next sweep."""

SEEDED = "cs_test_demo"
"""How the session ids of demo orders begin. Stripe never heard of them."""

_PAGE = 5_000
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reread:
    """What reading events again came to: how many were news, and how many could not be heeded yet."""

    news: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """What a sweep found.

    `outcomes` counts waiting orders by the status they have now, `problems` by an error's code. `missed` is how many
    events were news to us (None: Stripe's list could not be read), `delivered` how many orders had their consequences.
    """

    outcomes: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)
    missed: int | None = 0
    delivered: int = 0

    def __add__(self, other: "SweepSummary") -> "SweepSummary":
        """Both, as one: of two shops, say."""
        missed = None if self.missed is None or other.missed is None else self.missed + other.missed
        return SweepSummary(
            dict(Counter(self.outcomes) + Counter(other.outcomes)),
            dict(Counter(self.problems) + Counter(other.problems)),
            missed,
            self.delivered + other.delivered,
        )

    @property
    def asked(self) -> int:
        """How many orders the sweep was about."""
        return sum(self.outcomes.values()) + sum(self.problems.values())

    @property
    def waiting(self) -> int:
        """How many Stripe has not finished with."""
        return sum(self.outcomes.get(status, 0) for status in WAITING)

    @property
    def settled(self) -> int:
        """How many have reached an end."""
        return sum(self.outcomes.values()) - self.waiting

    @property
    def unavailable(self) -> int:
        """How many Stripe did not answer for; the next sweep asks again."""
        return self.problems.get(StripeUnavailable.code, 0)


def sweep(
    checkout: Checkout,
    *,
    older_than: timedelta,
    since: datetime | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    workers: int = WORKERS,
    now: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> SweepSummary:
    """Read the events since `since` again, settle all pending and processing orders, and dispatch the outbox.

    Orders and events younger than `older_than` are left alone. Safe to run at any time, twice, and in several
    processes at once: `settle` is. An order that fails is counted and the rest goes on. `progress` hears how many
    orders are done, of how many; it is called in this thread. `stop` is asked between orders.

    Raises:
        StoreBusy, StoreUnavailable: the orders could not even be listed.
    """
    now = now or datetime.now(UTC)
    until = now - older_than
    session_ids = waiting(checkout, until)
    reread = read_again(
        checkout, since=since or now - LOOK_BACK, until=until if older_than else None, workers=workers, stop=stop
    )
    outcomes, problems = settle_all(checkout, session_ids, progress=progress, workers=workers, stop=stop)
    return SweepSummary(outcomes, problems, None if reread is None else reread.news, dispatch(checkout, stop=stop))


def read_again(
    checkout: Checkout,
    *,
    since: datetime,
    until: datetime | None = None,
    workers: int = WORKERS,
    stop: Callable[[], bool] = lambda: False,
) -> Reread | None:
    """Heed what happened at Stripe since `since` if we have not. None: the list could not be read.

    Costs one round trip for every hundred events, and one more for each that says something our orders do not.
    """
    about: dict[str, list[StripeEvent]] = {}
    try:
        for event in checkout.gateway.events(HEEDED, since):
            subject = event.session_id or event.payment_intent_id
            if subject is not None and (until is None or event.created_at <= until):
                about.setdefault(subject, []).append(event)
    except (StripeUnavailable, StripeRejected) as error:
        log.warning("Stripe's events could not be read", error=error.code)
        return None

    def heed_all(events: Sequence[StripeEvent]) -> Counter[str]:
        found = Counter[str]()
        for event in reversed(events):  # Stripe lists the newest first
            if stop():
                break
            try:
                found["news"] += catch_up(checkout, event)
            except SessionNotFound:  # another shop's of this account
                continue
            except Exception as error:  # ours or Stripe's; the rest must not wait for it
                found["failed"] += 1
                log.warning("an event could not be heeded", stripe_event_id=event.id, error=type(error).__name__)
        return found

    with _pool(workers) as pool:
        found = sum(pool.map(heed_all, about.values()), Counter[str]())
    return Reread(found["news"], found["failed"])


def settle_all(
    checkout: Checkout,
    session_ids: Sequence[str],
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    workers: int = WORKERS,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[dict[str, int], dict[str, int]]:
    """Ask Stripe about orders that wait; gives how many are what now, and how many failed with which error's code."""
    outcomes: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    ask = _Asking(checkout)
    with _pool(workers) as pool:
        for done, future in enumerate(as_completed([pool.submit(ask, each) for each in session_ids]), start=1):
            if stop():
                break
            outcome, settled = future.result()
            (outcomes if settled else problems)[outcome] += 1
            progress(done, len(session_ids))
    return dict(outcomes), dict(problems)


class _Asking:
    """Settles one order after the other, from many threads, and notices when Stripe is down."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._unanswered = 0
        self._guard = threading.Lock()

    def __call__(self, session_id: str) -> tuple[str, bool]:
        """The order's status and True, or an error's code and False."""
        try:
            order = self._checkout.store.get(session_id)
            if order is not None and order.status not in WAITING:  # an event has told us meanwhile
                return order.status.value, True
            if self._unanswered >= GIVES_UP_AFTER:
                return StripeUnavailable.code, False
            order = self._checkout.settle(session_id, source=Source.settle)
        except CheckoutError as error:
            self._heard(not isinstance(error, StripeUnavailable))
            return error.code, False
        except Exception as error:  # a fault of ours; the rest must not wait for its mending
            log.exception("an order could not be settled", session_id=session_id, error=type(error).__name__)
            return CheckoutError.code, False
        self._heard(True)
        assert order is not None, "an order was there and orders are never deleted"
        return order.status.value, True

    def _heard(self, answered: bool) -> None:
        with self._guard:
            self._unanswered = 0 if answered else self._unanswered + 1


def waiting(checkout: Checkout, created_before: datetime) -> list[str]:
    """The sessions of orders that wait, without the demo's own. What moves between two pages is met by the next sweep."""
    found: dict[str, None] = {}
    offset = 0
    while page := checkout.store.find(statuses=WAITING, created_before=created_before, limit=_PAGE, offset=offset):
        session_ids = (order.stripe_checkout_session_id for order in page)
        found.update((each, None) for each in session_ids if not each.startswith(SEEDED))
        offset += len(page)
        if len(page) < _PAGE:
            break
    return list(found)


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that, when we are interrupted, finish what is under way and start nothing more."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="sweep")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
