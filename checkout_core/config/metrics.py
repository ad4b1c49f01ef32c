"""What is counted, for Prometheus (https://prometheus.io/docs/practices/naming/). No label holds a shopper's data.

The numbers are the process's: several checkouts in one process add up, as one scrape sees one process.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from ..domain.errors import CheckoutError
from ..domain.stripe_events import HEEDED, StripeEvent

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
_SETTLED = Counter(
    "checkout_settle_total",
    "What settling came to: the kind of event it wrote, or `unchanged`.",
    ["source", "outcome"],
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
    "From the moment of an event to the moment its webhook was heeded.",
    ["type"],
    buckets=_LAG,
    registry=REGISTRY,
)
_OUTBOX = Gauge("checkout_outbox_entries", "Paid orders whose consequences are still owed.", registry=REGISTRY)
_CONSEQUENCES = Counter(
    "checkout_consequences_total",
    "Runs of `on_paid` handlers, by how they ended: `ok` or the error's class.",
    ["handler", "outcome"],
    registry=REGISTRY,
)
_KEPT = Counter(
    "checkout_keeper_runs_total",
    "What the background keeper did, by how it ended: `ok` or the error's class.",
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


def settled(source: str, outcome: str) -> None:
    """Count what settling came to."""
    _SETTLED.labels(source, outcome).inc()


def stripe_call(name: str, outcome: str, seconds: float) -> None:
    """Measure a call to Stripe."""
    _STRIPE.labels(name, outcome).observe(seconds)


def webhook(event: StripeEvent) -> None:
    """Measure how late a webhook was heeded; only of the types that we heed, for labels must stay few."""
    if event.type in HEEDED:
        lag = (datetime.now(UTC) - event.created_at).total_seconds()
        _WEBHOOK_LAG.labels(event.type).observe(max(0.0, lag))


def consequence(handler: str, outcome: str) -> None:
    """Count a run of a handler."""
    _CONSEQUENCES.labels(handler, outcome).inc()


def kept(work: str, outcome: str) -> None:
    """Count what the keeper did."""
    _KEPT.labels(work, outcome).inc()


def exposition(outbox: int) -> bytes:
    """Everything, in Prometheus's text format; `outbox` is counted by whoever is asked."""
    _OUTBOX.set(outbox)
    return generate_latest(REGISTRY)
