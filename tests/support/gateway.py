"""Stripe's account as tests need it: with a moment between Stripe's answer and what we do with it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from typing_extensions import override

from checkout_core import Checkout
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.stripe_events import StripeEvent
from checkout_core.gateway import StripeGateway
from checkout_core.services import portal
from checkout_core.services.event_handlers import HANDLED_EVENT_TYPES

from .clock import a_day_ago

T = TypeVar("T")


class InterruptedGateway(StripeGateway):
    """A gateway that lets a test act right after Stripe has said what a session is, and before anybody hears it."""

    _acts: list[Callable[[], object]]
    corrected: Mapping[str, Any] = {}
    """What Stripe says of every session that is not so: for what the simulator never does."""

    def meanwhile(self, *acts: Callable[[], object]) -> None:
        """Call one of `acts`, in a thread, after each of the next answers about a session."""
        self._acts = [*acts]

    @override
    async def retrieve_session(self, session_id: str, *, disputes: bool = False) -> CheckoutSession:
        session = replace(await super().retrieve_session(session_id, disputes=disputes), **self.corrected)
        if acts := getattr(self, "_acts", None):
            await asyncio.to_thread(acts.pop(0))
        return session


def run(flow: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine of a checkout's gateway or services where the blocking checkout runs its own."""
    return portal.run(flow)


def stripe_events(checkout: Checkout, *types: str) -> list[StripeEvent]:
    """Return what Stripe lists of the last day, newest first: events of `types`, or of all that are handled."""
    return run(_listed(checkout.gateway.events(types or HANDLED_EVENT_TYPES, a_day_ago())))


async def _listed(events: AsyncIterator[StripeEvent]) -> list[StripeEvent]:
    return [event async for event in events]
