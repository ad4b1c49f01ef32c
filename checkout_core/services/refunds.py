"""Refunds: in whole or in part, once for each intention, never more than was paid."""

from contextlib import suppress

from ..domain.errors import CheckoutError, OrderNotFound, RefundNotPossible, RefundUnconfirmed, StripeUnavailable
from ..domain.events import EventKind, History, OrderEvent, Source
from ..domain.money import format_amount
from ..domain.orders import MONEY_TAKEN, Order, OrderStatus
from ..gateway import StripeGateway
from ..stores.base import OrderStore
from ..stores.futures import answer
from .reconcile import Clock, Reconciler


class Refunds:
    """Refunds one shop's orders."""

    def __init__(self, gateway: StripeGateway, store: OrderStore, reconciler: Reconciler, clock: Clock) -> None:
        self._gateway = gateway
        self._store = store
        self._reconciler = reconciler
        self._clock = clock

    async def refund(self, order_id: str, amount: int | None, idempotency_key: str | None) -> Order:
        """Refund an order. Stripe refunds once under one key, and never more than can be refunded of the charge.

        Args:
            order_id: our order, `order_…`.
            amount: minor units; None: everything that can be refunded.
            idempotency_key: names one intention; see `Checkout.refund`.

        Returns:
            The order after the refund, or as it was when Stripe cannot be asked for the session now.

        Raises:
            OrderNotFound: there is no such order.
            RefundNotPossible: the order is not paid, or less can be refunded.
            RefundUnconfirmed: Stripe did not answer, so whether money moved is not known; asking again is safe.
        """
        order = await answer(self._store.get_by_id(order_id))
        if order is None:
            raise OrderNotFound
        history = await answer(self._store.events(order.stripe_checkout_session_id))
        unconfirmed = unconfirmed_refunds(history)
        if idempotency_key is not None:
            require_paid(order, amount)
            key = f"refund-{order.id}-{idempotency_key}"
        else:
            key = next((each for each, asked in unconfirmed.items() if asked == amount), "")
        if not key:
            require_refundable(order, amount)
            key = refund_key(order, history, amount)
        await self._ask_stripe(order, amount, key)
        if key in unconfirmed:
            await answer(self._store.append(self._event(order, EventKind.refund_confirmed, amount, key)))
        try:
            session_id = order.stripe_checkout_session_id
            return (await self._reconciler.reconcile(session_id, source=Source.operator)).order or order
        except StripeUnavailable:  # the refund is made; its webhook or the sweep updates the order
            return order

    async def _ask_stripe(self, order: Order, amount: int | None, key: str) -> None:
        session_id = order.stripe_checkout_session_id
        assert order.stripe_payment_intent_id is not None
        try:
            await self._gateway.refund(
                order.stripe_payment_intent_id,
                amount,
                idempotency_key=key,
                session_id=session_id,
            )
        except StripeUnavailable as error:
            with suppress(CheckoutError):  # first of all the operator must hear that the refund is not confirmed
                await answer(self._store.append(self._event(order, EventKind.refund_unconfirmed, amount, key)))
            raise RefundUnconfirmed from error
        except RefundNotPossible as error:
            now = (await self._reconciler.reconcile(session_id, source=Source.operator)).order or order
            require_refundable(now, amount)
            raise error

    def _event(self, order: Order, kind: EventKind, amount: int | None, key: str) -> OrderEvent:
        return OrderEvent.of(order, kind=kind, source=Source.operator, at=self._clock(), amount=amount, key=key)


def require_paid(order: Order, amount: int | None) -> None:
    """Check that an order was paid, and that `amount` (minor units) is not more than that.

    Raises:
        RefundNotPossible: it was not, or it is.
    """
    if order.status not in MONEY_TAKEN or order.stripe_payment_intent_id is None:
        raise RefundNotPossible(f"An order that is {order.status} cannot be refunded.")
    if amount is not None and not 1 <= amount <= order.amount_total:
        raise RefundNotPossible(f"At most {order.total} of this order can be refunded.")


def require_refundable(order: Order, amount: int | None) -> None:
    """Check that `amount` (minor units; None: anything) can still be refunded.

    Raises:
        RefundNotPossible: the order is not paid, or less can be refunded.
    """
    require_paid(order, None)
    if order.status is OrderStatus.refunded:
        raise RefundNotPossible("This order has been refunded already.")
    refundable = order.amount_total - order.amount_refunded
    if not 1 <= (refundable if amount is None else amount) <= refundable:
        raise RefundNotPossible(f"At most {format_amount(refundable, order.currency)} of this order can be refunded.")


def refund_key(order: Order, history: History, amount: int | None) -> str:
    """Return the idempotency key of an order's next refund.

    It stays the same until a refund shows on the order. A refund that failed makes the next one another refund.

    Args:
        order: the order as it is now.
        history: what happened to it.
        amount: minor units; None: the rest.
    """
    failed = sum(event.kind is EventKind.refund_failed for event in history)
    refunded = f"{order.amount_refunded}-after-{failed}" if failed else order.amount_refunded
    return f"refund-{order.id}-{refunded}-{'rest' if amount is None else amount}"


def unconfirmed_refunds(history: History) -> dict[str, int | None]:
    """Return the refunds of which it is not known whether they were made: amounts in minor units by key."""
    unconfirmed: dict[str, int | None] = {}
    for event in history:
        if event.kind is EventKind.refund_unconfirmed:
            unconfirmed[event.detail["key"]] = event.detail["amount"]
        elif event.kind is EventKind.refund_confirmed:
            unconfirmed.pop(event.detail["key"], None)
    return unconfirmed
