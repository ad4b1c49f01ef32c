"""`docs/analytics.md` says what is so."""

import re
from pathlib import Path

import pytest

from checkout_core.analytics import open_orders
from checkout_core.analytics.insights import Question
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "analytics.md").read_text(encoding="utf-8")


def test_the_table_of_views_is_what_the_views_say(tmp_path: Path) -> None:
    listed = open_orders(f"duckdb:///{tmp_path}/orders.duckdb").views()
    rows = [f"| {' | '.join(map(str, row))} |" for row in listed.itertuples(index=False)]
    assert TEXT.split("|---|---|---|---|\n")[1].splitlines() == rows


def test_the_examples_run(story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", story)
    monkeypatch.chdir(tmp_path)
    if story.startswith("duckdb"):
        monkeypatch.setenv("CHECKOUT_DATABASE_URL", f"duckdb:///{tmp_path}/orders.duckdb")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(block, names)
    assert (tmp_path / "revenue.csv").read_text().startswith("day,currency,orders,gross")


def test_every_question_is_in_the_table_of_questions() -> None:
    table = TEXT.split("## Insights and charts")[1].split("## Views")[0]
    named = {name for line in table.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    assert named == {*Question, "currencies"}
