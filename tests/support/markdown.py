"""Code blocks of Markdown pages."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from .programs import ROOT

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S*)(?P<rest>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """One fenced block. With a `title` it is the content of the file of that name."""

    language: str
    title: str | None
    text: str
    line: int


def pages() -> list[Path]:
    """Return every page that a reader may follow: the site's and the READMEs."""
    found = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *(ROOT / name / "README.md" for name in ("checkout_core", "stripe_simulator")),
    ]
    return sorted(found)


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            language=match["language"],
            title=title[1] if (title := _TITLE.search(match["rest"])) else None,
            text=dedent(match["text"]),
            line=text.count("\n", 0, match.start()) + 1,
        )
        for match in _FENCE.finditer(text)
    ]
