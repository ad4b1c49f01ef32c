"""A pytest plugin: any test may ask for `stripe_simulator`, any wider fixture for `stripe_simulator_session`.

    def test_a_shopper_can_pay(stripe_simulator):
        client = stripe.StripeClient(**stripe_simulator.client_options)

A server starts with the first test that asks and serves the whole test run (one per xdist worker). This module is
imported by every pytest of an environment that has the package, so what it needs is imported when it is needed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from .simulated_stripe import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, SignedEvent, SimulatedStripe

__all__ = ["PUBLISHABLE_KEY", "SECRET_KEY", "WEBHOOK_SECRET", "SignedEvent", "SimulatedStripe"]

FIXTURE, WIDER_FIXTURE = "stripe_simulator", "stripe_simulator_session"
MARKER = "stripe_simulator"
INI, OPTION = "stripe_simulator_unsupported", "--stripe-simulator-unsupported"
CHOICES = ("refuse", "ignore")
MEANING = "parameters of a Checkout Session that are not simulated: refuse them by name, or ignore (keep) them"


def __getattr__(name: str) -> Any:
    """Return a public name from the module where it lives: https://peps.python.org/pep-0562/."""
    if name in __all__:
        from . import simulated_stripe

        return getattr(simulated_stripe, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the ini value."""
    parser.getgroup("stripe-simulator").addoption(OPTION, choices=CHOICES, help=MEANING)
    parser.addini(INI, MEANING, default="refuse")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; refuse a wrong ini value and another plugin with the same fixture."""
    config.addinivalue_line("markers", f'{MARKER}(unsupported="refuse"): {MEANING}, in these tests')
    if config.getini(INI) not in CHOICES:
        raise pytest.UsageError(f"{INI} is {' or '.join(CHOICES)}, not {config.getini(INI)!r}.")
    for plugin, distribution in config.pluginmanager.list_plugin_distinfo():
        if getattr(plugin, "__name__", None) != __name__ and FIXTURE in vars(plugin):
            raise pytest.UsageError(two_plugins(distribution.project_name))


def two_plugins(name: str) -> str:
    """Return the sentence about a distribution that has a fixture of the same name."""
    return (
        f"Two pytest plugins have the fixture {FIXTURE}: that of stripe-simulator and that of {name}. "
        f"Keep one of them: pip uninstall {name}, and then install stripe-simulator again."
    )


def find_rival(entry_points: "Iterator[EntryPoint]") -> str | None:
    """Return the distribution, other than our own, whose plugin has the name of ours; None when there is none."""
    names = {each.dist.name for each in entry_points if each.name == FIXTURE and each.dist is not None}
    return min(names - {"stripe-simulator"}, default=None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say what is wrong before the first fixture of a test is made: a scope that cannot be, a marker that says nothing."""
    if FIXTURE not in getattr(item, "fixturenames", ()):
        return
    definitions = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009
    if definitions[FIXTURE][-1].func.__module__ != __name__:  # the test's own fixture of that name
        return
    for name, fixtures in definitions.items():
        for fixture in fixtures:
            if FIXTURE in fixture.argnames and fixture.scope != "function" and name != FIXTURE:
                pytest.fail(
                    f"The fixture {name} is made once a {fixture.scope} and asks for {FIXTURE}, which is made for one "
                    f"test. Let it ask for {WIDER_FIXTURE}, or make it once a test.",
                    pytrace=False,
                )
    _unsupported(item)


def _unsupported(item: pytest.Item) -> str:
    """Return what a test wants of parameters that are not simulated: its marker, the option, the ini value."""
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        return str(item.config.getoption(OPTION) or item.config.getini(INI))
    given = {**marker.kwargs, **({"…": marker.args} if marker.args else {})}
    if set(given) != {"unsupported"} or given["unsupported"] not in CHOICES:
        pytest.fail(
            f'The marker is written {MARKER}(unsupported="refuse") or {MARKER}(unsupported="ignore"), '
            f"not with {', '.join(f'{name}={value!r}' for name, value in given.items()) or 'nothing'}.",
            pytrace=False,
        )
    return str(given["unsupported"])


@contextmanager
def _serving() -> "Iterator[SimulatedStripe]":
    from importlib.metadata import entry_points

    from .server import running
    from .simulated_stripe import WEBHOOK_SECRET, SimulatedStripe

    rival = find_rival(iter(entry_points(group="pytest11")))
    if rival is not None:
        pytest.fail(two_plugins(rival), pytrace=False)
    with running(webhook_secret=WEBHOOK_SECRET) as (url, simulator):
        yield SimulatedStripe(url, simulator)


@pytest.fixture(scope="session")
def _stripe_simulator_server() -> "Iterator[SimulatedStripe]":
    with _serving() as stripe:
        yield stripe


@pytest.fixture
def stripe_simulator(request: pytest.FixtureRequest, _stripe_simulator_server: "SimulatedStripe") -> "SimulatedStripe":
    """A running Stripe simulator, as if freshly started: no objects, no faults, the clock on time, no webhooks."""
    from .simulated_stripe import SimulatedStripe

    stripe = SimulatedStripe(_stripe_simulator_server.url, _stripe_simulator_server.simulator)
    stripe.reset()
    stripe.unsupported = _unsupported(request.node)
    return stripe


@pytest.fixture(scope="session")
def stripe_simulator_session(request: pytest.FixtureRequest) -> "Iterator[SimulatedStripe]":
    """A Stripe simulator for wider fixtures: a server of its own, which nothing resets.

    `account(name)` gives an account that is empty until the first use; `reset()` forgets all of them and the clock.
    """
    with _serving() as stripe:
        stripe.unsupported = str(request.config.getoption(OPTION) or request.config.getini(INI))
        yield stripe
