"""Calling functions of an application: coroutine functions are awaited, others run in a thread, where they may block."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from ..domain.errors import InvalidHandler


def positional(function: object, name: str) -> tuple[int, float]:
    """Return how many positional arguments a function needs, and how many it takes.

    Args:
        function: of the application.
        name: what it is called in the sentence.

    Raises:
        InvalidHandler: it is no function, needs a keyword argument, or calling it would only make a generator.
    """
    if not callable(function):
        raise InvalidHandler(f"{name} is a {type(function).__name__}, not a function.")
    target = _target(function)
    if inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target):
        raise InvalidHandler(f"{name} is a generator: calling it would do nothing. Remove its yield.")
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some functions that are written in C do not tell
        return 1, 1
    needed, taken = 0, 0.0
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            taken = float("inf")
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            taken += 1
            needed += parameter.default is parameter.empty
        elif parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise InvalidHandler(f"{name} needs the keyword argument {parameter.name}, and nobody gives it one.")
    return needed, taken


def is_coroutine_function(function: object) -> bool:
    """Whether calling a function, or an object, makes a coroutine."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(_target(function))


async def call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function and return what it returns, or what the awaitable gives that it returns."""
    if is_coroutine_function(function):
        return await function(*arguments, **named)
    result = await asyncio.to_thread(function, *arguments, **named)
    return await result if inspect.isawaitable(result) else result


def _target(function: object) -> object:
    return function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
