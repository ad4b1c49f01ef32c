"""HTTP to Stripe through aiohttp: a time-out for each try, a limit for all tries of a call, patience with a 429."""

import asyncio
import concurrent.futures
import os
import random
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import stripe

if TYPE_CHECKING:
    import aiohttp  # takes a tenth of a second, so it is imported with the first call

MAX_CLOSE_SECONDS = 1.0
"""How long closing waits for connections of other event loops."""

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


DEFAULT_LIMITS = CallLimits()
"""The limits of a gateway that is given none."""

_Sessions = dict[tuple[int, asyncio.AbstractEventLoop], "aiohttp.ClientSession"]
"""By process and event loop: a forked child must not touch the connections of its parent."""


class StripeTransport(stripe.HTTPClient):
    """The SDK's HTTP client over aiohttp, usable from several event loops: each has connections of its own."""

    name = "aiohttp"

    def __init__(self, limits: CallLimits) -> None:
        super().__init__()
        self.limits = limits
        self._sessions: _Sessions = {}
        self._guard = threading.Lock()
        weakref.finalize(self, _close_forgotten, self._sessions)

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

    async def disconnect(self) -> None:
        """Close the connections of the current event loop; the next call opens new ones."""
        with self._guard:
            session = self._sessions.pop((os.getpid(), asyncio.get_running_loop()), None)
        if session is not None:
            await session.close()

    async def close_async(self) -> None:
        """Close the connections of every event loop."""
        await self.disconnect()
        with self._guard:
            own = [key for key in self._sessions if key[0] == os.getpid()]
            sessions = {loop: self._sessions.pop((process, loop)) for process, loop in own}
        elsewhere = []
        for loop, session in sessions.items():
            if loop.is_running():
                closing = asyncio.run_coroutine_threadsafe(session.close(), loop)
                elsewhere.append(asyncio.wrap_future(closing))
            else:  # its loop has ended and can run nothing any more
                await session.close()
        if elsewhere:  # a loop that is blocked meanwhile closes them when it goes on
            await asyncio.wait(elsewhere, timeout=MAX_CLOSE_SECONDS)

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any
    ) -> tuple[bytes, int, Mapping[str, str]]:
        import aiohttp

        timeout = aiohttp.ClientTimeout(sock_connect=self.limits.connect, sock_read=self.limits.read)
        try:
            session = self._session() or await self._open_session()
            async with session.request(method, url, headers=headers, data=post_data, timeout=timeout) as answer:
                return await answer.read(), answer.status, answer.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"Stripe could not be reached ({type(error).__name__}).", should_retry=True
            ) from error
        except RuntimeError as error:  # the connections were closed meanwhile, or the interpreter exits
            raise stripe.APIConnectionError("We are stopping.", should_retry=False) from error  # type: ignore[no-untyped-call]

    def _session(self) -> "aiohttp.ClientSession | None":
        with self._guard:
            return self._sessions.get((os.getpid(), asyncio.get_running_loop()))

    async def _open_session(self) -> "aiohttp.ClientSession":
        """Open the current event loop's connections, and close those of loops that have ended."""
        import aiohttp

        secured = ssl.create_default_context(cafile=stripe.ca_bundle_path)
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=secured), trust_env=True)
        with self._guard:
            ended = [self._sessions.pop(key) for key in list(self._sessions) if key[1].is_closed()]
            self._sessions[os.getpid(), asyncio.get_running_loop()] = session
        for each in ended:
            await each.close()
        return session

    def _shortened(self, seconds: float) -> float:
        longest = self.limits.longest_pause
        return seconds if longest is None else min(seconds, longest)


def _close_forgotten(sessions: _Sessions) -> None:
    """Close connections that nobody has closed: the checkout is gone, or the interpreter exits."""
    closing = []
    for (process, loop), session in sessions.items():
        if process != os.getpid():
            continue
        if loop.is_running():
            closing.append(asyncio.run_coroutine_threadsafe(session.close(), loop))
        else:
            with suppress(StopIteration):  # without a loop there is nothing to wait for
                session.close().send(None)
    if not threading.main_thread().is_alive():  # else the loops have time
        concurrent.futures.wait(closing, MAX_CLOSE_SECONDS)
