"""Coroutine functions that run in the simulator's own event loop, whichever loop awaits them."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class HasLoop(Protocol):
    """An object that runs in an event loop; `loop` is None while it does not run."""

    loop: asyncio.AbstractEventLoop | None


S = TypeVar("S", bound=HasLoop)


def in_own_loop(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Run a coroutine method in its object's loop; in the caller's loop while the object does not run."""

    @functools.wraps(method)
    async def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        work = method(self, *args, **kwargs)
        if self.loop is None or self.loop is asyncio.get_running_loop():
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    return run


def run_blocking(owner: HasLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in its owner's loop and wait for the result; in a loop of its own while the owner does not run.

    Raises:
        RuntimeError: the caller is a coroutine of the owner's loop, which would wait for itself.
    """
    try:
        here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if owner.loop is not None and owner.loop is not here:
        return asyncio.run_coroutine_threadsafe(work, owner.loop).result()
    if here is not None:
        work.close()
        raise RuntimeError(
            "inside the simulator's own event loop, await the functions of Simulator instead of SyncSimulator"
        )
    return asyncio.run(work)
