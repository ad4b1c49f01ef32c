"""Columns are derived from the models, and rows made of them and back."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from checkout_core.domain.events import OrderEvent, OutboxEntry
from checkout_core.domain.orders import Order, OrderItem
from checkout_core.stores.columns import MODELS, Column, Kind, RowFormat, columns_of
from checkout_core.stores.migrations import FIRST_VERSION, MIGRATIONS, Migration, source_of


class Size(StrEnum):
    small = "small"
    large = "large"


class Part(BaseModel):
    name: str
    weight: int | None = None


class Thing(BaseModel):
    id: str
    size: Size = Size.small
    count: Annotated[int, Field(ge=0)] = 7
    note: str | None = None
    made_at: datetime
    labels: dict[str, str] = Field(default_factory=dict)
    parts: tuple[Part, ...] = ()


def test_columns_have_kind_nullability_and_default_of_the_fields() -> None:
    assert list(columns_of(Thing).values()) == [
        Column("id", Kind.text),
        Column("size", Kind.choice, default=Size.small),
        Column("count", Kind.integer, default=7),
        Column("note", Kind.text, nullable=True),
        Column("made_at", Kind.moment),
        Column("labels", Kind.json, default={}),
        Column("parts", Kind.rows, default=(), parts=tuple(columns_of(Part).values())),
    ]


def test_columns_of_a_dataclass() -> None:
    @dataclass
    class Entry:
        id: str
        names: frozenset[str] = field(default_factory=frozenset)

    assert columns_of(Entry) == {"id": Column("id", Kind.text), "names": Column("names", Kind.json)}


@pytest.mark.parametrize("annotation", [float, bytes, str | int, tuple[str, ...], list[str], None])
def test_a_field_that_no_column_can_keep_is_refused(annotation: object) -> None:
    model = type("Wrong", (BaseModel,), {"__annotations__": {"field": annotation}})
    with pytest.raises(TypeError, match="field"):
        columns_of(model)


@pytest.mark.parametrize(("table", "model"), [("orders", Order), ("order_events", OrderEvent), ("outbox", OutboxEntry)])
def test_each_table_has_the_fields_of_its_model_in_their_order(table: str, model: type) -> None:
    assert list(MODELS[table]) == list(model.__annotations__)
    assert [part.name for part in MODELS["orders"]["items"].parts] == list(OrderItem.model_fields)


def test_a_row_is_made_of_a_model_and_back() -> None:
    columns = columns_of(Thing)
    form = RowFormat(
        write={Kind.choice: str, Kind.json: json.dumps, Kind.moment: datetime.isoformat},
        read={Kind.json: json.loads, Kind.moment: datetime.fromisoformat},
    )
    moment = datetime(2026, 11, 5, tzinfo=UTC)
    thing = Thing(id="a", size=Size.large, made_at=moment, labels={"k": "v"}, parts=(Part(name="p", weight=1),))

    row = form.writer(columns)(thing)

    assert row == {
        "id": "a",
        "size": "large",
        "count": 7,
        "note": None,
        "made_at": moment.isoformat(),
        "labels": '{"k": "v"}',
        "parts": [{"name": "p", "weight": 1}],
    }
    assert type(row["size"]) is str
    assert Thing.model_validate(form.reader(columns)(list(row.values()))) == thing


def test_lists_can_be_converted_after_they_are_dictionaries() -> None:
    form = RowFormat(write={Kind.rows: json.dumps}, read={})
    thing = Thing(id="a", made_at=datetime(2026, 1, 1, tzinfo=UTC), parts=(Part(name="p"),))

    assert form.writer(columns_of(Thing))(thing)["parts"] == '[{"name": "p", "weight": null}]'


def test_a_row_with_too_few_or_too_many_values_is_refused() -> None:
    read = RowFormat(write={}, read={}).reader(columns_of(Part))
    for row in (["a"], ["a", 1, 2]):
        with pytest.raises(ValueError, match="zip"):
            read(row)


def test_a_migration_knows_the_columns_that_it_adds_by_table() -> None:
    migration = Migration(added={"order_events": ["stripe_event_id"], "orders": ["phone", "version"]})

    assert [(table, column.name) for table, column in migration.columns()] == [
        ("orders", "phone"),
        ("orders", "version"),
        ("order_events", "stripe_event_id"),
    ]


def test_every_field_that_a_migration_adds_has_a_value_for_the_rows_before_it() -> None:
    for number, migration in enumerate(MIGRATIONS, start=FIRST_VERSION):
        for table, column in migration.columns():
            assert column.nullable or column.default is not None or column.name in migration.filled, (
                f"version {number}: {table}.{column.name}"
            )


@pytest.mark.parametrize(("stored", "today"), [("settle", "reconcile"), ("reconcile", "reconcile"), ("x", "x")])
def test_the_source_of_an_event_has_the_name_of_today(stored: str, today: str) -> None:
    assert source_of(stored) == today
