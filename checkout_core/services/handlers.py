"""Handlers: what an application wants to run when something happened to an order."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, get_args

from ..domain.errors import ConfigurationError, InvalidHandler
from ..domain.events import EventName, OrderEvent
from ..domain.orders import Order
from . import calling

Handler = (
    Callable[[Order], Awaitable[None] | None]
    | Callable[[Order, OrderEvent], Awaitable[None] | None]
    | Callable[[Order, Any], None]
    | Callable[[Order, OrderEvent, Any], None]
)
"""What happens when something happened to an order: a function, which runs in a thread, or a coroutine function.

It may be called again for the same event; `order.id` and `event.id` are the keys by which to tell. One that raises
`Undeliverable` is not called again: the order's history says so to operators. The last two forms are those of handlers
that run in a transaction: they are given the database connection.
"""

EVENT_NAMES: tuple[EventName, ...] = get_args(EventName)


@dataclass(frozen=True, slots=True)
class RegisteredHandler:
    """A handler, and what was found out about it when it was registered.

    Args:
        name: stored with what is still to do, so it outlives a restart.
        function: the application's.
        takes_event: whether it is given the order event, too.
        transactional: whether it is given the connection on which the outbox entry is finished.
    """

    name: str
    function: Callable[..., Any]
    takes_event: bool = False
    transactional: bool = False


class Handlers:
    """Handlers by the name of the event. Of one event no two have the same name.

    Args:
        transactions: whether the store can run a handler in a transaction of its database.
    """

    def __init__(self, *, transactions: bool = False) -> None:
        self._transactions = transactions
        self._of: dict[EventName, dict[str, RegisteredHandler]] = {event: {} for event in EVENT_NAMES}

    def add(
        self, handler: Handler, name: str | None = None, *, event: EventName = "paid", transactional: bool = False
    ) -> None:
        """Add a handler.

        Args:
            handler: takes the order, and may need a second argument, the order event.
            name: must stay the same over restarts; the function's own unless given.
            event: what it runs for.
            transactional: whether it needs one argument more, the database connection.

        Raises:
            InvalidHandler: there is no such event, the handler has no name of its own that would be the same tomorrow,
                the name is taken, it does not take these arguments, or it cannot run in a transaction.
        """
        if event not in EVENT_NAMES:
            raise InvalidHandler(f"There is no event {event!r} to handle. There are {', '.join(EVENT_NAMES)}.")
        if name is not None and not (isinstance(name, str) and name.strip()):
            raise InvalidHandler(f"A handler's name is text, and not {name!r}.")
        own = _name_of(handler)
        needed, taken = calling.positional(handler, own)
        least = 1 + transactional
        if needed > least + 1 or taken < least:
            arguments = "an Order and a connection" if transactional else "an Order"
            raise InvalidHandler(f"{own} must take {arguments}, and may take an OrderEvent after the order.")
        if transactional and not self._transactions:
            raise InvalidHandler("A transactional handler needs orders in PostgreSQL: set CHECKOUT_DATABASE_URL.")
        if transactional and calling.is_coroutine_function(handler):
            raise InvalidHandler(f"{own} is a coroutine function. A transactional handler is a plain function.")
        if name is None and "<" in own:
            raise InvalidHandler(f"This handler needs a name: on({event!r}, handler, name=…).")
        name = own if name is None else name
        if name in self._of[event]:
            raise InvalidHandler(f"There is a handler called {name} already. Give this one another name.")
        self._of[event][name] = RegisteredHandler(name, handler, needed == least + 1, transactional)

    def remaining(self, handled: Collection[str], event: EventName | None = "paid") -> list[RegisteredHandler]:
        """Return those of an event that are not among `handled`, in the order in which they were added."""
        registered = self._of[event].values() if event is not None else ()
        return [handler for handler in registered if handler.name not in handled]

    def want_event(self, event: EventName | None) -> bool:
        """Whether any handler of an event is given the order event."""
        return any(handler.takes_event for handler in self.remaining((), event))


def _name_of(handler: object) -> str:
    """Return a handler's own name; one with `<` in it is no name that is the same tomorrow."""
    if not callable(handler):
        return "The handler"
    return f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', '<object>')}"


def named_handler(name: str, setting: str = "CHECKOUT_ON_PAID") -> Handler:
    """Return the handler that `package.module:function` names.

    Args:
        name: where it is.
        setting: names it in the sentence.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        handler: Handler = resolve_name(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"{setting} names {name}, which cannot be imported. Give package.module:function."
        ) from error
    return handler


def named_event(entry: str) -> tuple[EventName, str]:
    """Take an entry of CHECKOUT_HANDLERS apart: `refunded=package.module:function`.

    Raises:
        ConfigurationError: it has another form, or there is no such event.
    """
    event, separator, name = entry.partition("=")
    for known in EVENT_NAMES:
        if separator and known == event:
            return known, name
    raise ConfigurationError(
        f"CHECKOUT_HANDLERS has {entry}. Give event=package.module:function; events are {', '.join(EVENT_NAMES)}."
    )
