"""Refunds: in whole or in part, once for each intention, never more than was paid."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..domain.checkout_session import Refund
from ..domain.errors import (
    CheckoutError,
    OrderNotFound,
    RefundInProgress,
    RefundNotPossible,
    RefundUnconfirmed,
    SessionNotFound,
    StripeUnavailable,
)
from ..domain.events import EventKind, History, OrderEvent, Source
from ..domain.orders import Order
from ..domain.refund_reasons import RefundReason, reason_in_words
from ..domain.refunding import (
    answering_refund,
    attempt_key,
    intention_of,
    require_paid,
    require_refundable,
    unconfirmed_refunds,
    valid_reason,
)
from ..domain.stock import restock_note
from ..gateway import StripeGateway
from ..stores.base import OrderStore
from ..stores.futures import answer
from .reconcile import Clock, Reconciler

_TOO_MUCH = frozenset({"amount_too_large", "charge_already_refunded"})
"""Stripe's codes for what the order itself says better, once it is up to date."""


@dataclass(frozen=True, slots=True)
class _Intention:
    """One refund that somebody means; `amount` is in minor units, None is the rest."""

    order: Order
    payment_intent_id: str
    amount: int | None
    reason: RefundReason | None
    key: str
    restock: str | None = None


class Refunds:
    """Refunds one shop's orders."""

    def __init__(self, gateway: StripeGateway, store: OrderStore, reconciler: Reconciler, clock: Clock) -> None:
        self._gateway = gateway
        self._store = store
        self._reconciler = reconciler
        self._clock = clock

    async def refund(
        self,
        order_id: str,
        amount: int | None,
        *,
        reason: str | None,
        idempotency_key: str | None,
        restock: bool | Mapping[str, int] = False,
    ) -> Order:
        """Refund an order. Stripe is asked first which refunds there are: an intention that has one is answered by it.

        Args:
            order_id: our order, `order_…`.
            amount: minor units; None: everything that can be refunded.
            reason: one of `RefundReason`.
            idempotency_key: names one intention; see `Checkout.refund`.
            restock: whether everything goes back on sale, or quantities by product.

        Returns:
            The order after the refund, or as it was when Stripe cannot be asked for the session now.

        Raises:
            OrderNotFound: there is no such order.
            InvalidInput: there is no such reason, the key was used for another refund, or the order does not have what
                shall go back on sale.
            RefundNotPossible: the order is not paid, less can be refunded, or Stripe or the bank refuses.
            RefundInProgress: another request makes this refund right now.
            RefundUnconfirmed: Stripe did not answer, so whether money moved is not known; asking again is safe.
            StripeUnavailable: Stripe did not answer, and was not asked to refund.
        """
        why = valid_reason(reason)
        order = await answer(self._store.get_by_id(order_id))
        if order is None:
            raise OrderNotFound
        history = await answer(self._store.events(order.stripe_checkout_session_id))
        require_paid(order, amount)
        note = restock_note(order, restock)
        assert order.stripe_payment_intent_id is not None
        key = intention_of(order, history, amount, idempotency_key)
        unconfirmed = key in unconfirmed_refunds(history)
        if idempotency_key is None and not unconfirmed:
            require_refundable(order, amount)
        intention = _Intention(order, order.stripe_payment_intent_id, amount, why, key, note)
        made = await self._make(intention, history)
        if unconfirmed:
            await self._note(intention, EventKind.refund_confirmed)
        after = await self._reconciled(order)
        if made.undone:
            said = reason_in_words(made.failure_reason)
            raise RefundNotPossible(f"The refund failed. {said}", reason=made.failure_reason)
        return after

    async def _make(self, intention: _Intention, history: History) -> Refund:
        """Return the refund that the intention has at Stripe, or make it."""
        try:
            refunds = await self._gateway.refunds_of_payment(intention.payment_intent_id)
        except StripeUnavailable as error:
            raise StripeUnavailable(
                "Stripe cannot be reached right now, so it was not asked to refund. Try again in a moment."
            ) from error
        made = answering_refund(refunds, intention.key, intention.amount)
        if made is not None:
            return made
        attempt = attempt_key(intention.order, intention.key, history, refunds)
        try:
            return await self._gateway.refund(
                intention.payment_intent_id,
                intention.amount,
                intention=intention.key,
                idempotency_key=attempt,
                reason=intention.reason,
                restock=intention.restock,
                session_id=intention.order.stripe_checkout_session_id,
            )
        except StripeUnavailable as error:
            with suppress(CheckoutError):  # first of all the operator must hear that the refund is not confirmed
                await self._note(intention, EventKind.refund_unconfirmed)
            raise RefundUnconfirmed from error
        except RefundInProgress:
            with suppress(CheckoutError):  # the request in progress may be our own, of which we did not hear
                await self._note(intention, EventKind.refund_unconfirmed)
            raise
        except RefundNotPossible as error:
            with suppress(CheckoutError):  # Stripe repeats the refusal, and then it is noted
                await self._note(intention, EventKind.refund_refused, attempt=attempt, failure_reason=error.reason)
            now = await self._reconciled(intention.order)
            if error.reason in _TOO_MUCH:
                require_refundable(now, intention.amount)
            raise

    async def _reconciled(self, order: Order) -> Order:
        """Return the order as Stripe says it is now, or as it was when Stripe cannot say."""
        try:
            reconciled = await self._reconciler.reconcile(order.stripe_checkout_session_id, source=Source.operator)
        except (StripeUnavailable, SessionNotFound):
            return order
        return reconciled.order or order

    async def _note(self, intention: _Intention, kind: EventKind, **more: str | None) -> None:
        detail: dict[str, Any] = {"amount": intention.amount, "key": intention.key, **more}
        event = OrderEvent.of(intention.order, kind=kind, source=Source.operator, at=self._clock(), **detail)
        await answer(self._store.append(event))
