"""stripe-node against the simulator. Needs Node 20 or newer: skipped without, a failure where CI or REQUIRE_NODE is set."""

import os
import socket
import subprocess
from pathlib import Path

from stripe_simulator.testing.server import running
from tests.e2e.node.packages import package, tool

HERE = Path(__file__).parent
SECRET = "whsec_node"


def test_stripe_node_finds_a_stripe() -> None:
    node = tool("node")
    package("stripe")
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
