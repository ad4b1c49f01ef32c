"""What is counted, for Prometheus (https://prometheus.io/docs/practices/naming/). No label holds a shopper's data.

The numbers are the process's: several checkouts in one process add up, as one scrape sees one process.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from ..domain.errors import CheckoutError
from ..domain.stripe_events import StripeEvent

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)
_LAG = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 86400.0)

_STEPS = Histogram(
    "checkout_step_seconds",
    "How long a step of the checkout took, by how it ended: `ok` or an error's code.",
    ["step", "outcome"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
_RECONCILED = Counter(
    "checkout_reconcile_total",
    "What reconciling came to: the kind of event it wrote, or `unchanged`.",
    ["source", "outcome"],
    registry=REGISTRY,
)
_FOREIGN = Counter(
    "checkout_foreign_sessions_total",
    "Sessions of other programs on the Stripe account that were asked about: without our mark, or not a payment.",
    ["reason"],
    registry=REGISTRY,
)
_STRIPE = Histogram(
    "checkout_stripe_call_seconds",
    "How long a call to Stripe took, retries included.",
    ["call", "outcome"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
_WEBHOOK_LAG = Histogram(
    "checkout_webhook_lag_seconds",
    "From the time of an event to the time its webhook was handled.",
    ["type"],
    buckets=_LAG,
    registry=REGISTRY,
)
_REPLAYED = Counter(
    "checkout_replayed_events_total",
    "Events of Stripe's list that were handled, by what came of it: `new`, `unchanged`, or an error's class.",
    ["outcome"],
    registry=REGISTRY,
)
_OUTBOX = Gauge("checkout_outbox_entries", "Events of orders whose handlers have not all run.", registry=REGISTRY)
_HANDLER_RUNS = Counter(
    "checkout_handler_runs_total",
    "Runs of handlers, by how they ended: `ok` or the error's class.",
    ["handler", "outcome"],
    registry=REGISTRY,
)
_DOUBLE_PAYMENTS = Counter(
    "checkout_double_payments_total",
    "Orders that were reported because another order of the same purchase is paid, too.",
    registry=REGISTRY,
)
_SOLD_OUT = Counter(
    "checkout_sold_out_total",
    "Checkouts that were refused in step 2 because not enough of something was left.",
    registry=REGISTRY,
)
_OVERSOLD = Counter(
    "checkout_oversold_total",
    "Orders that were paid when something of them was not available any more.",
    registry=REGISTRY,
)
_WORKER_RUNS = Counter(
    "checkout_worker_runs_total",
    "What the background worker did, by how it ended: `ok` or the error's class.",
    ["work", "outcome"],
    registry=REGISTRY,
)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Measure a step."""
    began = time.perf_counter()
    outcome = "ok"
    try:
        yield
    except CheckoutError as error:
        outcome = error.code
        raise
    except BaseException:
        outcome = CheckoutError.code
        raise
    finally:
        _STEPS.labels(name, outcome).observe(time.perf_counter() - began)


def reconciled(source: str, outcome: str) -> None:
    """Count what reconciling came to."""
    _RECONCILED.labels(source, outcome).inc()


def foreign_session(reason: str) -> None:
    """Count a session of another program; `reason` is `mark` or `mode`."""
    _FOREIGN.labels(reason).inc()


def stripe_call(name: str, outcome: str, seconds: float) -> None:
    """Measure a call to Stripe.

    Args:
        name: what was asked, such as `sessions.create`.
        outcome: `ok` or an error's code.
        seconds: how long it took, retries included.
    """
    _STRIPE.labels(name, outcome).observe(seconds)


def webhook(event: StripeEvent) -> None:
    """Measure how late a webhook was handled. Call it for handled types only: labels must stay few."""
    lag = (datetime.now(UTC) - event.created_at).total_seconds()
    _WEBHOOK_LAG.labels(event.type).observe(max(0.0, lag))


def replayed(outcome: str) -> None:
    """Count an event of Stripe's list; `outcome` is `new`, `unchanged`, or an error's class."""
    _REPLAYED.labels(outcome).inc()


def handler_run(handler: str, outcome: str) -> None:
    """Count a run of a handler."""
    _HANDLER_RUNS.labels(handler, outcome).inc()


def double_payment() -> None:
    """Count an order that was reported because another one of its purchase is paid, too."""
    _DOUBLE_PAYMENTS.inc()


def sold_out() -> None:
    """Count a checkout that was refused because not enough of something was left."""
    _SOLD_OUT.inc()


def oversold() -> None:
    """Count an order that was paid when something of it was not available any more."""
    _OVERSOLD.inc()


def worker_run(work: str, outcome: str) -> None:
    """Count what the background worker did."""
    _WORKER_RUNS.labels(work, outcome).inc()


def exposition(outbox: int) -> bytes:
    """Return everything in Prometheus's text format; `outbox` is how many entries are not finished."""
    _OUTBOX.set(outbox)
    return generate_latest(REGISTRY)
