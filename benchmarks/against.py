"""The store of this tree beside that of another commit, in turns, so that what else the machine does hits both.

    python -m benchmarks.against COMMIT [--stores duckdb] [--callers 1,8,64] [--rows 10000] [--seconds 4] [--turns 3]

Each turn is `python -m benchmarks.store` in a copy of the commit and then in this tree. The median over the turns counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.store.__main__ import show

HERE = Path(__file__).resolve().parents[1]


def compare(commit: str, options: Sequence[str], turns: int) -> Iterator[dict[str, Any]]:
    """A row for each store, number of orders and number of callers; `ratio` is how much more this tree commits."""
    before: dict[tuple[str, int, int], list[float]] = {}
    now: dict[tuple[str, int, int], list[float]] = {}
    with copy_of(commit) as there:
        for _ in range(turns):
            for tree, found in ((there, before), (HERE, now)):
                for row in _measured(tree, options):
                    found.setdefault((row["store"], row["rows"], row["callers"]), []).append(row["commits_per_s"])
    for key, values in now.items():
        old, new = statistics.median(before[key]), statistics.median(values)
        names = dict(zip(("store", "rows", "callers"), key, strict=True))
        yield {**names, commit: round(old), "now": round(new), "ratio": round(new / old, 2)}


def _measured(tree: Path, options: Sequence[str]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.store", "--json", *options]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@contextmanager
def copy_of(commit: str) -> Iterator[Path]:
    """Give a folder with what was in a commit, until the end."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=HERE, stdout=subprocess.PIPE, check=True)
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--stores", default="duckdb")
    parser.add_argument("--callers", default="1,8,64")
    parser.add_argument("--rows", default="10000")
    parser.add_argument("--seconds", default="4")
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    options = [f"--{name}={getattr(given, name)}" for name in ("stores", "callers", "rows", "seconds")]
    show(compare(given.commit, [*options, "--rounds=1"], given.turns), as_json=False)


if __name__ == "__main__":
    main()
