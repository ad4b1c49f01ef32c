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


def listing(table: str, *filters: Filter, unsupported: Collection[str] = ()) -> Handler:
    """Return the handler that lists a table, newest first.

    Args:
        table: what is listed.
        filters: what the caller may narrow it by, beside `created`.
        unsupported: filters that Stripe has and the simulator does not.
    """

    async def answer(request: ApiRequest) -> JSON:
        keep = all_of(request.params, created, *filters)
        objects = request.account.tables[table]
        return page(objects, request.params, f"/v1/{table}", keep=keep, unsupported=unsupported)

    return answer
