"""Programs in processes of their own, as users start them: run to their end, or started and stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = re.compile(r"^(STRIPE|CHECKOUT)_")
"""The names of environment variables that are settings."""

MAX_WAIT_SECONDS = 60.0
"""How long a program may take to start, to say something, or to stop."""


def clean_environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without settings of a real shop, and with `variables`."""
    return {name: value for name, value in os.environ.items() if not OURS.match(name)} | variables


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_program(
    *arguments: str, environment: Mapping[str, str] | None = None, folder: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    """Run Python with `arguments` to its end; return its exit status and what it printed.

    Args:
        arguments: of the interpreter, such as `-m checkout_cli doctor`.
        environment: every variable of the process; without it those of this process, without settings.
        folder: the current folder of the process.
    """
    return subprocess.run(
        [sys.executable, *arguments],
        env=clean_environment() if environment is None else environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=MAX_WAIT_SECONDS,
        check=False,
    )


class RunningProgram:
    """A program in a process of its own. What it prints, also as errors, is read all the time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="program output")
        self._reader.start()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        with self._changed:
            return "".join(self._lines)

    def wait_for(self, text: str) -> str:
        """Wait until it has printed `text`; return the line.

        Raises:
            AssertionError: it ended without, or it takes too long.
        """

        def line() -> str | None:
            return next((each for each in self._lines if text in each), None)

        with self._changed:
            self._changed.wait_for(lambda: line() is not None or self._ended, MAX_WAIT_SECONDS)
            found = line()
            assert found is not None, f"{self.process.args!r} did not print {text!r}:\n{''.join(self._lines)}"
            return found

    def wait(self) -> int:
        """Wait until it has ended and everything it printed is read; return its exit status."""
        status = self.process.wait(MAX_WAIT_SECONDS)
        self._reader.join(MAX_WAIT_SECONDS)
        return status

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; return its exit status. One that has ended already is left alone."""
        self.process.send_signal(how)
        return self.wait()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


@contextmanager
def running_program(
    *arguments: str,
    ready: str | None = None,
    environment: Mapping[str, str] | None = None,
    stop_with: signal.Signals = signal.SIGTERM,
) -> Iterator[RunningProgram]:
    """Start Python with `arguments`; stop it at the end, unless it has ended by then.

    Args:
        arguments: of the interpreter, such as `-m uvicorn api.main:app`.
        ready: what it prints when it is ready; None: nothing is waited for.
        environment: every variable of the process; without it those of this process, without settings.
        stop_with: the signal that stops it. A program that does not heed it in time is killed, and the test fails.

    Raises:
        AssertionError: it did not become ready; the message has what it printed.
    """
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PYTHONUNBUFFERED": "1", **(clean_environment() if environment is None else environment)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        program = RunningProgram(process)
        try:
            if ready is not None:
                program.wait_for(ready)
            yield program
            program.stop(stop_with)
        finally:
            program.kill()


@contextmanager
def running_demo(folder: Path, port: int | None = None, **environment: str) -> Iterator[str]:
    """Run `checkout demo` as a user does; gives its address when it is open.

    Args:
        folder: its data folder.
        port: where it listens; a free port unless given.
        **environment: further variables of the process.
    """
    port = port or free_port()
    variables = clean_environment(CHECKOUT_DATA_DIR=str(folder), **environment)
    arguments = ("-m", "checkout_cli", "demo", "--port", str(port))
    with running_program(*arguments, ready="is open", environment=variables, stop_with=signal.SIGINT):
        yield f"http://127.0.0.1:{port}"
