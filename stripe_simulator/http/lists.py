"""Lists: https://docs.stripe.com/api/pagination."""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

from ..errors import invalid
from ..wire import JSON
from .params import Params

T = TypeVar("T")


def page(
    objects: dict[str, T],
    params: Params,
    url: str,
    *,
    keep: Callable[[T], bool] = lambda _: True,
    oldest_first: bool = False,
    unsupported: Collection[str] = (),
) -> JSON:
    """Return one page of a table.

    Args:
        objects: the table by id, oldest first.
        params: the limit, the cursors and what the caller did not take of its own filters.
        url: the path of the list.
        keep: says which objects belong to the list.
        oldest_first: the order; newest first is Stripe's usual one.
        unsupported: filters that Stripe has and the simulator does not.

    Raises:
        StripeError: a cursor is unknown, or a parameter is not taken.
    """
    limit = params.integer("limit", 1, 100) or 10
    after, before = params.text("starting_after"), params.text("ending_before")
    params.finish(unsupported)
    if after and before:
        raise invalid("You may only specify one of these parameters: starting_after, ending_before.", "ending_before")
    for cursor, name in ((after, "starting_after"), (before, "ending_before")):
        if cursor and cursor not in objects:
            raise invalid(f"No such object: '{cursor}'", name, "resource_missing")
    forwards = oldest_first != bool(before)
    ids: Iterable[str] = objects if forwards else reversed(objects)
    start = after or before
    if start:
        ids = iter(ids)
        for id in ids:
            if id == start:
                break
    data = list(islice((objects[id] for id in ids if keep(objects[id])), limit + 1))
    more, data = len(data) > limit, data[:limit]
    if before:
        data.reverse()
    return list_object(data, url, more)


def list_object(data: Sequence[Any], url: str, more: bool = False) -> JSON:
    """Return a list as it travels."""
    return {"object": "list", "data": data, "has_more": more, "url": url}
