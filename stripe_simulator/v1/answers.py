"""What the paths have in common: one object, a list."""

from collections.abc import Collection

from ..calls import Call, Handler
from ..errors import JSON
from ..resources.lists import page
from .filters import Filter, created, narrowed


def retrieve(table: str, kind: str, param: str = "id") -> Handler:
    """The handler that gives one object of a table."""

    async def one(call: Call) -> JSON:
        call.params.finish()
        return call.account.get(table, call.path["id"], kind, param)

    return one


def listing(table: str, *filters: Filter, known: Collection[str] = ()) -> Handler:
    """The handler that lists a table, narrowed by `created` and more; `known` filters are not simulated."""

    async def all(call: Call) -> JSON:
        keep = narrowed(call.params, created, *filters)
        return page(call.account.tables[table], call.params, f"/v1/{table}", keep=keep, known=known)

    return all
