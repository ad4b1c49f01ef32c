"""Answers of stores: futures that threads and event loops can both wait for."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")
_this_thread = threading.local()


def completed(value: T) -> Future[T]:
    """Return a future that has its answer already."""
    future: Future[T] = Future()
    future.set_result(value)
    return future


@contextmanager
def caller_waits() -> Iterator[None]:
    """Let a store do the work in this thread, which would only wait for another one to do it."""
    _this_thread.waits = True
    try:
        yield
    finally:
        _this_thread.waits = False


def caller_is_waiting() -> bool:
    """Whether this thread is inside `caller_waits`."""
    return getattr(_this_thread, "waits", False)


def done_here(work: Callable[[], T]) -> Future[T]:
    """Do the work now, and return its answer or its error as a future."""
    future: Future[T] = Future()
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
    return future


def mapped(future: Future[S], function: Callable[[S], T]) -> Future[T]:
    """Return a future of `function(answer)`; the function runs in the thread that answers."""
    result: Future[T] = Future()

    def answer(done: Future[S]) -> None:
        try:
            result.set_result(function(done.result()))
        except BaseException as error:
            result.set_exception(error)

    future.add_done_callback(answer)
    return result


def chained(first: Future[S], then: Callable[[S], Future[T]]) -> Future[T]:
    """Return the answer of `then(answer of first)`, which is asked as soon as the first is there."""
    result: Future[T] = Future()

    def pass_on(done: Future[T]) -> None:
        try:
            result.set_result(done.result())
        except BaseException as error:
            result.set_exception(error)

    def ask(done: Future[S]) -> None:
        try:
            then(done.result()).add_done_callback(pass_on)
        except BaseException as error:
            result.set_exception(error)

    first.add_done_callback(ask)
    return result


async def answer(future: Future[T]) -> T:
    """Wait for a store's answer without blocking the event loop.

    A caller that is cancelled meanwhile leaves the work to the store: a write that was begun is finished.
    """
    if future.done():
        return future.result()
    return await asyncio.shield(asyncio.wrap_future(future))
