"""The sweeper: asks Stripe about every order that has been waiting for too long.

Webhooks get lost and shoppers close the tab before they are sent back. What both would have said is asked here.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .checkout import Checkout
from .errors import CheckoutError, StripeUnavailable
from .orders import OrderStatus, Source

WAITING = (OrderStatus.pending, OrderStatus.processing)
"""What a sweep looks at."""

WORKERS = 8
"""Round trips to Stripe at a time: at about 300 ms each this stays near the 25 a second of a test key."""

GIVES_UP_AFTER = 24
"""When Stripe leaves that many questions in a row unanswered, the rest is left to the next sweep."""

_PAGE = 5_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """What a sweep found. `outcomes` counts orders by the status they have now, `problems` by an error's code."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)

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
    progress: Callable[[int, int], None] = lambda done, total: None,
    workers: int = WORKERS,
    now: datetime | None = None,
) -> SweepSummary:
    """Settle all pending and processing orders that were made longer than `older_than` ago.

    Safe to run at any time, twice, and in several processes at once: `settle` is. An order that fails is counted and
    the rest goes on. `progress` hears how many orders are done, of how many; it is called in this thread.

    Raises:
        StoreBusy, StoreUnavailable: the orders could not even be listed.
    """
    session_ids = _waiting(checkout, (now or datetime.now(UTC)) - older_than)
    outcomes: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    ask = _Asking(checkout)
    with _pool(workers) as pool:
        for done, future in enumerate(as_completed([pool.submit(ask, each) for each in session_ids]), start=1):
            outcome, settled = future.result()
            (outcomes if settled else problems)[outcome] += 1
            progress(done, len(session_ids))
    return SweepSummary(dict(outcomes), dict(problems))


class _Asking:
    """Settles one order after the other, from many threads, and notices when Stripe is down."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._unanswered = 0
        self._guard = threading.Lock()

    def __call__(self, session_id: str) -> tuple[str, bool]:
        """The order's status and True, or an error's code and False."""
        if self._unanswered >= GIVES_UP_AFTER:
            return StripeUnavailable.code, False
        try:
            order = self._checkout.settle(session_id, source=Source.settle)
        except CheckoutError as error:
            self._heard(not isinstance(error, StripeUnavailable))
            return error.code, False
        except Exception:
            _log.exception("An order could not be settled.")  # a fault of ours; the rest must not wait for its mending
            return CheckoutError.code, False
        self._heard(True)
        assert order is not None, "an order was there and orders are never deleted"
        return order.status.value, True

    def _heard(self, answered: bool) -> None:
        with self._guard:
            self._unanswered = 0 if answered else self._unanswered + 1


def _waiting(checkout: Checkout, created_before: datetime) -> list[str]:
    """The sessions of waiting orders. What moves between two pages is met by the next sweep."""
    found: dict[str, None] = {}
    offset = 0
    while page := checkout.store.find(statuses=WAITING, created_before=created_before, limit=_PAGE, offset=offset):
        found.update((order.stripe_checkout_session_id, None) for order in page)
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
