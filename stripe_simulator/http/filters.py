"""Filters of lists: each takes its parameter and returns a test for objects, or None when it is absent."""

from collections.abc import Callable

from ..wire import JSON
from .params import Params

Keep = Callable[[JSON], bool]
Filter = Callable[[Params], Keep | None]


def _at(one: JSON, path: list[str]) -> object:
    found: object = one
    for name in path:
        found = found[name] if isinstance(found, dict) else None
    return found


def text(name: str, field: str | None = None) -> Filter:
    """Return the filter for a field (dots lead inwards) that has to be the given text."""
    path = (field or name).split(".")

    def filter(params: Params) -> Keep | None:
        given = params.text(name)
        return None if given is None else lambda one: _at(one, path) == given

    return filter


def flag(name: str) -> Filter:
    """Return the filter for a field that has to be the given truth value."""

    def filter(params: Params) -> Keep | None:
        given = params.boolean(name)
        return None if given is None else lambda one: one[name] is given

    return filter


def among(name: str, field: str) -> Filter:
    """Return the filter for a field that has to be one of the given texts."""

    def filter(params: Params) -> Keep | None:
        given = params.texts(name)
        return (lambda one: one[field] in given) if given else None

    return filter


def created(params: Params) -> Keep | None:
    """Filter by `created`: a time, or bounds by `gt`, `gte`, `lt` and `lte`."""
    bounds = params.range("created")
    return None if bounds is None else lambda one: bounds[0] <= one["created"] <= bounds[1]


def all_of(params: Params, *filters: Filter) -> Keep:
    """Return all filters as one test. What was deleted is in no list."""
    tests = [test for filter in filters if (test := filter(params)) is not None]
    return lambda one: not one.get("deleted") and all(test(one) for test in tests)
