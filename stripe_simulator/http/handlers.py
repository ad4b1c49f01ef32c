"""Handlers that many resources share: one object, a list."""

from collections.abc import Collection

from ..wire import JSON
from .filters import Filter, all_of, created
from .lists import page
from .request import ApiRequest, Handler


def retrieve(table: str, kind: str, param: str = "id") -> Handler:
    """Return the handler that answers with one object of a table.

    Args:
        table: where the object is.
        kind: how errors call the object.
        param: how errors call the id.
    """

    async def answer(request: ApiRequest) -> JSON:
        request.params.finish()
        return request.account.get(table, request.path["id"], kind, param)

    return answer


def retrieve_sold(table: str, kind: str) -> Handler:
    """Return the handler that answers with a product or a price, also with one that a session was given inline.

    Args:
        table: where the others are.
        kind: how errors call the object.
    """

    async def answer(request: ApiRequest) -> JSON:
        request.params.finish()
        id = request.path["id"]
        inline = None if id in request.account.tables[table] else request.account.given_inline(id)
        return inline if inline is not None and inline["object"] == kind else request.account.get(table, id, kind)

    return answer


NAMED = {"charge": "charges", "customer": "customers", "payment_intent": "payment_intents"}
"""Filters that name an object, and the table that has to have it."""


def named_objects(request: ApiRequest) -> dict[str, str]:
    """Return the objects that the filters of a list name, before anybody took the filters."""
    given = {name: request.params.raw(name) for name in NAMED}
    return {name: id for name, id in given.items() if isinstance(id, str) and id}


def require_found(request: ApiRequest, named: dict[str, str]) -> None:
    """Raise a 400 (`resource_missing`) when an object that a filter names does not exist."""
    for name, id in named.items():
        request.account.get(NAMED[name], id, name, name, 400)


def listing(table: str, *filters: Filter, unsupported: Collection[str] = ()) -> Handler:
    """Return the handler that lists a table, newest first.

    Args:
        table: what is listed.
        filters: what the caller may narrow it by, beside `created`.
        unsupported: filters that Stripe has and the simulator does not.
    """

    async def answer(request: ApiRequest) -> JSON:
        named = named_objects(request)
        keep = all_of(request.params, created, *filters)
        objects = request.account.tables[table]
        listed = page(objects, request.params, f"/v1/{table}", keep=keep, unsupported=unsupported)
        require_found(request, named)
        return listed

    return answer
