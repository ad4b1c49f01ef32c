"""Handlers are looked at once, when they are registered: what could never run is refused there."""

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest

from checkout_core import Order, OrderEvent
from checkout_core.domain.errors import ConfigurationError, InvalidHandler
from checkout_core.domain.events import EventName
from checkout_core.services.handlers import EVENT_NAMES, Handler, Handlers, named_event


def one(order: Order) -> None: ...
def two(order: Order, event: OrderEvent) -> None: ...
def with_default(order: Order, tries: int = 3) -> None: ...
def any_number(*arguments: object) -> None: ...
def three(order: Order, event: OrderEvent, connection: object) -> None: ...
def none() -> None: ...
def four(a: object, b: object, c: object, d: object) -> None: ...
def keyword(order: Order, *, retries: int) -> None: ...
async def coroutine(order: Order) -> None: ...
async def coroutine_of_two(order: Order, event: OrderEvent) -> None: ...


def generator(order: Order) -> Iterator[Order]:
    yield order


async def async_generator(order: Order) -> AsyncIterator[Order]:
    yield order


class Sender:
    def __call__(self, order: Order, event: OrderEvent) -> None: ...


@pytest.mark.parametrize(
    ("handler", "takes_event"),
    [
        (one, False),
        (two, True),
        (with_default, False),
        (any_number, False),
        (coroutine, False),
        (coroutine_of_two, True),
        (functools.partial(two, event=cast("OrderEvent", None)), False),
        (Sender(), True),
        ([].append, False),
        (print, False),
    ],
)
def test_a_handler_that_needs_a_second_argument_is_given_the_event(handler: Any, takes_event: bool) -> None:
    handlers = Handlers()
    handlers.add(handler, "named")
    (registered,) = handlers.remaining(())
    assert registered.takes_event is takes_event is handlers.want_event("paid")


@pytest.mark.parametrize("handler", [none, three, four, keyword, generator, async_generator, "pkg:name", 7, None])
def test_a_handler_that_could_never_run_is_refused(handler: Any) -> None:
    with pytest.raises(InvalidHandler):
        Handlers().add(handler, "named")


@pytest.mark.parametrize("name", ["", " ", 7, ("a", "b")])
def test_a_name_that_is_no_text_is_refused(name: Any) -> None:
    with pytest.raises(InvalidHandler, match="A handler's name is text, and not"):
        Handlers().add(one, name)


@pytest.mark.parametrize(
    "handler", [lambda order: None, Sender(), functools.partial(one)], ids=["lambda", "object", "partial"]
)
def test_what_has_no_name_of_its_own_needs_one(handler: Any) -> None:
    handlers = Handlers()
    with pytest.raises(InvalidHandler, match=r"needs a name: on\('paid', handler, name=…\)"):
        handlers.add(handler)
    handlers.add(handler, "named")
    assert [each.name for each in handlers.remaining(())] == ["named"]


def test_the_same_method_of_two_objects_needs_two_names() -> None:
    handlers = Handlers()
    handlers.add(Sender().__call__)
    with pytest.raises(InvalidHandler, match=r"already\. Give this one another name"):
        handlers.add(Sender().__call__)
    handlers.add(Sender().__call__, "another")
    assert len(handlers.remaining(())) == 2


@pytest.mark.parametrize("handler", [one, four, coroutine_of_two, none])
def test_a_transactional_handler_is_a_function_of_the_order_and_a_connection(handler: Any) -> None:
    with pytest.raises(InvalidHandler):
        Handlers(transactions=True).add(handler, "named", transactional=True)


@pytest.mark.parametrize(("handler", "takes_event"), [(two, False), (three, True)])
def test_the_connection_is_the_last_argument(handler: Handler, takes_event: bool) -> None:
    handlers = Handlers(transactions=True)
    handlers.add(handler, transactional=True)
    (registered,) = handlers.remaining(())
    assert registered.transactional
    assert registered.takes_event is takes_event


def test_a_database_without_transactions_for_others_refuses_such_a_handler() -> None:
    with pytest.raises(InvalidHandler, match="PostgreSQL"):
        Handlers().add(two, transactional=True)


@pytest.mark.parametrize("event", ["payed", "", "partially_refunded", "pending", None, ["paid"]])
def test_an_event_that_there_is_not_is_refused_with_those_that_there_are(event: object) -> None:
    with pytest.raises(InvalidHandler, match="paid, processing, refunded, failed, expired, disputed, dispute_closed"):
        Handlers().add(one, event=cast("EventName", event))


def test_one_function_may_handle_several_events() -> None:
    handlers = Handlers()
    for event in EVENT_NAMES:
        handlers.add(one, event=event)
        assert [each.function for each in handlers.remaining((), event)] == [one]
        with pytest.raises(ValueError, match="already"):
            handlers.add(one, event=event)


def test_a_setting_names_the_event_and_the_function() -> None:
    assert named_event("refunded=shop.bookings:give_back") == ("refunded", "shop.bookings:give_back")
    for entry in ("shop.bookings:give_back", "payed=a:b", "=a:b", ""):
        with pytest.raises(ConfigurationError, match="CHECKOUT_HANDLERS"):
            named_event(entry)
