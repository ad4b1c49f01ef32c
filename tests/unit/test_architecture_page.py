"""`docs/architecture.md` and `docs/glossary.md` name what there is."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.programs import ROOT

PACKAGES = ("checkout_core", "api", "storefront", "stripe_simulator", "checkout_cli")
PAGES = ("architecture.md", "glossary.md")
NOT_OURS = {"stripe", "cs_…", "order_…", "charge.refunded", "stores/<name>/"}
"""Stripe's own names, and placeholders."""


@cache
def code() -> str:
    """Return the text of all files of the packages, and of what drives them."""
    paths = [
        path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in (".py", ".sql", ".toml")
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in [*paths, ROOT / "Makefile"])


def quoted(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return sorted({each for each in re.findall(r"`([^`]+)`", text) if each not in NOT_OURS and "<" not in each})


def is_there(name: str) -> bool:
    """Whether a path below the repository or a package, a command, or every name of an expression exists."""
    if "/" in name or name.endswith((".py", ".md", ".sql", ".toml", ".example")):
        places = (ROOT, *(ROOT / package for package in PACKAGES), ROOT / "checkout_core" / "stores")
        if any(list(place.glob(name.rstrip("/"))) for place in places):
            return True
    return all(re.search(rf"\b{word}\b", code()) for word in re.findall(r"[A-Za-z_]{3,}", name))


@pytest.mark.parametrize(("page", "name"), [(page, name) for page in PAGES for name in quoted(page)])
def test_what_the_pages_name_exists(page: str, name: str) -> None:
    assert is_there(name), f"docs/{page} names {name}"


def test_the_drawing_shows_every_room() -> None:
    rooms = {
        path.name for path in (ROOT / "checkout_core").iterdir() if path.is_dir() and (path / "__init__.py").exists()
    }
    drawn = set(re.findall(r"<b>(\w+)/</b>", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")))
    assert drawn == rooms


def test_every_page_is_reached_from_the_index() -> None:
    def below(page: Path) -> set[Path]:
        links = re.findall(r"\]\(([\w./-]+\.md)[)#]", page.read_text(encoding="utf-8"))
        return {(page.parent / link).resolve() for link in links}

    docs = ROOT / "docs"
    reached = below(docs / "index.md")
    reached |= {page for index in reached if index.name == "index.md" for page in below(index)}
    assert set(docs.rglob("*.md")) - {docs / "index.md"} <= reached


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    navigation = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert set(re.findall(r'"([\w/-]+\.md)"', navigation)) == pages
