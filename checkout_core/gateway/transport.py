"""HTTP to Stripe through aiohttp: a time-out for each try, a limit for all tries of a call, patience with a 429."""

import asyncio
import random
import ssl
import threading
import time
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
import stripe

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
    """

    connect: float = 4.0
    read: float = 10.0
    last_try_after: float = 12.0
    retries: int = 2
    rate_limit_pauses: tuple[float, ...] = (0.3, 0.9)
    longest_pause: float | None = None


_SessionHolder = AsyncGenerator[aiohttp.ClientSession, None]

DEFAULT_LIMITS = CallLimits()
"""The limits of a gateway that is given none."""


class StripeTransport(stripe.HTTPClient):
    """The SDK's HTTP client over aiohttp, usable from several event loops: each has connections of its own."""

    name = "aiohttp"

    def __init__(self, limits: CallLimits) -> None:
        super().__init__()
        self.limits = limits
        self._sessions: dict[asyncio.AbstractEventLoop, tuple[aiohttp.ClientSession, _SessionHolder]] = {}
        self._guard = threading.Lock()

    def begin_call(self) -> None:
        """Start to count the seconds of the current task's next call."""
        _call_began.set(time.monotonic())

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Make one try, and more when Stripe says that we ask too often.

        Args:
            method: of HTTP.
            url: where.
            headers: as the SDK wants them.
            post_data: the body, encoded.
        """
        for pause in (*self.limits.rate_limit_pauses, None):
            if time.monotonic() - _call_began.get() > self.limits.last_try_after:
                raise stripe.APIConnectionError("Stripe took too long.", should_retry=False)  # type: ignore[no-untyped-call]
            answer = await self._exchange(method, url, headers, post_data)
            if answer[1] != 429 or pause is None:
                break
            await asyncio.sleep(self._shortened(pause * random.uniform(0.5, 1.0)))  # noqa: S311
        return answer

    async def sleep_async(self, secs: float) -> None:
        """Wait before the SDK's next try."""
        await asyncio.sleep(self._shortened(secs))

    async def close_async(self) -> None:
        """Close the connections of every event loop."""
        with self._guard:
            sessions, self._sessions = self._sessions, {}
        here = asyncio.get_running_loop()
        for loop, (session, holder) in sessions.items():
            if loop is here:
                await holder.aclose()
            elif loop.is_running():
                asyncio.run_coroutine_threadsafe(session.close(), loop)

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any
    ) -> tuple[bytes, int, Mapping[str, str]]:
        timeout = aiohttp.ClientTimeout(sock_connect=self.limits.connect, sock_read=self.limits.read)
        try:
            session = await self._session()
            async with session.request(method, url, headers=headers, data=post_data, timeout=timeout) as answer:
                return await answer.read(), answer.status, answer.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"Stripe could not be reached ({type(error).__name__}).", should_retry=True
            ) from error

    async def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        with self._guard:
            held = self._sessions.get(loop)
        if held is not None:
            return held[0]
        holder = _hold_session()
        session = await anext(holder)  # does not give way to other tasks of this loop
        with self._guard:
            open_ = {each: held for each, held in self._sessions.items() if not each.is_closed()}
            self._sessions = {**open_, loop: (session, holder)}
        return session

    def _shortened(self, seconds: float) -> float:
        longest = self.limits.longest_pause
        return seconds if longest is None else min(seconds, longest)


async def _hold_session() -> _SessionHolder:
    """Open connections and close them when the event loop ends: then asyncio closes generators that are still open."""
    secured = ssl.create_default_context(cafile=stripe.ca_bundle_path)
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=secured), trust_env=True)
    try:
        yield session
    finally:
        await session.close()
