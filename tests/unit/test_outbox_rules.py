"""The outbox's rules: names of handlers, and how long one waits before it is tried again."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from checkout_core import Order
from checkout_core.domain.errors import ConfigurationError
from checkout_core.services.handlers import Handlers, named_handler
from checkout_core.services.outbox import FIRST_RETRY, MAX_RETRY_WAIT, backoff


def handler(order: Order) -> None:
    """A handler with a name of its own."""


class Sender:
    def __call__(self, order: Order) -> None:
        """A handler that is an object."""


def test_a_handler_needs_a_name_that_outlives_a_restart() -> None:
    handlers = Handlers()

    def inner(order: Order) -> None: ...

    nameless: list[Callable[[Order], None]] = [lambda order: None, inner, Sender()]
    for each in nameless:
        with pytest.raises(ValueError, match="needs a name"):
            handlers.add(each)
    handlers.add(handler)
    handlers.add(inner, "inner")
    assert [each.name for each in handlers.remaining(())] == [f"{__name__}.handler", "inner"]


def test_a_name_is_taken_once() -> None:
    handlers = Handlers()
    handlers.add(handler)
    for name in (None, f"{__name__}.handler"):
        with pytest.raises(ValueError, match="already"):
            handlers.add(handler, name)
    handlers.add(handler, "again")


def test_what_remains_is_in_the_order_in_which_it_was_added() -> None:
    handlers = Handlers()
    for name in ("one", "two", "three"):
        handlers.add(handler, name)
    assert [each.name for each in handlers.remaining({"two", "gone"})] == ["one", "three"]


def test_a_handler_is_found_by_the_name_in_the_settings() -> None:
    assert named_handler(f"{__name__}:handler") is handler


@pytest.mark.parametrize("name", ["nowhere:handler", f"{__name__}:nothing", "not a name", ""])
def test_a_name_that_leads_nowhere_gets_a_sentence(name: str) -> None:
    with pytest.raises(ConfigurationError, match="CHECKOUT_ON_PAID"):
        named_handler(name)


@pytest.mark.parametrize("attempts", range(1, 60))
def test_the_wait_doubles_up_to_an_hour(attempts: int) -> None:
    usual = min(FIRST_RETRY * 2 ** min(attempts - 1, 12), MAX_RETRY_WAIT)
    waits = [backoff(attempts) for _ in range(50)]
    assert all(usual * 0.8 <= wait <= usual * 1.2 for wait in waits)
    assert len(set(waits)) > 1, "several processes must not come back at the same moment"


def test_the_first_wait_is_seconds_and_the_longest_is_reached() -> None:
    assert timedelta(seconds=5) == FIRST_RETRY
    assert timedelta(hours=1) == MAX_RETRY_WAIT
