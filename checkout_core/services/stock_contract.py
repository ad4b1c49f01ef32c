"""The tests that every `StockKeeper` must pass: an application's test class inherits them.

```python
class TestOurStock(StockKeeperContract):
    def make_keeper(self, capacities):
        return OurStock(capacities)
```
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from ..domain.errors import SoldOut
from ..domain.stock_keeping import StockKeeper
from . import calling


class StockKeeperContract:
    """Tests for pytest, or for any runner that calls methods that begin with `test_`."""

    def make_keeper(self, capacities: Mapping[str, int]) -> StockKeeper:
        """Return a keeper of products with these capacities, of which nothing is held or sold."""
        raise NotImplementedError

    def _tea(self, capacity: int = 3) -> "_Asked":
        return _Asked(self.make_keeper({"tea": capacity}))

    def test_what_is_held_is_not_available(self) -> None:
        """A hold takes from what is available, and only of what is limited."""
        keeper = self._tea()
        keeper.hold("cs_1", tea=2, water=9)
        assert keeper.numbers("tea") == (2, 0, 1)

    def test_holding_again_replaces_what_was_held(self) -> None:
        """A session holds what was said last, however often it was said."""
        keeper = self._tea()
        for count in (2, 2, 3, 1):
            keeper.hold("cs_1", tea=count)
        assert keeper.numbers("tea") == (1, 0, 2)

    def test_not_enough_is_refused_and_changes_nothing(self) -> None:
        """Of a cart that cannot be held nothing is held, and what the session held stays."""
        keeper = _Asked(self.make_keeper({"tea": 3, "cup": 1}))
        keeper.hold("cs_1", tea=2)
        keeper.refused("cs_2", {"tea": 1}, cup=1, tea=2)
        keeper.refused("cs_1", {"cup": 1}, cup=2, tea=1)
        assert keeper.numbers("tea") == (2, 0, 1)
        assert keeper.numbers("cup") == (0, 0, 1)

    def test_what_is_held_is_sold_once(self) -> None:
        """Selling takes what is held; saying it again changes nothing."""
        keeper = self._tea()
        keeper.hold("cs_1", tea=2)
        assert [keeper.sell("cs_1", tea=2) for _ in range(2)] == [{}, {}]
        assert keeper.numbers("tea") == (0, 2, 1)

    def test_what_is_released_is_available_and_what_is_sold_stays_sold(self) -> None:
        """Releasing is repeatable, and says nothing of what is paid."""
        keeper = self._tea()
        keeper.hold("cs_1", tea=2)
        keeper.hold("cs_2", tea=1)
        keeper.sell("cs_2", tea=1)
        for session_id in ("cs_1", "cs_1", "cs_2", "cs_none"):
            keeper.release(session_id)
        assert keeper.numbers("tea") == (0, 1, 2)

    def test_money_takes_what_is_not_available(self) -> None:
        """Stripe is right: what is paid is sold, and the keeper says how many too many."""
        keeper = self._tea(1)
        keeper.hold("cs_1", tea=1)
        keeper.release("cs_1")
        keeper.hold("cs_2", tea=1)
        assert [keeper.sell("cs_1", tea=1) for _ in range(2)] == [{"tea": 1}, {"tea": 1}]
        assert keeper.sell("cs_2", tea=1) == {}
        assert keeper.numbers("tea") == (0, 2, 0)

    def test_a_refund_gives_back_once(self) -> None:
        """One key gives back once, and no more than is sold."""
        keeper = self._tea()
        keeper.hold("cs_1", tea=3)
        keeper.sell("cs_1", tea=3)
        for key, count in (("re_1", 1), ("re_1", 1), ("re_2", 1), ("re_3", 9)):
            keeper.give_back("cs_1", key, tea=count)
        assert keeper.numbers("tea") == (0, 0, 3)

    def test_of_many_at_once_as_many_get_one_as_there_are(self) -> None:
        """Whatever happens at the same moment, nothing is held twice."""
        keeper = self._tea(5)

        def buy(number: int) -> bool:
            try:
                keeper.hold(f"cs_{number}", tea=1)
            except SoldOut:
                return False
            return True

        with ThreadPoolExecutor(16) as threads:
            assert sum(threads.map(buy, range(40))) == 5
        assert keeper.numbers("tea") == (5, 0, 0)


class _Asked:
    """A keeper whose methods are called and waited for."""

    def __init__(self, keeper: StockKeeper) -> None:
        self._keeper = keeper

    def hold(self, session_id: str, **quantities: int) -> None:
        self._ask(self._keeper.hold, session_id, quantities, datetime.now(UTC) + timedelta(minutes=30))

    def refused(self, session_id: str, left: Mapping[str, int], **quantities: int) -> None:
        """Check that a hold is refused, with what is left of what there is not enough of."""
        try:
            self.hold(session_id, **quantities)
        except SoldOut as error:
            assert dict(error.left) == dict(left)  # noqa: PT017 - this file does not know pytest
        else:
            raise AssertionError("it was held, and not as much is left")

    def sell(self, session_id: str, **quantities: int) -> Mapping[str, int]:
        over: Mapping[str, int] = self._ask(self._keeper.sell, session_id, quantities)
        return {product: count for product, count in (over or {}).items() if count}

    def release(self, session_id: str) -> None:
        self._ask(self._keeper.release, session_id)

    def give_back(self, session_id: str, key: str, **quantities: int) -> None:
        self._ask(self._keeper.give_back, session_id, quantities, key)

    def numbers(self, product: str) -> tuple[int, int, int | None]:
        """Return how many are held, sold and available."""
        (level,) = self._ask(self._keeper.levels, [product])
        return level.held, level.sold, level.available

    def _ask(self, method: Callable[..., Any], *arguments: object) -> Any:
        return asyncio.run(calling.call(method, *arguments))
