"""Which orders an `OrderQuery` means: the accepted ends of each of its fields, in every store."""

from datetime import timedelta

import pytest

from checkout_core.domain.orders import OrderStatus
from checkout_core.stores.base import ALL_ORDERS, OrderQuery, OrderSort
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import NOW, an_order, creating

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def three(store: BlockingOrderStore) -> BlockingOrderStore:
    """Three orders, a microsecond after each other: cs_0 of 20 €, cs_1 of 10 €, cs_2 of 20 $. The last two are disputed."""
    for number, dispute in enumerate((None, "needs_response", "lost")):
        at, mail = NOW + number * MICROSECOND, f"{number}@example.org"
        metadata = {'a "key".$': f"it's {number}", "b": "1"}
        price = {"amount_total": 1000} if number == 1 else {"currency": "usd"} if number == 2 else {}
        order = an_order(f"cs_{number}", created_at=at, email=mail, metadata=metadata, dispute_status=dispute, **price)
        store.update(f"cs_{number}", creating(order))
    return store


QUERIES: dict[str, tuple[OrderQuery, list[str]]] = {
    "nothing given": (ALL_ORDERS, ["2", "1", "0"]),
    "an empty text": (OrderQuery(text=""), ["2", "1", "0"]),
    "one character": (OrderQuery(text="2"), ["2"]),
    "a whole id": (OrderQuery(text="order_of_cs_1"), ["1"]),
    "more than an id": (OrderQuery(text="order_of_cs_1_"), []),
    "a character of ids that is a wildcard": (OrderQuery(text="_"), ["2", "1", "0"]),
    "the time of the first": (OrderQuery(created_before=NOW), []),
    "a moment after the first": (OrderQuery(created_before=NOW + MICROSECOND), ["0"]),
    "a moment after the last": (OrderQuery(created_before=NOW + 3 * MICROSECOND), ["2", "1", "0"]),
    "from the first on": (OrderQuery(created_after=NOW), ["2", "1", "0"]),
    "from the last on": (OrderQuery(created_after=NOW + 2 * MICROSECOND), ["2"]),
    "after the last": (OrderQuery(created_after=NOW + 3 * MICROSECOND), []),
    "their metadata": (OrderQuery(metadata=("b", "1")), ["2", "1", "0"]),
    "the metadata of one": (OrderQuery(metadata=('a "key".$', "it's 1")), ["1"]),
    "a value that none has": (OrderQuery(metadata=("b", "%")), []),
    "a key that none has": (OrderQuery(metadata=("c", "")), []),
    "every status": (OrderQuery(statuses=tuple(OrderStatus)), ["2", "1", "0"]),
    "no status of theirs": (OrderQuery(statuses=(OrderStatus.paid, OrderStatus.failed)), []),
    "their shop": (OrderQuery(shop="default"), ["2", "1", "0"]),
    "a status of a dispute": (OrderQuery(dispute_statuses=("lost",)), ["2"]),
    "several statuses of disputes": (OrderQuery(dispute_statuses=("needs_response", "won", "lost")), ["2", "1"]),
    "no status of their disputes": (OrderQuery(dispute_statuses=("won",)), []),
    "a dispute and something else": (OrderQuery(dispute_statuses=("lost",), created_before=NOW + MICROSECOND), []),
    "an empty shop": (OrderQuery(shop=""), []),
    "the currency of two": (OrderQuery(currency="eur"), ["1", "0"]),
    "a currency that none has": (OrderQuery(currency="EUR"), []),
    "from the price of two on": (OrderQuery(total_from=2000), ["2", "0"]),
    "from a little more on": (OrderQuery(total_from=2001), []),
    "up to the price of one": (OrderQuery(total_to=1000), ["1"]),
    "up to a little less": (OrderQuery(total_to=999), []),
    "from nothing on": (OrderQuery(total_from=0, total_to=2000, currency="usd"), ["2"]),
    "the oldest first": (OrderQuery(sort=OrderSort.oldest), ["0", "1", "2"]),
    "the dearest first": (OrderQuery(sort=OrderSort.highest), ["2", "0", "1"]),
    "the cheapest first": (OrderQuery(sort=OrderSort.lowest), ["1", "2", "0"]),
    "the dearest of some": (OrderQuery(sort=OrderSort.highest, currency="eur"), ["0", "1"]),
}


@pytest.mark.parametrize(("query", "found"), QUERIES.values(), ids=QUERIES)
def test_a_query_means_these_orders(three: BlockingOrderStore, query: OrderQuery, found: list[str]) -> None:
    assert [order.stripe_checkout_session_id.removeprefix("cs_") for order in three.find(query)] == found
    assert three.count(query) == len(found)


@pytest.mark.parametrize(
    ("limit", "offset", "found"),
    [(0, 0, []), (1, 0, ["2"]), (3, 0, ["2", "1", "0"]), (4, 2, ["0"]), (1, 3, []), (100, 2**31, [])],
)
def test_a_page_has_these_orders(three: BlockingOrderStore, limit: int, offset: int, found: list[str]) -> None:
    orders = three.find(limit=limit, offset=offset)
    assert [order.stripe_checkout_session_id.removeprefix("cs_") for order in orders] == found


@pytest.mark.parametrize(
    ("sort", "pages"), [(OrderSort.oldest, "012"), (OrderSort.highest, "201"), (OrderSort.lowest, "120")]
)
def test_pages_follow_each_other_however_they_are_sorted(
    three: BlockingOrderStore, sort: OrderSort, pages: str
) -> None:
    found = [three.find(OrderQuery(sort=sort), limit=1, offset=number) for number in range(3)]
    assert [order.stripe_checkout_session_id for (order,) in found] == [f"cs_{page}" for page in pages]


@pytest.mark.parametrize(("limit", "counted"), [(None, 3), (0, 0), (1, 1), (3, 3), (4, 3)])
def test_counting_stops_at_its_limit(three: BlockingOrderStore, limit: int | None, counted: int) -> None:
    assert three.count(limit=limit) == counted
