"""Measure how good the tests are: `python -m tests.mutants [--seed 7] [--sample 60] [--group core] [--json]`.

Each mutant is one small change in a copy of the tree, and only tests that run the changed line are run. A mutant that
makes a test fail, or hang, is noticed. Survivors are behaviour that no test holds.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from time import monotonic

from .mutations import GROUPS, Mutant, find_mutants
from .reach import MOST_SECONDS, MOST_TESTS, Reach, measure
from .trees import Tree

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".mutants"
WORKERS = 2
START_SECONDS, SLOWER = 60, 4
# One test that hangs ends the run before the whole time is over.
RUN = ["-x", "-n0", "-p", "no:randomly", "--no-cov", "-o", "faulthandler_timeout=40"]
RUN += ["-o", "faulthandler_exit_on_timeout=true"]


@dataclass(frozen=True)
class Result:
    """What became of a mutant.

    Attributes:
        outcome: `noticed`, `hangs` (noticed too), `survived` or `not run` (no test runs the line).
        tests: how many tests were run, at most.
        reached_by: how many tests run the line.
        seconds: what that took.
    """

    mutant: Mutant
    outcome: str
    tests: int
    reached_by: int
    seconds: float

    @property
    def noticed(self) -> bool:
        """Whether the tests tell the mutant from the original."""
        return self.outcome in {"noticed", "hangs"}


def sample(mutants: list[Mutant], rng: random.Random) -> Iterator[Mutant]:
    """Yield mutants that Python can compile, from each group in turn.

    At most one a statement, and each kind of change of that statement is as likely: otherwise long calls and tables
    with many constants would be most of the sample.
    """
    places: dict[str, dict[tuple[str, int], list[Mutant]]] = {}
    for mutant in mutants:
        statements = places.setdefault(mutant.group, {})
        statements.setdefault((mutant.path, mutant.lines[1].start), []).append(mutant)
    shuffled = [rng.sample(list(of_group.values()), len(of_group)) for of_group in places.values()]
    while any(shuffled):
        for group in shuffled:
            while group:
                kinds = defaultdict(list)
                for mutant in group.pop():
                    kinds[mutant.kind].append(mutant)
                mutant = rng.choice(kinds[rng.choice(sorted(kinds))])
                if mutant.code() is not None:
                    yield mutant
                    break


def try_mutant(mutant: Mutant, reach: Reach, trees: "SimpleQueue[Tree]", stop: Event) -> Result | None:
    """Run the tests against a mutant; None when it was stopped.

    Args:
        mutant: the change to make.
        reach: which tests run it.
        trees: the copies that nobody uses now.
        stop: ends the run as soon as it is set.
    """
    (tests, reached_by), code = reach.tests_of(mutant), mutant.code()
    if not tests or code is None:
        return Result(mutant, "not run", 0, 0, 0)
    tree = trees.get()
    begun, file = monotonic(), tree.root / mutant.path
    original = file.read_text()
    try:
        if stop.is_set():
            return None
        file.write_text(code)
        limit = START_SECONDS + SLOWER * sum(map(reach.seconds.__getitem__, tests))
        status = tree.pytest([*RUN, *tests], limit=limit, stop=stop)
    finally:
        file.write_text(original)
        trees.put(tree)
    if stop.is_set():
        return None
    outcome = "hangs" if status is None else "survived" if status == 0 else "noticed"
    return Result(mutant, outcome, len(tests), reached_by, round(monotonic() - begun, 1))


def report(results: list[Result], *, seed: int, as_json: bool) -> None:
    """Print what became of the mutants: a table by group and the survivors, or one JSON object a line."""
    results = sorted(results, key=lambda result: (result.mutant.path, result.mutant.lines[0].start))
    if as_json:
        for result in results:
            mutant = result.mutant
            record = {"seed": seed, "group": mutant.group, "path": mutant.path, "line": mutant.lines[0].start}
            record |= {"kind": mutant.kind, "outcome": result.outcome, "seconds": result.seconds}
            record |= {"tests": result.tests, "reached_by": result.reached_by, "diff": mutant.diff()}
            print(json.dumps(record))
        return
    for result in results:
        if not result.noticed:
            mutant, by = result.mutant, "no test runs it"
            if result.tests:
                by = f"{result.tests} of {result.reached_by} tests that run it"
            print(f"\n{mutant.path}:{mutant.lines[0].start} ({mutant.kind}, {by})\n{mutant.diff()}")
    sampled = Counter(result.mutant.group for result in results)
    noticed = Counter(result.mutant.group for result in results if result.noticed)
    print(f"\nseed {seed}; at most {MOST_TESTS} tests and {MOST_SECONDS:g} seconds of them for a mutant\n")
    print(f"{'group':12}{'noticed':>9}{'sampled':>9}{'':>7}")
    for group in (*GROUPS, "all"):
        of, seen = (len(results), noticed.total()) if group == "all" else (sampled[group], noticed[group])
        if of:
            print(f"{group:12}{seen:9}{of:9}{seen / of:7.0%}")


def main() -> None:
    """Draw the sample, run it and report; Ctrl-C reports what is known so far."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--sample", type=int, default=60, help="how many mutants (60)")
    parser.add_argument("--group", action="append", choices=GROUPS, help="only these; may be given several times")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of the table")
    given = parser.parse_args()
    for ended in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ended, signal.default_int_handler)
    stop, results = Event(), list[Result]()
    with tempfile.TemporaryDirectory(prefix="mutants", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user when the tests run as root
        trees: SimpleQueue[Tree] = SimpleQueue()
        copies = [Tree(ROOT, folder / str(number)) for number in range(WORKERS)]
        for tree in copies:
            trees.put(tree)
        mutants = [one for one in find_mutants(copies[0].root) if one.group in (given.group or GROUPS)]
        print(f"seed {given.seed}; {len(mutants)} mutants; which tests run which line ...", file=sys.stderr)
        with suppress(KeyboardInterrupt), ThreadPoolExecutor(WORKERS) as pool:
            try:
                reach = measure(copies[0], KEPT, stop)
                drawn = list(islice(sample(mutants, random.Random(given.seed)), given.sample))
                futures = [pool.submit(try_mutant, one, reach, trees, stop) for one in drawn]
                for future in as_completed(futures):
                    if result := future.result():
                        results.append(result)
                        place = f"{result.mutant.path}:{result.mutant.lines[0].start}"
                        count = f"{len(results)}/{len(drawn)}"
                        print(f"{count:>8}  {result.outcome:9}{result.seconds:6.1f} s  {place}", file=sys.stderr)
            finally:
                stop.set()
    report(results, seed=given.seed, as_json=given.json)


if __name__ == "__main__":
    main()
