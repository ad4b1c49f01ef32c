"""What the paths have in common: expansion, one object, a list."""

from collections.abc import Callable

from ..calls import Call, Handler
from ..errors import JSON, invalid
from ..resources import sessions
from ..resources.lists import page

EXPANDABLE = {
    "checkout.session": {"payment_intent": "payment_intents", "customer": "customers"},
    "payment_intent": {"latest_charge": "charges", "customer": "customers"},
    "charge": {"payment_intent": "payment_intents", "customer": "customers"},
    "refund": {"charge": "charges", "payment_intent": "payment_intents"},
    "dispute": {"charge": "charges", "payment_intent": "payment_intents"},
    "price": {"product": "products"},
    "promotion_code": {"customer": "customers"},
}


def expanded(call: Call, object: JSON, prefix: str = "") -> JSON:
    """`object` with the ids that the caller wants expanded replaced by what they stand for."""
    if not call.expand:
        return object
    object = dict(object)
    for wanted in call.expand:
        if not isinstance(wanted, str) or not wanted.startswith(prefix):
            continue
        name = wanted[len(prefix) :].partition(".")[0]
        if (object["object"], name) == ("checkout.session", "line_items"):
            object[name] = sessions.line_items(call.account.tables["sessions"][object["id"]])
        elif name in EXPANDABLE.get(object["object"], {}):
            id = object[name]
            if isinstance(id, str):
                found = call.account.tables[EXPANDABLE[object["object"]][name]].get(id)
                object[name] = expanded(call, found, f"{prefix}{name}.") if found else id
        else:
            raise invalid(f"This property cannot be expanded ({wanted}).", "expand")
    return object


def expanded_page(call: Call, listed: JSON) -> JSON:
    """A list with its objects expanded."""
    if call.expand:
        listed["data"] = [expanded(call, object, "data.") for object in listed["data"]]
    return listed


def retrieve(table: str, kind: str, param: str = "id") -> Handler:
    """The handler that gives one object of a table."""

    async def one(call: Call) -> JSON:
        call.params.finish()
        return expanded(call, call.account.get(table, call.path["id"], kind, param))

    return one


def listing(table: str, *filters: str) -> Handler:
    """The handler that lists a table, narrowed by fields that are texts."""

    async def all(call: Call) -> JSON:
        wanted = {name: given for name in filters if (given := call.params.text(name)) is not None}
        keep = _having(wanted)
        return expanded_page(call, page(call.account.tables[table], call.params, f"/v1/{table}", keep=keep))

    return all


def _having(wanted: dict[str, str]) -> Callable[[JSON], bool]:
    def keep(object: JSON) -> bool:
        return not object.get("deleted") and all(object[name] == value for name, value in wanted.items())

    return keep
