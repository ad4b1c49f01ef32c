"""The columns of the stores' tables, derived from the values that they keep.

A store asks here which columns a table has and what kind of value each holds, and says in one table of its own how its
database calls that kind. So a new field of `Order` needs a line in `migrations.py` and nothing in either store.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum, auto
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from ..domain.events import OrderEvent, OutboxEntry
from ..domain.orders import Order
from ..domain.stock import Hold, StockLevel

KEYS = ("id", "shop", "stripe_checkout_session_id", "created_at")
"""What never changes about an order."""

MAX_INTEGER = 2**63 - 1
"""The largest number that an integer column holds."""


class Kind(Enum):
    """What a column holds."""

    text = auto()
    choice = auto()
    """A value of an enum, as text."""
    integer = auto()
    """64 bits."""
    moment = auto()
    """A time in UTC."""
    json = auto()
    """A dictionary or a set of texts."""
    rows = auto()
    """A list of values that have columns of their own (`Column.parts`)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Args:
        name: the field's name.
        kind: what it holds.
        nullable: whether it may be None.
        default: what a row has that was written before there was the column.
        parts: the columns of each value in a list.
    """

    name: str
    kind: Kind
    nullable: bool = False
    default: Any = None
    parts: tuple["Column", ...] = ()


Row = dict[str, Any]
Conversion = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class RowFormat:
    """How a database's values differ from those of the models.

    Args:
        write: for each kind of column that differs, what makes the database's value of the model's. It is not asked
            about None, nor about lists: their values become dictionaries first.
        read: the same from the database to the model.
    """

    write: Mapping[Kind, Conversion]
    read: Mapping[Kind, Conversion]

    def writer(self, columns: Mapping[str, Column]) -> Callable[[object], Row]:
        """Return a function that makes a row of a pydantic model that has these columns."""
        conversions = [
            (column.name, _chained(_dictionaries if column.parts else None, self.write.get(column.kind)))
            for column in columns.values()
            if column.parts or column.kind in self.write
        ]

        def write(model: object) -> Row:
            row = vars(model).copy()
            for name, convert in conversions:
                value = row[name]
                if value is not None:
                    row[name] = convert(value)
            return row

        return write

    def reader(self, columns: Mapping[str, Column]) -> Callable[[Sequence[Any]], Row]:
        """Return a function that makes the fields of a model of a row with these columns in this order."""
        names = tuple(columns)
        conversions = [(one.name, self.read[one.kind]) for one in columns.values() if one.kind in self.read]

        def read(row: Sequence[Any]) -> Row:
            fields = dict(zip(names, row, strict=True))
            for name, convert in conversions:
                if fields[name] is not None:
                    fields[name] = convert(fields[name])
            return fields

        return read


def _dictionaries(values: Sequence[object]) -> list[Row]:
    return [vars(value).copy() for value in values]


def _chained(first: Conversion | None, then: Conversion | None) -> Conversion:
    if first is None or then is None:
        return first or then or (lambda value: value)
    return lambda value: then(first(value))


def columns_of(model: type[Any]) -> dict[str, Column]:
    """Return the columns that keep a pydantic model or a dataclass, by name and in the order of its fields.

    Raises:
        TypeError: a field has a type for which there is no kind of column.
    """
    hints, defaults = get_type_hints(model), _defaults(model)
    return {name: _column(name, hints[name], default) for name, default in defaults.items()}


def _defaults(model: type[Any]) -> Mapping[str, Any]:
    if is_dataclass(model):
        return dict.fromkeys(field.name for field in fields(model))
    return {
        name: None
        if field.is_required() or field.default_factory_takes_validated_data
        else field.get_default(call_default_factory=True)
        for name, field in model.model_fields.items()
    }


def _column(name: str, annotation: Any, default: Any) -> Column:
    options = [option for option in _options(annotation) if option is not NoneType]
    if len(options) != 1:
        raise TypeError(f"the column {name} can keep one type and None, not {annotation}")
    kind, parts = _kind(name, options[0])
    return Column(name, kind, nullable=NoneType in _options(annotation), default=default, parts=parts)


def _options(annotation: Any) -> tuple[Any, ...]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _options(get_args(annotation)[0])
    return get_args(annotation) if origin in (Union, UnionType) else (annotation,)


def _kind(name: str, annotation: Any) -> tuple[Kind, tuple[Column, ...]]:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    python = get_origin(annotation) or annotation
    if python is tuple:
        part = get_args(annotation)[0]
        if isinstance(part, type) and issubclass(part, BaseModel):
            return Kind.rows, tuple(columns_of(part).values())
    if isinstance(python, type):
        for base, kind in _KINDS.items():
            if issubclass(python, base):
                return kind, ()
    raise TypeError(f"there is no kind of column for {annotation}, the type of {name}")


_KINDS: Mapping[type, Kind] = {
    Enum: Kind.choice,
    str: Kind.text,
    int: Kind.integer,
    datetime: Kind.moment,
    dict: Kind.json,
    frozenset: Kind.json,
}

ORDER = columns_of(Order)
"""The columns of `orders`."""

EVENT = columns_of(OrderEvent)
"""The columns of `order_events`; both databases add `seq`, the order in which events were written."""

OUTBOX = columns_of(OutboxEntry)
"""The columns of `outbox` that an entry shows; `shop`, `due_at` and `error` are the stores' own."""

LEVEL = columns_of(StockLevel)
"""The columns of `stock_levels`."""

HOLD = columns_of(Hold)
"""The columns of `stock_holds`."""

MODELS: Mapping[str, Mapping[str, Column]] = {
    "orders": ORDER,
    "order_events": EVENT,
    "outbox": OUTBOX,
    "stock_levels": LEVEL,
    "stock_holds": HOLD,
}
"""The columns of each table."""
