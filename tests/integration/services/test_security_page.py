"""The page that says what is defended names tests that exist."""

import re
from pathlib import Path

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "security.md"


def test_every_test_that_the_security_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    written = {
        name
        for file in Path(ROOT, "tests").rglob("test_*.py")
        if "node_modules" not in file.parts
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 30
    assert named <= written
