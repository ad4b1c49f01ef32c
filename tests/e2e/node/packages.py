"""The npm packages that `package-lock.json` pins."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def tool(name: str) -> str:
    """The path of node or npm: skipped without, a failure where CI or REQUIRE_NODE is set."""
    path = shutil.which(name)
    if path is None:
        message = f"no {name}: install Node.js 20 or newer"
        if os.environ.get("CI") == "true" or os.environ.get("REQUIRE_NODE") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return path


def package(name: str) -> Path:
    """The folder of a pinned package, installed if it is not there."""
    folder = HERE / "node_modules" / name
    with (Path(tempfile.gettempdir()) / "checkout-toolkit-npm.lock").open("w") as line:
        fcntl.flock(line, fcntl.LOCK_EX)  # two test workers may want it at once
        if not (folder / "package.json").exists():
            _install()
    return folder


def _install() -> None:
    npm = [tool("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(npm, cwd=HERE, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
