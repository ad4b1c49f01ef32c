"""The keeper: a thread that sweeps for as long as a program runs, so that nobody has to."""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from ..config import metrics
from ..config.logging import get_logger
from .checkout import Checkout
from .outbox import FIRST_RETRY, dispatch
from .sweep import LOOK_BACK, read_again, settle_all, waiting

WAITING_EVERY = timedelta(hours=1)
"""How often every waiting order is asked about; in between Stripe's list of events tells what happened to them."""

OLDER_THAN = timedelta(minutes=10)
"""Younger orders are left to the redirect and the webhook."""

OVERLAP = timedelta(minutes=5)
"""How much of what was read last time is read again: clocks differ, and events may be listed late."""

log = get_logger(__name__)


class Keeper:
    """Keeps one checkout's orders right in the background.

    The outbox is dispatched at once when something has become paid here, and every `every` seconds Stripe's events
    are read again; both with some jitter, so that several processes do not do it together. Nothing that goes wrong
    ends it. `every` is CHECKOUT_SWEEP_EVERY unless given; 0: it never starts.
    """

    def __init__(self, checkout: Checkout, *, every: float | None = None) -> None:
        self._checkout = checkout
        self._every = checkout.settings.sweep_every if every is None else every
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._since = datetime.now(UTC) - LOOK_BACK
        self._waiting_due = 0.0

    def start(self) -> None:
        """Begin; what was left in the outbox is dispatched at once."""
        if self._every and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End, after what is under way has been finished."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        unsubscribe = self._checkout.on_news(self._wake.set)
        sweep_due = time.monotonic() + self._every * random.uniform(0.5, 1.0)  # noqa: S311
        owed = True
        try:
            while not self._stopping.is_set():
                if owed:
                    owed = self._try("outbox", self._dispatch)
                if time.monotonic() >= sweep_due:
                    self._try("sweep", self._sweep)
                    sweep_due = time.monotonic() + self._every * random.uniform(0.8, 1.2)  # noqa: S311
                pause = sweep_due - time.monotonic()
                if owed:
                    pause = min(pause, FIRST_RETRY.total_seconds())
                if self._wake.wait(max(pause, 0.0)):
                    self._wake.clear()
                    owed = True
        finally:
            unsubscribe()

    def _try(self, name: str, work: Callable[[], bool]) -> bool:
        """Do it; whether there is more to do."""
        try:
            more = work()
        except Exception as error:  # whatever it is, the next round may go well
            log.warning("keeper failed", work=name, error=type(error).__name__)
            metrics.kept(name, type(error).__name__)
            return True
        metrics.kept(name, "ok")
        return more

    def _dispatch(self) -> bool:
        dispatch(self._checkout, stop=self._stopping.is_set)
        return self._checkout.store.count_outbox() > 0

    def _sweep(self) -> bool:
        now = datetime.now(UTC)
        reread = read_again(self._checkout, since=max(self._since, now - LOOK_BACK), stop=self._stopping.is_set)
        if reread is not None and not reread.failed and not self._stopping.is_set():
            self._since = now - OVERLAP
        if time.monotonic() >= self._waiting_due:
            settle_all(self._checkout, waiting(self._checkout, now - OLDER_THAN), stop=self._stopping.is_set)
            self._waiting_due = time.monotonic() + WAITING_EVERY.total_seconds()
        return False
