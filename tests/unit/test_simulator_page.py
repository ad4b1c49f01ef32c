"""The tables of docs/simulator.md that are made of the code are up to date."""

import pytest

from documentation.simulator_page import PAGE, TABLES, with_tables


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_the_code_says(name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert TABLES[name]() in page, "run python -m documentation.simulator_page"


def test_the_page_has_no_old_tables() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page
