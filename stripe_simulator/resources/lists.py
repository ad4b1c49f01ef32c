"""Lists and expansion: https://docs.stripe.com/api/pagination."""

from collections.abc import Callable, Collection, Iterable
from itertools import islice

from ..errors import JSON, invalid
from ..forms import Params


def page(
    objects: dict[str, JSON],
    params: Params,
    url: str,
    *,
    keep: Callable[[JSON], bool] = lambda _: True,
    oldest_first: bool = False,
    known: Collection[str] = (),
) -> JSON:
    """One page of objects, newest first unless told otherwise. `known` filters are Stripe's, but not simulated."""
    limit = params.integer("limit", 1, 100) or 10
    after, before = params.text("starting_after"), params.text("ending_before")
    params.finish(known)
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


def list_object(data: list[JSON], url: str, more: bool = False) -> JSON:
    """A list as it travels."""
    return {"object": "list", "data": data, "has_more": more, "url": url}
