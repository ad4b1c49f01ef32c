"""Answers of stores that follow from other answers."""

import asyncio
from concurrent.futures import Future

import pytest

from checkout_core.stores.futures import answer, chained, completed, mapped


def failed(error: Exception) -> "Future[int]":
    future: Future[int] = Future()
    future.set_exception(error)
    return future


def test_a_mapped_future_has_what_the_function_makes_of_the_answer() -> None:
    first: Future[int] = Future()
    doubled = mapped(first, lambda number: 2 * number)

    assert not doubled.done()
    first.set_result(21)
    assert doubled.result() == 42


def test_an_error_of_the_answer_or_of_the_function_is_the_answer() -> None:
    with pytest.raises(LookupError, match="first"):
        mapped(failed(LookupError("first")), str).result()
    with pytest.raises(ZeroDivisionError):
        mapped(completed(0), lambda number: 1 // number).result()


def test_a_chained_future_asks_when_the_first_answer_is_there() -> None:
    first: Future[int] = Future()
    second: Future[str] = Future()
    asked: list[int] = []

    def ask(number: int) -> "Future[str]":
        asked.append(number)
        return second

    result = chained(first, ask)
    assert asked == []
    first.set_result(1)
    assert (asked, result.done()) == ([1], False)
    second.set_result("two")
    assert result.result() == "two"


def test_an_error_anywhere_in_a_chain_is_the_answer() -> None:
    def refuse(_: int) -> "Future[int]":
        raise ValueError("between")

    with pytest.raises(LookupError, match="first"):
        chained(failed(LookupError("first")), completed).result()
    with pytest.raises(ValueError, match="between"):
        chained(completed(1), refuse).result()
    with pytest.raises(LookupError, match="second"):
        chained(completed(1), lambda _: failed(LookupError("second"))).result()


def test_an_event_loop_waits_for_an_answer_of_a_thread() -> None:
    async def wait() -> tuple[int, int]:
        future: Future[int] = Future()
        asyncio.get_running_loop().call_soon(future.set_result, 7)
        return await answer(future), await answer(completed(8))

    assert asyncio.run(wait()) == (7, 8)


def test_a_caller_who_is_cancelled_leaves_the_work_to_the_store() -> None:
    async def cancel(future: "Future[int]") -> None:
        waiting = asyncio.ensure_future(answer(future))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    future: Future[int] = Future()
    asyncio.run(cancel(future))

    assert not future.cancelled()
    future.set_result(1)
    assert future.result() == 1
