from pathlib import Path

import pytest

from .mutations import GROUPS, money_critical_files, mutants_of

ROOT = Path(__file__).resolve().parents[2]


def changes(source: str) -> set[str]:
    return {mutant.diff().rpartition("\n+")[2].strip() for mutant in mutants_of(source, "core", "some.py")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = b < 1\n", {"a = b <= 1", "a = b < 2", "a = None"}),
        ("def f():\n    raise Refused(1)\n", {"pass", "raise Refused(2)", "raise Refused(None)"}),
        ("if a:\n    b()\n", {"if not (a):", "pass"}),
        ("def f():\n    return a or b\n", {"return None", "return a and b"}),
        ("f(a, key)\n", {"pass", "f(None, key)", "f(a, None)", "f(key)", "f(a, )"}),
        ('a["paid"]\n', {"pass", 'a["XXpaidXX"]'}),
    ],
)
def test_what_a_line_decides_is_changed(source: str, expected: set[str]) -> None:
    assert changes(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""About 1 thing."""\n',
        'log.warning("a webhook was refused", count=1)\n',
        "a: int | None\n",
        "Call = Write | Query\n",
        "def __repr__(self):\n    return 1\n",
        'A = "Please pay at most 3 times."\n',
        "@dataclass(frozen=True)\nclass A:\n    a: int\n",
        '__all__ = ["a"]\n',
    ],
)
def test_what_is_cosmetic_is_not_changed(source: str) -> None:
    assert not changes(source)


def test_the_text_of_an_error_is_not_changed_but_what_else_it_says_is() -> None:
    assert changes('raise invalid("no such thing", "line_items")\n') == {
        "pass",
        'raise invalid("no such thing", None)',
        'raise invalid("no such thing", )',
        'raise invalid("no such thing", "XXline_itemsXX")',
    }


def test_each_group_has_files() -> None:
    assert {group for group, _ in money_critical_files(ROOT)} == GROUPS.keys()
