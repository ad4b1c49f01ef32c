"""stripe-node against the simulator. Needs Node 20 or newer: skipped without, a failure where CI or REQUIRE_NODE is set."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from stripe_simulator.server import running

HERE = Path(__file__).parent
SECRET = "whsec_node"


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        message = f"no {name}: install Node.js 20 or newer"
        if os.environ.get("CI") == "true" or os.environ.get("REQUIRE_NODE") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return path


def _install() -> None:
    """Install what package-lock.json pins, unless it is there already."""
    if not (HERE / "node_modules" / "stripe" / "package.json").exists():
        npm = [_tool("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(npm, cwd=HERE, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr


def test_stripe_node_finds_a_stripe():
    node = _tool("node")
    _install()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(webhook_url=f"http://127.0.0.1:{port}/webhook", webhook_secret=SECRET) as (url, _):
        done = subprocess.run(
            [node, "--test", "conformance.mjs"],
            cwd=HERE,
            env=os.environ | {"STRIPE_URL": url, "WEBHOOK_PORT": str(port), "WEBHOOK_SECRET": SECRET},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stdout + done.stderr
