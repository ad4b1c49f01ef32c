"""A reader who does what a page says: writes its files, types its commands, runs its Python, in an empty folder.

The shopper of an example is played here, too: `# … the shopper pays …` in a page's Python is a payment.
"""

import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

from tests.support.markdown import Block
from tests.support.programs import MAX_WAIT_SECONDS, ROOT, RunningProgram, clean_environment, free_port

SERVERS = {
    "uvicorn": "running on",
    "streamlit run": "URL:",
    "checkout demo": "is open",
    "checkout simulator": "Stripe simulator:",
    "stripe-simulator": "Stripe simulator:",
    "flask": "Running on",
    "runserver": "Starting development server",
}
"""Commands that do not end, and what they print when they are ready."""

PORTS = ("8000", "8501", "12111")
"""What pages listen on. Each page gets free ones, so that pages may be read at the same time."""

IN_THE_CHECKOUT = ("README.md", "CONTRIBUTING.md", "docs/*.md")
"""Pages that a reader follows in a checkout of the repository; all others in a folder of their own."""

DATABASE = "postgresql://app@localhost/app"
"""The database of the pages' application; a page that connects to it gets an empty one of its own."""

NOT_COPIED = {".git", "data", "site", ".docs"}
PAYS = re.compile(r"# … the shopper pays …")
PRELUDE = 'uv() { command uv "$@" --dry-run; }; set -e\n'
"""Pages install what is installed already. uv is kept from doing it again while other tests run; pip by a variable."""


class Reader:
    """Follows one page from its beginning to its end."""

    def __init__(
        self,
        folder: Path,
        stripe_url: str,
        pay: Callable[[str], object],
        *,
        in_the_checkout: bool,
        database: str = "",
    ) -> None:
        self._folder = folder
        self._database = database
        self._pay = pay
        self._ports = {port: str(free_port()) for port in PORTS}
        self._names: dict[str, object] = {"shopper_pays": self._shopper_pays}
        self._programs = ExitStack()
        self._serving: dict[str, RunningProgram] = {}
        self._starting: list[tuple[RunningProgram, str]] = []
        programs = [
            str(ROOT / ".venv" / "bin"),
            str(Path(sys.executable).parent),
            os.environ["PATH"],
            str(ROOT / ".uv" / "bin"),
        ]
        self.environment = clean_environment(
            PATH=":".join(programs),
            VIRTUAL_ENV=sys.prefix,
            STRIPE_API_BASE=stripe_url,
            PIP_DRY_RUN="1",
            PIP_NO_INDEX="1",
            PIP_DISABLE_PIP_VERSION_CHECK="1",
            UV_OFFLINE="1",
            MAKEFLAGS="n",  # what `make` does, its own tests show; a page names targets that exist
            PYTHONUNBUFFERED="1",
            PYTHONPATH=str(folder),
            PYTEST_ADDOPTS="-p no:cacheprovider -p stripe_simulator.testing.plugin",
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",  # a reader has none of ours, and they take a second
            STREAMLIT_SERVER_HEADLESS="true",
            STREAMLIT_BROWSER_GATHER_USAGE_STATS="false",
        )
        (folder / ".venv").symlink_to(sys.prefix)
        if in_the_checkout:
            self._check_out()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._programs.close()

    def finish(self) -> None:
        """Wait until every server that the page starts is ready.

        Raises:
            AssertionError: one ended without; the message has what it printed.
        """
        while self._starting:
            program, ready = self._starting.pop()
            program.wait_for(ready)

    def follow(self, block: Block) -> None:
        """Do what a block says.

        Raises:
            AssertionError: it does not work; the message says what happened.
        """
        if self._database:
            block = replace(block, text=block.text.replace(DATABASE, self._database))
        if block.title:
            path = self._folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        match block.language:
            case "python":
                code = compile(
                    "\n" * block.line + PAYS.sub("shopper_pays(session)", block.text), block.title or "page", "exec"
                )
                if not block.title:
                    exec(code, self._names)
            case "toml":
                tomllib.loads(block.text)
            case "console":
                for command, output in commands(block.text):
                    self._type(command, output)
            case "text" | "mermaid":
                pass
            case language:
                raise AssertionError(f"nobody runs blocks in {language!r}: use python, console, toml, or text")

    def _check_out(self) -> None:
        for entry in ROOT.iterdir():
            if entry.name not in NOT_COPIED and not (self._folder / entry.name).exists():
                (self._folder / entry.name).symlink_to(entry)
        (self._folder / "pytest.ini").touch()  # a page's tests are no tests of ours
        data = self._folder / "data"
        data.mkdir()
        for name in ("catalog.toml", "images"):
            (data / name).symlink_to(ROOT / "data" / name)

    def _shopper_pays(self, session: object) -> None:
        self._pay(str(getattr(session, "id", session)))

    def _type(self, command: str, output: str) -> None:
        for port, free in self._ports.items():
            command = re.sub(rf"\b{port}\b", free, command)
        if (ready := says_when_ready(command)) is not None:
            self._serve(command, ready)
            return
        done = subprocess.run(
            ["bash", "-c", PRELUDE + command],
            cwd=self._folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=MAX_WAIT_SECONDS,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"$ {command}\n{said}"
        assert "does not provide the extra" not in said, said
        assert not output or re.search(pattern(output), said), f"$ {command}\nsays not\n{output}\nbut\n{said}"

    def _serve(self, command: str, ready: str) -> None:
        command = command.removesuffix("&").rstrip()
        if "simulator" in command:
            address = f"http://127.0.0.1:{self._ports['12111']}"
            command += "" if "--port" in command else f" --port {self._ports['12111']}"
            self.environment["STRIPE_API_BASE"] = address
        ports = re.findall(r"port (\d+)", command)
        for port in self._serving.keys() & ports:  # the page shows another way to serve the same
            self.finish()
            stop(self._serving[port])
        process = subprocess.Popen(
            ["bash", "-c", "exec env " + command if "&&" not in command else command],
            cwd=self._folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        program = RunningProgram(process)
        self._programs.callback(stop, program)
        self._serving |= dict.fromkeys(ports, program)
        self._starting.append((program, ready))


def stop(program: RunningProgram) -> None:
    """End a program with the workers that it may have started, unless it has ended."""
    if program.process.poll() is None:
        os.killpg(program.process.pid, signal.SIGKILL)
    program.wait()


def says_when_ready(command: str) -> str | None:
    """Return what a command prints when it serves; None: it is none that serves."""
    start = r"""(?:^|&& ?)(?:\w+=(?:"[^"]*"|\S+)(?: |\\\n)+)*(?:\S*/)?(?:python -m )?"""
    return next((ready for program, ready in SERVERS.items() if re.search(rf"{start}{program}\b", command)), None)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Take a console apart: each command after `$ `, with its continuation lines, and what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        lines = part.splitlines()
        count = next((at for at, line in enumerate(lines) if not line.endswith("\\")), len(lines)) + 1
        yield "\n".join(lines[:count]), "\n".join(lines[count:]).strip()


def pattern(output: str) -> str:
    """Return what matches an output in which `…` stands for anything."""
    return r".*?".join(re.escape(part) for part in re.split("…", output)).replace(r"\n", "\n")
