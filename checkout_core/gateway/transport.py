"""HTTP to Stripe through aiohttp: a time-out for each try, a limit for all tries of a call, patience with a 429."""

import asyncio
import random
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import stripe

from .connections import LoopConnections
from .pace import Pace

_call_began: ContextVar[float] = ContextVar("call_began")


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How long Stripe may take, in seconds, and how often it is asked again.

    Args:
        connect: to connect, for each try.
        read: to wait for the next bytes of an answer, for each try.
        last_try_after: no further try begins after so long, so that nobody waits longer than about 25 seconds.
        retries: further tries after an error that may pass; all of them carry one idempotency key.
        rate_limit_pauses: pauses when Stripe says that we ask too often; the SDK does not retry a 429.
        longest_pause: the longest pause between tries of the SDK; None: the SDK's own.
        waiting_per_second: how many calls that can wait are made a second: half of what Stripe takes for one endpoint.
    """

    connect: float = 4.0
    read: float = 10.0
    last_try_after: float = 12.0
    retries: int = 2
    rate_limit_pauses: tuple[float, ...] = (0.3, 0.9)
    longest_pause: float | None = None
    waiting_per_second: float = 12.5


DEFAULT_LIMITS = CallLimits()
"""The limits of a gateway that is given none."""


class StripeTransport(stripe.HTTPClient):
    """The SDK's HTTP client over aiohttp, usable from several event loops: each has connections of its own.

    Args:
        address: of Stripe, such as `https://api.stripe.com`.
        limits: how long it may take.
    """

    name = "aiohttp"

    def __init__(self, address: str, limits: CallLimits) -> None:
        super().__init__()
        self.limits = limits
        self._connections = LoopConnections(address)
        self.pace = Pace()

    def begin_call(self) -> None:
        """Start to count the seconds of the current task's next call."""
        _call_began.set(time.monotonic())

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Make one try, and more when Stripe says that we ask too often. What can wait keeps to the pace.

        Args:
            method: of HTTP.
            url: where.
            headers: as the SDK wants them.
            post_data: the body, encoded.
        """
        for pause in (*self.limits.rate_limit_pauses, None):
            if time.monotonic() - _call_began.get() > self.limits.last_try_after:
                raise stripe.APIConnectionError("Stripe took too long.", should_retry=False)  # type: ignore[no-untyped-call]
            if wait := self.pace.take(self.limits.waiting_per_second):
                await asyncio.sleep(wait)
            answer = await self._exchange(method, url, headers, post_data)
            if answer[1] != 429:
                break
            self.pace.pause()
            if pause is None:
                break
            await asyncio.sleep(self._shortened(pause * random.uniform(0.5, 1.0)))  # noqa: S311
        return answer

    async def sleep_async(self, secs: float) -> None:
        """Wait before the SDK's next try."""
        await asyncio.sleep(self._shortened(secs))

    async def disconnect(self) -> None:
        """Close the connections of the current event loop; the next call opens new ones."""
        await self._connections.close_here()

    async def close_async(self) -> None:
        """Close the connections of every event loop."""
        await self._connections.close()

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any
    ) -> tuple[bytes, int, Mapping[str, str]]:
        import aiohttp

        timeout = aiohttp.ClientTimeout(sock_connect=self.limits.connect, sock_read=self.limits.read)
        try:
            session = await self._connections.session()
            async with session.request(method, url, headers=headers, data=post_data, timeout=timeout) as answer:
                return await answer.read(), answer.status, answer.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"Stripe could not be reached ({type(error).__name__}).", should_retry=True
            ) from error
        except RuntimeError as error:  # the connections were closed meanwhile, or the interpreter exits
            raise stripe.APIConnectionError("We are stopping.", should_retry=False) from error  # type: ignore[no-untyped-call]

    def _shortened(self, seconds: float) -> float:
        longest = self.limits.longest_pause
        return seconds if longest is None else min(seconds, longest)
