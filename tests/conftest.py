"""What every test may ask for: a Stripe simulator over HTTP, a checkout, a running demo."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkout_core import Checkout, Settings, open_checkout
from stripe_simulator import SyncSimulator
from stripe_simulator.testing.server import running
from tests.support import postgres_servers
from tests.support.clock import TestClock
from tests.support.databases import make_migrated_file
from tests.support.gateway import InterruptedGateway
from tests.support.limits import QUICK_RETRIES
from tests.support.programs import OURS, ROOT, free_port, running_demo
from tests.support.stores import ScriptedStore

__all__ = ["OURS", "ROOT", "free_port", "running_demo"]

LONG = (
    "tests/e2e/browser/",
    "notebooks/",
    "tests/chaos/",
    "tests/integration/stores/test_duckdb.py",
    "tests/integration/cli/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, or one worker has one at the end and the other has nothing.

    Browser tests before all others: what they share is closed at the first test that is none of theirs.
    """
    items.sort(
        key=lambda item: next((at for at, folder in enumerate(LONG) if item.nodeid.startswith(folder)), len(LONG))
    )


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in filter(OURS.match, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setattr("checkout_core.config.settings.ENV_FILE", None)


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkout_core.gateway.transport.DEFAULT_LIMITS", QUICK_RETRIES)


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[str, SyncSimulator]]:
    with running(webhook_secret="whsec_test") as (url, simulator):
        yield url, simulator


@pytest.fixture
def simulator(_server: tuple[str, SyncSimulator]) -> SyncSimulator:
    """The simulator behind `stripe_url`, as if freshly started."""
    simulator = _server[1]
    simulator.reset()
    return simulator


@pytest.fixture
def stripe_url(_server: tuple[str, SyncSimulator], simulator: SyncSimulator) -> str:
    """Where the simulator answers."""
    return _server[0]


@pytest.fixture
def make_settings(stripe_url: str, tmp_path: Path) -> Callable[..., Settings]:
    """Settings that lead to the simulator and a fresh DuckDB file; arguments are environment variables."""

    def make(**variables: str) -> Settings:
        base = {
            "STRIPE_SECRET_KEY": "sk_test_tests",
            "STRIPE_PUBLISHABLE_KEY": "pk_test_tests",
            "STRIPE_WEBHOOK_SECRET": "whsec_test",
            "STRIPE_API_BASE": stripe_url,
            "CHECKOUT_DATA_DIR": str(tmp_path),
            "CHECKOUT_PUBLIC_URL": "http://shop.test",
        } | variables
        with pytest.MonkeyPatch.context() as patch:
            for name, value in base.items():
                patch.setenv(name, value)
            return Settings.load()

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """`make_settings()` with nothing changed."""
    return make_settings()


@pytest.fixture
def clock() -> TestClock:
    """The clock of `checkout`."""
    return TestClock()


@pytest.fixture
def memory_store() -> ScriptedStore:
    """The store of `checkout`."""
    return ScriptedStore()


@pytest.fixture
def gateway(settings: Settings) -> InterruptedGateway:
    """The Stripe account of `checkout`."""
    return InterruptedGateway(settings)


@pytest.fixture
def checkout(
    settings: Settings, clock: TestClock, memory_store: ScriptedStore, gateway: InterruptedGateway
) -> Iterator[Checkout]:
    """A checkout of the shipped catalogue whose orders are in memory; it sends no receipts."""
    with open_checkout(settings, store=memory_store, gateway=gateway, receipts=None, clock=clock) as checkout:
        yield checkout


@pytest.fixture
def duckdb_checkout(settings: Settings, clock: TestClock) -> Iterator[Checkout]:
    """A checkout on a DuckDB file of its own, with receipts: others can open the same file."""
    with open_checkout(settings, clock=clock) as checkout:
        yield checkout


@pytest.fixture(scope="session")
def migrated_duckdb_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file of the newest version without orders, to copy: never open it."""
    return make_migrated_file(tmp_path_factory.mktemp("template") / "orders.duckdb")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server with a database for orders; gives the address of the database."""
    with postgres_servers.postgres_server("orders") as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A database that is empty as a new one, and a tenth of its price; nobody is connected to it."""
    postgres_servers.empty(postgres_server)
    return postgres_server


def chromium() -> str:
    """The system's Chromium, without its own windows where there is one. A missing one is a failure, never a skip."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.fail("No Chromium. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.")
    return path
