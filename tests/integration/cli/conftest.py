"""The `checkout` command in this process: quicker than a process for every command, and the same from `sys.argv` on."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from checkout_cli import main
from checkout_core import Checkout


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a command. Text is as a person reads it: where lines break does not matter."""

    status: int
    output: str
    errors: str


RunCommand = Callable[..., Finished]


@pytest.fixture
def checkout(duckdb_checkout: Checkout) -> Checkout:
    """A checkout on a DuckDB file, which a command opens too."""
    return duckdb_checkout


@contextmanager
def logging_as_it_was() -> Iterator[None]:
    """Undo what a command sets up for its logs: it writes to a stream that ends with the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.fixture
def run_command(capsys: pytest.CaptureFixture[str]) -> RunCommand:
    """Run `checkout` with arguments; keyword arguments are environment variables."""

    def run(*arguments: str, **environment: str) -> Finished:
        capsys.readouterr()
        with logging_as_it_was(), pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["checkout", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        status = ended.value.code
        return Finished(int(status or 0), " ".join(said.out.split()), " ".join(said.err.split()))

    return run


@pytest.fixture
def variables(checkout: Checkout) -> dict[str, str]:
    """The environment variables that lead a command to the orders and the Stripe of `checkout`."""
    return {
        "STRIPE_SECRET_KEY": checkout.settings.stripe_secret_key.get_secret_value(),
        "STRIPE_PUBLISHABLE_KEY": checkout.settings.stripe_publishable_key,
        "STRIPE_API_BASE": checkout.settings.stripe_api_base,
        "CHECKOUT_DATA_DIR": str(checkout.settings.data_dir),
        "CHECKOUT_PUBLIC_URL": checkout.settings.public_url,
    }
