"""Everything that must hold of the stock at the end of a run, counted from the orders."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from checkout_core import Checkout, Order, OrderStatus
from checkout_core.analytics import open_orders
from checkout_core.domain.stock import Hold

from .expected import ExpectedOrder
from .violations import ALL_ORDERS

WAITING = (OrderStatus.pending, OrderStatus.processing)


def stock_violations(checkout: Checkout, known: Mapping[str, ExpectedOrder]) -> Iterator[str]:
    """Yield what is wrong: levels that do not add up, holds for nobody, and seats that were sold twice unnoticed."""
    orders = {order.stripe_checkout_session_id: order for order in checkout.store.find(limit=ALL_ORDERS)}
    holds = checkout.store.holds(limit=ALL_ORDERS)
    for level in checkout.store.stock_levels():
        own = [hold for hold in holds if hold.product == level.product]
        counted = {
            "held": sum(hold.quantity for hold in own if hold.state == "held"),
            "sold": sum(hold.quantity - hold.returned for hold in own if hold.state == "sold"),
            "oversold": sum(hold.oversold for hold in own),
        }
        for name, number in counted.items():
            if (said := getattr(level, name)) != number:
                yield f"{level.product} has {said} {name}, and its holds have {number}"
        assert level.capacity is not None
        if level.sold + level.held - level.oversold > level.capacity:
            yield f"{level.product}: {level.sold} sold, {level.held} held, {level.oversold} oversold of {level.capacity}"
        if (paid := sum(_paid(order, known, level.product) for order in orders.values())) != level.sold:
            yield f"{level.product}: {level.sold} are sold, and orders paid for {paid} and did not give them back"
    for hold in holds:
        order, expected = orders[hold.stripe_checkout_session_id], known[hold.stripe_checkout_session_id]
        if hold.state == "held" and (order.status not in WAITING or expected.status not in WAITING):
            yield f"{order.id} ({order.status}, {expected.status} at Stripe) still holds {hold.quantity} {hold.product}"
        if hold.oversold and order.oversold is None:
            yield f"{order.id} has {hold.oversold} {hold.product} too many, and no mark"
    over = Counter(hold.stripe_checkout_session_id for hold in holds if hold.oversold)
    for session_id, order in orders.items():
        if order.oversold is not None and session_id not in over:
            yield f"{order.id} is marked as oversold, and everything of it was available"
        limited = {item.product for item in order.items} & {"seat"}
        # One whose payment is on its way may hold nothing: it came without step 2, and all was taken.
        if order.status is OrderStatus.pending and limited and not _has(session_id, holds):
            yield f"{order.id} is pending and holds nothing"
    yield from _view_violations(checkout)


def _paid(order: Order, known: Mapping[str, ExpectedOrder], product: str) -> int:
    """Return how many of a product an order paid for, without what its refunds at Stripe give back."""
    if order.paid_at is None:
        return 0
    paid = Counter[str]()
    for item in order.items:
        paid[item.product] += item.quantity
    notes = [
        each.restock for each in known[order.stripe_checkout_session_id].refunds if each.restock and not each.undone
    ]
    if "all" in notes:
        return 0
    lines = [line.split(":") for note in notes for line in note.split(",")]
    back = sum(int(count) for number, count in lines if order.items[int(number)].product == product)
    return max(0, paid[product] - back)


def _has(session_id: str, holds: Iterable[Hold]) -> bool:
    return any(hold.stripe_checkout_session_id == session_id and hold.state == "held" for hold in holds)


def _view_violations(checkout: Checkout) -> Iterator[str]:
    views = open_orders(checkout.settings.database_url.get_secret_value())
    levels = {(level.product, level.held, level.sold, level.available) for level in checkout.store.stock_levels()}
    shown = views.sql("SELECT product, held, sold, available FROM stock", as_="arrow").to_pylist()
    if {tuple(row.values()) for row in shown} != levels:
        yield f"the view stock shows {shown}, and the levels are {levels}"
    summed = views.sql(
        "SELECT product, sum(held)::BIGINT AS held, sum(sold)::BIGINT AS sold FROM stock_events GROUP BY ALL",
        as_="arrow",
    ).to_pylist()
    taken = {(product, held, sold) for product, held, sold, _ in levels if held or sold}
    if {tuple(row.values()) for row in summed if row["held"] or row["sold"]} != taken:
        yield f"the events of the stock add up to {summed}, and the levels are {levels}"
