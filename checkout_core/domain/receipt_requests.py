"""Asking for a receipt once more: how often a shopper may, decided on the order itself. Pure."""

from datetime import datetime, timedelta

from .errors import ReceiptNotSent
from .events import Change, Decision, EventKind, OrderEvent, Source
from .orders import MONEY_TAKEN, Order

REQUESTS = "checkout_receipt_requests"
"""The metadata key of an order under which stands when its receipt was asked for again lately."""

SHORTEST_GAP = timedelta(minutes=1)
"""Between two requests, whoever asks: a second press is no second wish."""
DAY = timedelta(days=1)
MAX_A_DAY = 3
"""How often a shopper may ask in a day; an operator may ask more often."""


def receipt_request_change(now: datetime, source: Source) -> Change:
    """Make the change that asks for the receipt of a paid order once more: its event has an outbox entry.

    Args:
        now: the time of the request.
        source: who asks: `operator`, or `storefront` for the shopper.

    Raises:
        ReceiptNotSent: when it is applied and the order has no receipt, or it was asked for too often.
    """

    def change(order: Order | None) -> Decision:
        if order is None or order.status not in MONEY_TAKEN or not order.email:
            raise ReceiptNotSent
        lately = [at for at in _requests(order) if at > now - DAY]
        if lately and now - lately[-1] < SHORTEST_GAP:
            raise ReceiptNotSent("The receipt was sent just now. Please look for it, also among unwanted mail.")
        if source is not Source.operator and len(lately) >= MAX_A_DAY:
            raise ReceiptNotSent(
                "The receipt was sent several times today. Please ask again tomorrow, or ask the shop."
            )
        times = [at.isoformat() for at in (*lately, now)][-MAX_A_DAY:]
        asked = order.evolve(now, metadata={**order.metadata, REQUESTS: [*times]})
        return Decision(asked, [OrderEvent.of(asked, kind=EventKind.receipt_requested, source=source, at=now)])

    return change


def _requests(order: Order) -> list[datetime]:
    kept = order.metadata.get(REQUESTS)
    return [datetime.fromisoformat(at) for at in kept if isinstance(at, str)] if isinstance(kept, list) else []
