"""What `checkout doctor` says of tables that Citus distributes."""

from dataclasses import replace

import pytest

from checkout_core.stores.postgres.layout import COLUMN, DISTRIBUTED, SHARED, Layout, Placement

RIGHT = {table: Placement(COLUMN, 1, False) for table in DISTRIBUTED} | {
    table: Placement(None, 2, True) for table in SHARED
}


def test_tables_that_are_on_the_coordinator_and_tables_that_are_with_their_orders_are_right() -> None:
    assert Layout({}).faults() == Layout(RIGHT).faults() == []
    assert Layout(RIGHT).distributed
    assert not Layout({}).distributed


@pytest.mark.parametrize("table", [*DISTRIBUTED, *SHARED])
def test_a_table_that_was_left_on_the_coordinator_is_named_with_the_command(table: str) -> None:
    faults = Layout({name: each for name, each in RIGHT.items() if name != table}).faults()
    assert [f"('{table}'" in fault for fault in faults] == [True]


@pytest.mark.parametrize("table", DISTRIBUTED)
def test_a_table_that_is_distributed_by_another_column_is_named_with_both(table: str) -> None:
    (fault,) = Layout({**RIGHT, table: Placement("event_id", 1, False)}).faults()
    assert table in fault
    assert "event_id" in fault
    assert COLUMN in fault


@pytest.mark.parametrize("table", DISTRIBUTED[1:])
def test_a_table_that_is_not_with_its_orders_is_named(table: str) -> None:
    (fault,) = Layout({**RIGHT, table: replace(RIGHT[table], colocation=9)}).faults()
    assert f"{table} is not with its orders" in fault
