"""Consequences of "became paid": every handler, for every order, at least once, however often we crash.

The store writes an outbox entry in the transaction that writes the event. `dispatch` claims what is due, runs the
handlers that have not had it yet, and removes the entry, or puts it back for later with what is still to do.
"""

import random
from collections.abc import Callable, Collection
from datetime import timedelta
from pkgutil import resolve_name
from typing import TYPE_CHECKING

import structlog

from ..config import metrics
from ..config.logging import get_logger
from ..domain.errors import ConfigurationError
from ..domain.orders import Order, OutboxEntry

if TYPE_CHECKING:
    from .checkout import Checkout

Handler = Callable[[Order], None]
"""What happens when an order has become paid. It may be called again for the same order: `order.id` is the key."""

FIRST_RETRY = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)

log = get_logger(__name__)


class Handlers:
    """Handlers by name. The names are stored with what is owed, so they must outlive a restart."""

    def __init__(self) -> None:
        self._named: dict[str, Handler] = {}

    def add(self, handler: Handler, name: str | None = None) -> None:
        """Add a handler.

        Raises:
            ValueError: it has no name of its own that would be the same tomorrow, or the name is taken.
        """
        own = f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', '<object>')}"
        if name is None and "<" in own:
            raise ValueError("this handler needs a name: on_paid(handler, name=…)")
        name = name or own
        if name in self._named:
            raise ValueError(f"there is a handler called {name} already")
        self._named[name] = handler

    def remaining(self, handled: Collection[str]) -> list[tuple[str, Handler]]:
        """Those that are not among `handled`, in the order in which they were added."""
        return [(name, handler) for name, handler in self._named.items() if name not in handled]


def named_handler(name: str) -> Handler:
    """The handler that `package.module:function` names.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        handler: Handler = resolve_name(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"CHECKOUT_ON_PAID names {name}, which cannot be imported. Give package.module:function."
        ) from error
    return handler


def dispatch(checkout: "Checkout", *, limit: int = 10, stop: Callable[[], bool] = lambda: False) -> int:
    """Do what is owed and due; gives how many entries were finished.

    Safe to run in several threads and processes at once: an entry is claimed by one. `stop` is asked between entries;
    what was claimed and not begun is put back. `limit` is how many are claimed at once: few, for a claim ends after two
    minutes, and a mail server may be slow.

    Raises:
        StoreBusy, StoreUnavailable
    """
    finished = 0
    while entries := checkout.store.claim_outbox(checkout.clock(), limit=limit):
        for entry in entries:
            if stop():
                _put_back(checkout, entry)
            else:
                finished += _run(checkout, entry)
        if stop() or len(entries) < limit:
            break
    return finished


def _run(checkout: "Checkout", entry: OutboxEntry) -> bool:
    order = checkout.store.get(entry.stripe_checkout_session_id)
    if order is None:  # only somebody who deletes rows by hand gets here, and the rest must not wait for it
        log.error("outbox entry without an order", order_id=entry.order_id)
        checkout.store.finish_outbox(entry.event_id)
        return False
    handled, failure = set(entry.handled), ""
    with structlog.contextvars.bound_contextvars(session_id=entry.stripe_checkout_session_id, order_id=entry.order_id):
        for name, handler in checkout.handlers.remaining(handled):
            outcome = "ok"
            try:
                handler(order)
                handled.add(name)
            except Exception as error:  # whatever a handler does, the others have their turn and it has its next
                outcome = failure = type(error).__name__
                log.warning("consequence failed", handler=name, error=failure, attempts=entry.attempts)
            metrics.consequence(name, outcome)
    if failure:
        due_at = checkout.clock() + backoff(entry.attempts)
        checkout.store.retry_outbox(entry.event_id, handled=handled, error=failure, due_at=due_at)
        return False
    checkout.store.finish_outbox(entry.event_id)
    return True


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubled each time, up to an hour, give or take a fifth."""
    wait = min(FIRST_RETRY * (1 << min(attempts - 1, 20)), LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311


def _put_back(checkout: "Checkout", entry: OutboxEntry) -> None:
    checkout.store.retry_outbox(entry.event_id, handled=entry.handled, error="", due_at=checkout.clock())
