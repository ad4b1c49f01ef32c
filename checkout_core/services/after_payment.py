"""What a shopper who may have paid is told: what Stripe says, or that it is not known yet, and never anything else."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from ..config.logging import get_logger
from ..domain.errors import (
    InvalidInput,
    PaymentUnconfirmed,
    SessionExpired,
    SessionNotComplete,
    SessionNotFound,
    SessionStillOpen,
    StripeRejected,
    StripeUnavailable,
)
from ..domain.orders import Order, OrderStatus
from ..stores.base import OrderStore
from ..stores.futures import answer
from .reconcile import Reconciled

NOT_NOW = "The payment provider cannot be reached right now. Please try again in a moment."
REFUSED = "The payment provider refused this request. Please try again later."

log = get_logger(__name__)


class AfterPayment:
    """Watches over the steps of a shopper who is back from Stripe."""

    def __init__(self, store: OrderStore) -> None:
        self._store = store

    @asynccontextmanager
    async def watched(self, session_id: str) -> AsyncIterator[None]:
        """Turn every failure inside into PaymentUnconfirmed, and log its cause.

        A session that we know and Stripe does not is a failure, too: the key may be another account's.

        Raises:
            SessionNotFound: neither Stripe nor we know the session.
            SessionNotComplete: Stripe says that nothing was paid.
            PaymentUnconfirmed: anything else went wrong.
        """
        try:
            try:
                yield
            except SessionNotFound:
                if await answer(self._store.get(session_id)) is None:
                    raise
                raise PaymentUnconfirmed from None
        except (SessionNotFound, SessionNotComplete):
            raise
        except PaymentUnconfirmed as error:
            log.warning("payment not confirmed", cause=_cause(error))
            raise
        except Exception as error:
            log.error("payment not confirmed", cause=_cause(error), exc_info=error)
            raise PaymentUnconfirmed from error


def completed(reconciled: Reconciled) -> Order:
    """Return the order of a session that was just reconciled, if anything was paid or tried.

    Raises:
        SessionNotFound: the session is another program's.
        SessionStillOpen: Stripe says that the session is open.
        SessionExpired: Stripe says that it has expired.
        SessionNotComplete: Stripe says that its payment failed, and there never was an order.
    """
    if not reconciled.ours:
        raise SessionNotFound
    if reconciled.order is not None:
        return finished(reconciled.order)
    raise {"open": SessionStillOpen, "expired": SessionExpired}.get(reconciled.session.status, SessionNotComplete)


def finished(order: Order) -> Order:
    """Return an order of which something was paid or tried.

    Raises:
        SessionStillOpen: Stripe says that its session is open.
        SessionExpired: Stripe says that it has expired.
    """
    if order.status is OrderStatus.pending:
        raise SessionStillOpen
    if order.status is OrderStatus.expired:
        raise SessionExpired
    return order


@contextmanager
def saying_nothing_of_money() -> Iterator[None]:
    """Let failures of Stripe say nothing of money: the session may have been paid meanwhile, such as in another tab."""
    try:
        yield
    except StripeUnavailable as error:
        raise StripeUnavailable(NOT_NOW) from error
    except StripeRejected as error:
        raise StripeRejected(REFUSED) from error


@contextmanager
def refusals_as_unconfirmed() -> Iterator[None]:
    """Turn a refusal of Stripe, whose sentence is meant for who has not paid, into PaymentUnconfirmed."""
    try:
        yield
    except (StripeRejected, InvalidInput) as error:
        log.warning("payment not confirmed", cause=_cause(error))
        raise PaymentUnconfirmed from error


def _cause(error: BaseException) -> str:
    """Say what stands behind an error: its class and words, and those of what caused it."""
    parts = [f"{type(error).__name__}: {error}"]
    while error.__cause__ is not None:
        error = error.__cause__
        parts.append(f"{type(error).__name__}: {error}")
    return " <- ".join(parts)
