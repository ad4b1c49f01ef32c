"""Contact sheets of every page and state, in five sizes, light and dark: `make pictures`.

The browser tests take the pictures of every state that they look at; this runs those tests and puts the pictures
together: one sheet for each part of the program.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.conftest import ROOT
from tests.e2e.browser.looking import SCALE, WINDOWS

TARGET = ROOT / "docs" / "pictures"
TESTS = ("test_shopper_pages.py", "test_tickets.py", "test_operator.py", "test_backstage.py", "test_every_page.py")
SHEETS: Mapping[str, tuple[str, ...]] = {
    "shop": ("shop", "cart", "checkout", "payment"),
    "confirmation": ("confirmation",),
    "tickets": ("ticket", "door"),
    "operator": ("operator",),
    "backstage": ("backstage",),
    "simulator": ("simulator",),
}
"""The sheets, and how the names of the states on each begin."""

_GAP, _LABEL = 8, 18
_INK, _PAPER = "#202020", "#d9d9d9"
_QUALITY = 60


def main() -> int:
    """Take the pictures and make the sheets; return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        where = {"CHECKOUT_SHEET": folder, "CHECKOUT_PICTURES": str(TARGET)}
        tests = [f"tests/e2e/browser/{name}" for name in TESTS]
        command = [sys.executable, "-m", "pytest", "-n", "0", "-q", *tests]
        status = subprocess.run(command, cwd=ROOT, env=os.environ | where, check=False).returncode
        if status:
            return status
        for sheet, states in states_of(folder).items():
            path = TARGET / f"sheet-{sheet}.webp"
            drawn(states).save(path, quality=_QUALITY, method=6)
            print(f"{path.relative_to(ROOT)}: {len(states)} states, {path.stat().st_size // 1024} KB")
    return 0


def states_of(folder: str) -> dict[str, list[Path]]:
    """Return the folders of the states on each sheet, in the order in which their pictures were taken."""
    taken = sorted(Path(folder).iterdir(), key=lambda state: state.stat().st_mtime)
    sheets = {sheet: [state for state in taken if state.name.split("-")[0] in begin] for sheet, begin in SHEETS.items()}
    left = {state.name for state in taken} - {state.name for states in sheets.values() for state in states}
    if left:
        raise ValueError(f"No sheet has a place for: {', '.join(sorted(left))}")
    return sheets


def drawn(states: Sequence[Path]) -> Image.Image:
    """Return a sheet: a row for each state, first the light pictures and then the dark ones, the smallest first."""
    columns = [window["width"] // SCALE for window in WINDOWS]
    tallest = max(window["height"] // SCALE for window in WINDOWS)
    width = 2 * sum(column + _GAP for column in columns) + _GAP
    row = _LABEL + tallest + _GAP
    sheet = Image.new("RGB", (width, row * len(states) + _GAP), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, state in enumerate(states):
        top = number * row + _GAP
        draw.text((_GAP, top - 2), state.name, _INK, font)
        left = _GAP
        for picture in _pictures(state):
            with Image.open(picture) as small:
                sheet.paste(small, (left, top + _LABEL))
                left += small.width + _GAP
    return sheet


def _pictures(state: Path) -> Iterable[Path]:
    return [state / f"{scheme}-{window['width']}.png" for scheme in ("light", "dark") for window in WINDOWS]


if __name__ == "__main__":
    sys.exit(main())
