"""A sweep in a process of its own that is killed in the middle of its work, and another one that has just begun."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkout_core import Checkout
from checkout_core.services.outbox import dispatch
from tests.conftest import OURS, ROOT
from tests.core.shoppers import a_pending_order, a_session, control, kinds, pay

PATIENCE = 120


@pytest.fixture
def environment(checkout: Checkout, tmp_path: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    return clean | {
        "STRIPE_SECRET_KEY": checkout.settings.secret_key,
        "STRIPE_PUBLISHABLE_KEY": checkout.settings.publishable_key,
        "STRIPE_API_BASE": checkout.settings.api_base,
        "CHECKOUT_DATA_DIR": str(tmp_path),
        "CHECKOUT_LOG_FORMAT": "json",
    }


def a_sweep(environment: dict[str, str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "checkout_cli", "settle", "--older-than", "0s"]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def test_what_a_killed_sweep_had_begun_the_other_one_finishes(
    checkout: Checkout, tmp_path: Path, environment: dict[str, str]
) -> None:
    session_ids = [a_pending_order(checkout) for _ in range(10)] + [a_session(checkout) for _ in range(10)]
    for session_id in session_ids:
        pay(checkout, session_id)
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="latency", seconds=0.2, rate=1.0)
    with a_sweep(environment) as killed:
        assert killed.stderr is not None
        assert next(line for line in killed.stderr if '"paid"' in line)
        with a_sweep(environment) as other:
            killed.kill()
            other.communicate(timeout=PATIENCE)
    assert other.returncode == 0
    assert [kinds(checkout, each).count("paid") for each in session_ids] == [1] * len(session_ids)
    checkout.clock = lambda: datetime.now(UTC) + timedelta(minutes=3)  # what the killed one had claimed is free again
    dispatch(checkout)
    assert checkout.store.count_outbox() == 0
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == len(session_ids)
