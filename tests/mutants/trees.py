"""Private copies of the working tree in which tests run."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic

# The tests that are run: all below tests/ that is not in a folder of one of these names, which are too slow.
TOO_SLOW = {"browser", "notebooks", "chaos", "cli", "e2e", "node", "mutants"}
POLL_SECONDS, STOP_SECONDS = 0.1, 10


class Tree:
    """A copy of the working tree without what git ignores.

    Attributes:
        root: the folder of the copy.
    """

    def __init__(self, source: Path, folder: Path) -> None:
        self.root = folder / "tree"
        self._temporary = folder / "tmp"
        self._temporary.mkdir(parents=True)
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        for name in subprocess.check_output(listed, cwd=source, text=True).rstrip("\0").split("\0"):
            if (source / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / name, self.root / name)

    def pytest(self, arguments: Sequence[str], *, limit: float, stop: Event) -> int | None:
        """Run pytest in the copy; its output goes to `pytest.log` beside the copy.

        Args:
            arguments: what follows `python -m pytest`.
            limit: seconds after which the run is ended.
            stop: ends the run as soon as it is set.

        Returns:
            The exit status, or None when the run was ended.
        """
        # The tests, and programs that they start, must import the copy, not the checkout that is installed.
        environment = os.environ | {"PYTHONPATH": str(self.root), "TMPDIR": str(self._temporary)}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        with (self.root.parent / "pytest.log").open("w") as log:
            process = subprocess.Popen(
                command, cwd=self.root, env=environment, stdout=log, stderr=log, start_new_session=True
            )
            end = monotonic() + limit
            try:
                while process.poll() is None and monotonic() < end and not stop.wait(POLL_SECONDS):
                    pass
                return process.poll()
            finally:
                self._end(process)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # pytest then closes what its fixtures have opened
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):  # also what a pytest that was ended has left
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # A PostgreSQL server is a session of its own, and outlives a pytest that was killed.
        for file in self._temporary.glob("*/postmaster.pid"):
            with suppress(ProcessLookupError):
                os.kill(int(file.read_text().split("\n", 1)[0]), signal.SIGQUIT)
            file.unlink(missing_ok=True)


def ignored_tests(root: Path) -> list[str]:
    """Return pytest's arguments that leave out the slow folders."""
    slow = (folder for folder in sorted(root.glob("tests/**/")) if folder.name in TOO_SLOW)
    return [f"--ignore={folder.relative_to(root)}" for folder in slow]
