"""The event loop on which blocking programs run asynchronous flows: one thread for the process."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from ..config.forking import Guard

T = TypeVar("T")

_guard = Guard()
_loop: asyncio.AbstractEventLoop | None = None
_process = 0


def run(flow: Coroutine[Any, Any, T]) -> T:
    """Run a flow to its end and return what it returns; an interrupt of the calling thread cancels the flow.

    Raises:
        RuntimeError: the caller is itself a coroutine of this loop, which would wait for ever.
    """
    loop = _running_loop()
    if _current_loop() is loop:
        flow.close()
        raise RuntimeError("A coroutine cannot call a blocking Checkout. Use AsyncCheckout there.")
    future = asyncio.run_coroutine_threadsafe(flow, loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _current_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop, _process
    with _guard:
        if _loop is None or _process != os.getpid():  # a forked child has the loop, but not the thread that runs it
            _loop, _process = asyncio.new_event_loop(), os.getpid()
            threading.Thread(target=_loop.run_forever, name="checkout", daemon=True).start()
        return _loop
