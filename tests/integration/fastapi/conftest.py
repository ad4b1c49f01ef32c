"""A checkout for other people's FastAPI applications, on the simulator and in memory."""

from collections.abc import Callable, Iterator

import pytest

from checkout_core import Checkout, Settings, open_checkout
from tests.support.stores import ScriptedStore


@pytest.fixture
def shop(make_settings: Callable[..., Settings]) -> Iterator[Checkout]:
    """A checkout whose callbacks are at the root of `http://testserver`."""
    settings = make_settings(CHECKOUT_PUBLIC_URL="http://testserver", CHECKOUT_API_URL="http://testserver")
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout:
        yield checkout
