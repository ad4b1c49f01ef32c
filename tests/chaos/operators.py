"""What a person does to an order by hand."""

from datetime import datetime

from checkout_core import Checkout, Order, OrderEvent, OrderStatus
from checkout_core.domain.events import Change, Decision, EventKind, Source, StockAction, StockMove


def cancel_order(checkout: Checkout, session_id: str) -> None:
    """End a pending order, and leave its session as it is: it can still be paid."""
    checkout.store.update(session_id, _expired(checkout.clock()))


def _expired(now: datetime) -> Change:
    def change(order: Order | None) -> Decision:
        if order is None or order.status is not OrderStatus.pending:
            return Decision(order)
        expired = order.moved_to(OrderStatus.expired, now)
        event = OrderEvent.of(expired, kind=EventKind.expired, source=Source.operator, at=now)
        return Decision(expired, [event], [StockMove(StockAction.release, now, Source.operator)])

    return change
