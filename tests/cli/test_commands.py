"""The `checkout` command as a user runs it."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from checkout_core.stores import open_store
from tests.conftest import OURS, ROOT, free_port


def run(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    return subprocess.run(
        [sys.executable, "-m", "checkout_cli", *arguments],
        env=clean | {"COLUMNS": "200"} | environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_version_is_that_of_the_distribution() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"checkout {version('checkout-toolkit')}\n")


def test_doctor_says_what_works(stripe_url: str, tmp_path: Path) -> None:
    done = run("doctor", cwd=tmp_path, STRIPE_API_BASE=stripe_url, CHECKOUT_DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "simulator" in done.stdout
    assert "no order yet" in done.stdout


def test_doctor_says_what_to_do(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    keys = {"STRIPE_SECRET_KEY": "sk_test_abc", "STRIPE_PUBLISHABLE_KEY": "pk_test_abc"}
    done = run("doctor", cwd=tmp_path, STRIPE_API_BASE="http://127.0.0.1:9", CHECKOUT_DATA_DIR=str(blocked), **keys)
    assert done.returncode == 1
    assert "checkout simulator" in done.stdout
    assert "stripe listen" in done.stdout
    assert "writable" in done.stdout
    assert "sk_test_abc" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"STRIPE_SECRET_KEY": "sk_test_abc"}, "STRIPE_PUBLISHABLE_KEY is not"),
        ({"CHECKOUT_DATA_DIR": "/dev/null/orders"}, "CHECKOUT_DATA_DIR"),
    ],
)
def test_the_demo_refuses_in_one_sentence(tmp_path: Path, environment: dict[str, str], says: str) -> None:
    done = run("demo", "--port", str(free_port()), cwd=tmp_path, **environment)
    assert done.returncode == 1
    assert says in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(stripe_url: str) -> None:
    port = stripe_url.rpartition(":")[2]
    for command in ("demo", "simulator"):
        done = run(command, "--port", port)
        assert done.returncode == 1
        assert "Choose another port" in done.stderr.replace("\n", " ")


def test_seeded_orders_can_be_queried_and_a_second_time_adds_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        done = run("seed", "--orders", "500", CHECKOUT_DATA_DIR=str(tmp_path))
        assert done.returncode == 0, done.stderr
    assert "500 were there already" in done.stdout
    with open_store(f"duckdb:///{tmp_path}/orders.duckdb") as store:
        assert len(store.find(limit=1000)) == 500


def test_settle_refuses_a_duration_it_cannot_read() -> None:
    done = run("settle", "--older-than", "soon")
    assert done.returncode != 0
    assert "10m" in done.stderr
