"""`make hardening`: every attack in its long form, as a table, which goes into docs/reliability.md with `--docs`."""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.support.programs import ROOT

from .attacks import ATTACKS
from .outcome import Outcome

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- hardening: begin -->", "<!-- hardening: end -->"


def table(outcomes: dict[str, Outcome], minutes: float) -> str:
    """Return the table as Markdown."""
    rows = [
        f"| {title} | {one.tried} | {one.down} | {one.lost} | {one.unanswered} | {one.figures} |"
        for title, one in outcomes.items()
    ]
    heading = (
        "| Attack | What was tried | Processes down | Lost, doubled or let through | Not answered in time | Measured |"
    )
    when = f"`make hardening`, {datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} minutes"
    return "\n".join([when, "", heading, "|---|---|--:|--:|--:|---|", *rows])


def write_docs(text: str) -> None:
    """Put the table between its marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main() -> int:
    """Run every attack; return 1 when one was not withstood."""
    began = time.monotonic()
    outcomes = {}
    for attack in ATTACKS:
        with tempfile.TemporaryDirectory() as folder:
            outcomes[attack.title] = attack.run(Path(folder), attack.long)
        print(attack.title, outcomes[attack.title], flush=True)
    text = table(outcomes, (time.monotonic() - began) / 60)
    print(text)
    if "--docs" in sys.argv:
        write_docs(text)
    return int(not all(outcome.withstood for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
