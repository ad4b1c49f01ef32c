"""Which handlers have run for an order, written on its session at Stripe.

A database can be lost, or an older copy of it restored. What then is made again from the payments would run every
handler and send every receipt a second time. So the names of the handlers that have run stand where the payment is:
in the session's metadata. An order that becomes paid again takes them over from there.
"""

from collections.abc import Collection
from typing import Protocol

from typing_extensions import override

from ..config.logging import get_logger
from ..domain.errors import SessionNotFound, StripeRejected
from ..domain.handled import handled_metadata, handled_of
from ..gateway import StripeGateway

log = get_logger(__name__)


class Marks(Protocol):
    """Where it is written which handlers have run for an order, outside of the database."""

    async def read(self, session_id: str) -> frozenset[str]:
        """Return the handlers that have run for the order of a session."""
        ...

    async def write(self, session_id: str, handled: Collection[str]) -> None:
        """Write which handlers have run for the order of a session."""
        ...


class HandledMarks(Marks):
    """Reads and writes these names, one round trip to Stripe each."""

    def __init__(self, gateway: StripeGateway) -> None:
        self._gateway = gateway

    @override
    async def read(self, session_id: str) -> frozenset[str]:
        """Return the names on a session; none where Stripe does not know it.

        Raises:
            StripeUnavailable: no answer.
        """
        try:
            session = await self._gateway.retrieve_session(session_id)
        except (SessionNotFound, StripeRejected):  # a demo order, or another account's: nothing can be read, ever
            return frozenset()
        return frozenset(handled_of(session.metadata))

    @override
    async def write(self, session_id: str, handled: Collection[str]) -> None:
        """Write the names on a session; nothing happens where Stripe does not know it.

        Raises:
            StripeUnavailable: no answer; write them again.
        """
        try:
            await self._gateway.set_metadata(session_id, handled_metadata(handled))
        except SessionNotFound:
            return
        except StripeRejected as error:  # without it the order is right, and only a restored database would repeat
            log.warning("handlers cannot be noted at Stripe", session_id=session_id, error=error.code)
