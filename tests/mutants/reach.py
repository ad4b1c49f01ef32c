"""Which tests run which line, measured once and kept until a file changes."""

import hashlib
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from shutil import copy2
from threading import Event

from coverage import CoverageData

from .mutations import Mutant
from .trees import Tree, ignored_tests

MOST_TESTS, MOST_SECONDS = 120, 60.0
COVERAGE_LIMIT = 3600
# The C tracer, because Python's own monitoring reports a line once and not once for each test.
COVERAGE = """[run]
relative_files = true
core = ctrace
source = checkout_core, api, stripe_simulator
"""


class Reach:
    """The tests that run each line, and how long each takes.

    Args:
        root: the folder in which it was measured.
        data: coverage data with a context for each test.
        seconds: what each passing test took.
    """

    def __init__(self, root: Path, data: CoverageData, seconds: dict[str, float]) -> None:
        self.seconds = seconds
        self._texts: dict[str, list[str]] = {}
        self._tests: dict[str, dict[int, set[str]]] = {}
        self._lines: Counter[str] = Counter()
        for file in data.measured_files():
            if not file.endswith(".py"):  # a template that was compiled
                continue
            by_line = {
                line: {test for context in contexts if (test := context.rpartition("|")[0]) in seconds}
                for line, contexts in data.contexts_by_lineno(file).items()
            }
            self._tests[file] = by_line
            self._texts[file] = ["", *(root / file).read_text().split("\n")]
            self._lines.update(test for tests in by_line.values() for test in tests)

    def tests_of(self, mutant: Mutant) -> tuple[list[str], int]:
        """Return the tests to run for a mutant, the most special first, and of how many; none if no test runs the line.

        A declaration runs as its module is imported; it concerns the tests that run a line with its name, or else every
        test of the file, or else of the files that import it. At most `MOST_TESTS` tests that take at most
        `MOST_SECONDS` together; every test function comes before the second case of another.
        """
        by_line = self._tests.get(mutant.path, {})
        weight = Counter(test for tests in by_line.values() for test in tests)
        own, whole = (set().union(*(by_line.get(line, ()) for line in lines)) for lines in mutant.lines)
        # Python counts a constant within a statement of several lines to the line where the statement starts.
        reached: Iterable[str] = own or whole
        imported = any(line in by_line for line in mutant.lines[0])
        if mutant.declares:
            uses = self._uses(rf"\b{re.escape(mutant.declares)}\b")
            uses.update(whole)
            weight = reached = uses or weight
        elif imported and not reached:  # a function that is called as a module is imported
            reached = weight
        if not reached and (mutant.declares or imported):
            weight = reached = self._of_importers(Path(mutant.path).stem)
        ordered = sorted(reached, key=lambda test: (-weight[test] / self._lines[test], self._lines[test], test))
        cases: Counter[str] = Counter()
        rounds: dict[int, list[str]] = defaultdict(list)
        for test in ordered:
            function = test.partition("[")[0]
            rounds[cases[function]].append(test)
            cases[function] += 1
        chosen: list[str] = []
        left = MOST_SECONDS
        for test in (test for turn in sorted(rounds) for test in rounds[turn]):
            if len(chosen) < MOST_TESTS and (not chosen or self.seconds[test] <= left):
                chosen.append(test)
                left -= self.seconds[test]
        return chosen, len(ordered)

    def _uses(self, pattern: str) -> Counter[str]:
        """Count, for each test, the lines with a match that it runs."""
        found = re.compile(pattern)
        return Counter(
            test
            for file, by_line in self._tests.items()
            for line, tests in by_line.items()
            if found.search(self._texts[file][line])
            for test in tests
        )

    def _of_importers(self, module: str) -> Counter[str]:
        """Count, for each test, the lines that it runs of files that import `module`."""
        imports = re.compile(rf"^(from|import) .*\b{module}\b", re.MULTILINE)
        importers = (file for file, lines in self._texts.items() if imports.search("\n".join(lines)))
        return Counter(test for file in importers for tests in self._tests[file].values() for test in tests)


def measure(tree: Tree, kept: Path, stop: Event) -> Reach:
    """Return which tests run which line of `tree`, from the folder `kept` if it was measured before.

    Raises:
        SystemExit: pytest was ended, or collected nothing.
    """
    folder = kept / _digest(tree.root)
    results, contexts = folder / "results.xml", folder / "coverage"
    if not contexts.exists():
        settings = tree.root.parent / "coveragerc"
        settings.write_text(COVERAGE)
        coverage = ["--cov", f"--cov-config={settings}", "--cov-context=test", "--cov-report="]
        outcome = ["--junitxml=results.xml", "-o", "junit_family=xunit1"]
        arguments = ["tests", *ignored_tests(tree.root), "-n2", "--dist=loadfile", *coverage, *outcome]
        tree.pytest(arguments, limit=COVERAGE_LIMIT, stop=stop)
        if not (tree.root / "results.xml").exists() or not (tree.root / ".coverage").exists():
            log = (tree.root.parent / "pytest.log").read_text()
            raise SystemExit(f"The tests could not be run:\n{log[-3000:]}")
        folder.mkdir(parents=True, exist_ok=True)
        copy2(tree.root / "results.xml", results)
        copy2(tree.root / ".coverage", contexts)
    data = CoverageData(str(contexts))
    data.read()
    return Reach(tree.root, data, _seconds(results))


def _digest(root: Path) -> str:
    """Return a name for the state of all files that tests depend on."""
    files = {file for kind in ("py", "toml", "sql") for file in root.glob(f"**/*.{kind}")}
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(files - set(root.glob("tests/mutants/*"))):
        digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _seconds(results: Path) -> dict[str, float]:
    """Return the seconds that each passing test took; one that fails without a mutant says nothing about mutants."""
    return {
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}": float(case.get("time", 0))
        for case in ET.parse(results).iter("testcase")
        if not len(case)
    }
