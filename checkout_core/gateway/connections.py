"""HTTP connections through aiohttp for programs with several event loops: each loop has connections of its own."""

import asyncio
import concurrent.futures
import os
import ssl
import threading
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe

from ..config.forking import Guard

if TYPE_CHECKING:
    import aiohttp  # takes a tenth of a second, so it is imported with the first call

MAX_CLOSE_SECONDS = 1.0
"""How long closing waits for connections of other event loops."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The connections of one event loop, and the generator by which asyncio closes them when it ends the loop."""

    session: "aiohttp.ClientSession"
    holder: AsyncGenerator[None, None]


_Sessions = dict[tuple[int, asyncio.AbstractEventLoop], _Held]
"""By process and event loop: a forked child must not touch the connections of its parent."""


class LoopConnections:
    """Opens connections when an event loop first needs them. Safe to share between threads.

    Args:
        address: what is asked, such as `https://api.stripe.com`; the environment may name a proxy for it.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._sessions: _Sessions = {}
        self._guard = Guard()
        weakref.finalize(self, _close_forgotten, self._sessions)

    async def session(self) -> "aiohttp.ClientSession":
        """Return the connections of the current event loop, opened if it has none."""
        key = (os.getpid(), asyncio.get_running_loop())
        with self._guard:
            held = self._sessions.get(key)
        if held is not None:
            return held.session
        session = _open(self._address)
        holder = _close_with_loop(session)
        await anext(holder)  # does not give way to other tasks of this loop
        with self._guard:
            ended = [self._sessions.pop(each) for each in list(self._sessions) if each[1].is_closed()]
            self._sessions[key] = _Held(session, holder)
        for other in ended:
            await other.session.close()
        return session

    async def close_here(self) -> None:
        """Close the connections of the current event loop; the next call opens new ones."""
        with self._guard:
            held = self._sessions.pop((os.getpid(), asyncio.get_running_loop()), None)
        if held is not None:
            await held.holder.aclose()

    async def close(self) -> None:
        """Close the connections of every event loop of this process."""
        await self.close_here()
        with self._guard:
            own = [key for key in self._sessions if key[0] == os.getpid()]
            sessions = {loop: self._sessions.pop((process, loop)).session for process, loop in own}
        elsewhere = []
        for loop, session in sessions.items():
            if loop.is_running():
                elsewhere.append(asyncio.wrap_future(asyncio.run_coroutine_threadsafe(session.close(), loop)))
            else:  # its loop has ended and can run nothing any more
                await session.close()
        if elsewhere:  # a loop that is blocked meanwhile closes them when it goes on
            await asyncio.wait(elsewhere, timeout=MAX_CLOSE_SECONDS)


def _open(address: str) -> "aiohttp.ClientSession":
    import aiohttp

    secured = ssl.create_default_context(cafile=stripe.ca_bundle_path)
    connector = aiohttp.TCPConnector(ssl=secured, limit=0)  # `StripeClient` limits the calls, and says so at once
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=_proxy(address))


def _proxy(address: str) -> str | None:
    """Return the proxy that the environment names for an address (HTTPS_PROXY, NO_PROXY).

    It is looked up when connections are opened. With `trust_env` aiohttp would do so in other threads for every request,
    and read `.netrc` twice; what that says of Stripe's address would contradict the key in our header.
    """
    parts = urlsplit(address)
    if parts.hostname is None or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


async def _close_with_loop(session: "aiohttp.ClientSession") -> AsyncGenerator[None, None]:
    """Close connections when the event loop ends: then asyncio closes generators that are still open."""
    try:
        yield
    finally:
        await session.close()


def _close_forgotten(sessions: _Sessions) -> None:
    """Close connections that nobody has closed: the checkout is gone, or the interpreter exits."""
    closing = []
    for (process, loop), held in sessions.items():
        if process != os.getpid():
            continue
        if loop.is_running():
            closing.append(asyncio.run_coroutine_threadsafe(held.session.close(), loop))
        else:
            with suppress(StopIteration):  # without a loop there is nothing to wait for
                held.session.close().send(None)
    if not threading.main_thread().is_alive():  # else the loops have time
        concurrent.futures.wait(closing, MAX_CLOSE_SECONDS)
