"""Events: https://docs.stripe.com/api/events/object."""

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from .addresses import is_named
from .errors import invalid
from .ids import random_id
from .state import Account, State
from .webhooks import Webhooks
from .wire import API_VERSION, JSON

_cause: ContextVar[tuple[str | None, str | None]] = ContextVar("cause", default=(None, None))


@contextlib.contextmanager
def caused_by(request_id: str, idempotency_key: str | None) -> Iterator[None]:
    """While inside, name this API request in events; outside none is named, because the clock or a shopper acts."""
    token = _cause.set((request_id, idempotency_key))
    try:
        yield
    finally:
        _cause.reset(token)


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> JSON:
    """Return the former values of the fields that an update changed; None for those that were absent."""
    return {name: before.get(name) for name in {**before, **after} if after.get(name) != before.get(name)}


class EventLog:
    """Records what happens and hands it to the webhooks.

    Args:
        state: where events are stored.
        webhooks: what delivers them.
        now: the simulated time, in seconds since the epoch.
    """

    def __init__(self, state: State, webhooks: Webhooks, now: Callable[[], float]) -> None:
        self._state = state
        self._webhooks = webhooks
        self._now = now

    def require_reachable(self, url: str) -> None:
        """Refuse an address that webhooks may not be sent to.

        Raises:
            StripeError: the simulator's owner has not named it.
        """
        if not is_named(url, self._webhooks.hosts):
            allowed = ", ".join(sorted(self._webhooks.hosts)) or "none"
            raise invalid(
                f"This simulator sends webhooks to these hosts only: {allowed}. Its owner names others with --webhook-host.",
                "url",
                "url_invalid",
            )

    def emit(
        self, account: Account, type: str, object: Mapping[str, Any], before: Mapping[str, Any] | None = None
    ) -> None:
        """Record an event and queue it for delivery.

        Args:
            account: whose event it is.
            type: Stripe's type, such as `charge.succeeded`.
            object: what it is about, as it is now.
            before: the former values of what an update changed.
        """
        previous = {} if before is None else {"previous_attributes": before}
        request_id, key = _cause.get()
        event: JSON = {
            "id": random_id("evt_1", 23),
            "object": "event",
            **({"account": account.id} if account.is_connected else {}),
            "api_version": API_VERSION,
            "created": int(self._now()),
            "data": {"object": copy.deepcopy(object), **previous},
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": request_id, "idempotency_key": key},
            "type": type,
        }
        self._webhooks.add(account, event)
        self._state.put(account, "events", event["id"], event)
