"""One run: a shop, its Stripe, and what comes between them."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from checkout_core import Checkout, Order, Settings
from checkout_core.gateway import CallLimits
from stripe_simulator.http.faults import Fault
from tests.support.limits import QUICK_RETRIES
from tests.support.webhook_sink import WebhookDelivery

from .clients import Answer, Client, OpenClient
from .environment import Environment
from .expected import ExpectedOrder, expected_order, expected_orders
from .intended_refunds import IntendedRefunds
from .offers import Offers
from .receipts import receipt_violations
from .simulated_stripe import ACCOUNT
from .stock_violations import stock_violations
from .violations import ALL_ORDERS, Done, violations

UNAVAILABLE = frozenset({"stripe_unavailable", "payment_unconfirmed", "refund_unconfirmed"})
Request = Callable[[], Answer]
SHORT_TIMEOUT_SECONDS = 0.5
"""How long our side waits for Stripe while a fault is due; otherwise it waits as it always does."""

IMPATIENT = replace(QUICK_RETRIES, connect=SHORT_TIMEOUT_SECONDS, read=SHORT_TIMEOUT_SECONDS)


class Scenario:
    """One run: two processes of a shop on one database, one of which is asked at a time, and one Stripe."""

    def __init__(self, environment: Environment) -> None:
        self.stripe, self.counts = environment.stripe, environment.counts
        self._sink = environment.sink
        self.webhook_secret = self.stripe.reset(environment.webhook_url)
        self._sink.take()
        self.folder = Path(tempfile.mkdtemp(prefix="chaos"))
        shutil.copy(Path(__file__).with_name("catalog.toml"), self.folder)
        self._ahead = timedelta(0)
        self._began = self.now()
        self.warehouse = Warehouse(self.counts)
        self.offers = Offers.make(self.stripe)
        self._settings = _settings(
            self.stripe.url, self.webhook_secret, environment.new_database(self.folder), self.folder
        )
        self._processes = [(open_client, self._open(open_client)) for open_client in environment.open_clients]
        self.pending_webhooks: list[WebhookDelivery] = []
        self._faults: list[tuple[str, Fault]] = []
        self._timed_out = False
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="shopper")

    @property
    def clients(self) -> list[Client]:
        """Our processes; the first is asked next."""
        return [client for _, client in self._processes]

    @property
    def client(self) -> Client:
        """The process of ours that is asked next."""
        return self.clients[0]

    def _open(self, open_client: OpenClient) -> Client:
        client = open_client(self._settings, self.now, self.warehouse)
        client.checkout.gateway.limits = QUICK_RETRIES
        return client

    def now(self) -> datetime:
        """Return the time that our side and the simulator agree on."""
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._ahead += by
        self.stripe.simulator.advance(by.total_seconds())
        self.collect_webhooks()

    @property
    def faultless(self) -> bool:
        """Whether no fault is due."""
        return not any(fault.times > 0 for _, fault in self._faults)

    def expected(self, session_id: str) -> ExpectedOrder:
        """Return what the order of a session must say."""
        return expected_order(self.stripe.simulator, session_id)

    def send(self, requests: Sequence[Request], allowed: frozenset[str] | set[str]) -> list[Answer]:
        """Send all requests at the same moment; another answer than allowed is a failure.

        While a fault is due, Stripe may also be unavailable: each answer must say so itself.
        """
        self.counts["steps"] += len(requests)
        self._limit_calls(QUICK_RETRIES if self.faultless else IMPATIENT)
        codes = allowed if self.faultless else allowed | UNAVAILABLE
        if len(requests) == 1:
            answers = [requests[0]()]
        else:
            answers = [future.result() for future in [self._pool.submit(request) for request in requests]]
        for answer in answers:
            assert answer.code in codes, f"{answer.code} ({answer.message}), expected {sorted(codes)}"
        self.collect_webhooks()
        return answers

    def in_dashboard(self, path: str, form: dict[str, str]) -> dict[str, Any] | None:
        """Do what a person, or another program, does in the account; return what Stripe made, unless it refused.

        A fault that was meant for us may hit it.
        """
        self.counts["steps"] += 1
        try:
            answer = self.stripe.dashboard(path, form)
        except httpx2.TransportError:
            return None
        finally:
            self.collect_webhooks()
        return dict(answer.json()) if answer.is_success else None

    def collect_webhooks(self) -> None:
        """Wait until Stripe has done what we gave up waiting for, and sent what it has to send; take that in."""
        while self._timed_out and self.stripe.busy:
            time.sleep(0.01)
        self.stripe.simulator.drain()
        self.pending_webhooks += self._sink.take()

    def add_fault(self, kind: str, route: str, times: int, rate: float = 1.0) -> None:
        """Let the next requests of a route go wrong, or a share of them."""
        seconds = 0.01 if kind == "latency" else 1.2 * SHORT_TIMEOUT_SECONDS
        fault = Fault(route, "latency" if kind == "time-out" else kind, times, seconds=seconds, rate=rate)
        self._faults.append((kind, fault))
        self.counts[f"fault {kind}"] += times
        self.stripe.simulator.faults.add(fault)
        self._timed_out |= kind == "time-out"

    def clear_faults(self) -> None:
        """Let nothing go wrong any more; faults that hit nobody are not counted."""
        for kind, fault in self._faults:
            self.counts[f"fault {kind}"] -= fault.times
        self._faults.clear()
        self.stripe.simulator.faults.clear()
        self._limit_calls(QUICK_RETRIES)

    def _limit_calls(self, limits: CallLimits) -> None:
        for client in self.clients:
            client.checkout.gateway.limits = limits

    def switch_process(self) -> None:
        """Let the other process of ours be asked next."""
        self._processes.reverse()

    def restart_us(self) -> None:
        """End our process and begin another one on the same database."""
        open_client, client = self._processes[0]
        client.close()
        self._processes[0] = (open_client, self._open(open_client))

    def restart_stripe(self) -> None:
        """End the simulator and begin it again with what its file remembers."""
        self.collect_webhooks()
        self.clear_faults()
        self.stripe.restart()

    def finish(self, done: Done, refunds: IntendedRefunds) -> list[str]:
        """Clear the faults, sweep once, and dispatch the outbox; return what is wrong after that."""
        self.collect_webhooks()
        self.counts["webhook never delivered"] += len(self.pending_webhooks)
        self.clear_faults()
        self.warehouse.behaviour = "works"
        checkout = self.client.checkout
        checkout.sweep(older_than=timedelta(0), since=self._began)
        self._ahead += timedelta(hours=2)  # what failed is due again, and what was claimed when the process died
        checkout.dispatch_outbox()
        known = expected_orders(self.stripe.simulator)
        self._count_outcome(known.values(), checkout)
        return [
            *violations(checkout, known, done),
            *refunds.violations(known),
            *receipt_violations(self.folder / "outbox", checkout.store.find(limit=ALL_ORDERS)),
            *self._handler_violations(checkout),
            *stock_violations(checkout, known),
        ]

    def _count_outcome(self, known: Iterable[ExpectedOrder], checkout: Checkout) -> None:
        for each in known:
            self.counts[f"session {each.status if each.ours else 'of others at the end'}"] += 1
            self.counts["refund made"] += len(each.refunds)
            for dispute in each.disputes:
                self.counts[f"dispute {'open' if dispute.is_open else dispute.statuses[-1]}"] += 1
        self.counts["orders"] += checkout.store.count()
        self.counts["receipts"] += len(list((self.folder / "outbox").glob("*")))

    def _handler_violations(self, checkout: Checkout) -> Iterator[str]:
        """Yield what is wrong with what else than a receipt runs for a paid order.

        It runs once. Only when the process has died in the middle may what had run by then run again.
        """
        paid = {order.id for order in checkout.store.find(limit=ALL_ORDERS) if order.paid_at is not None}
        shipped = self.warehouse.shipped
        yield from (f"{order_id} was shipped and never paid" for order_id in shipped.keys() - paid)
        yield from (f"{order_id} was paid and never shipped" for order_id in paid - shipped.keys())
        yield from (f"{order_id} was shipped {times} times" for order_id, times in shipped.items() if times > 1)
        if checkout.store.count_outbox():
            yield f"{checkout.store.count_outbox()} outbox entries are not finished"

    def close(self) -> None:
        """Let go of everything."""
        self._pool.shutdown()
        for client in self.clients:
            client.close()
        shutil.rmtree(self.folder)


class ProcessDies(BaseException):
    """The process ends here and now: nothing after it runs."""


class Warehouse:
    """A handler of paid orders of the shop's own: it works, it fails, or it is where the process dies."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self.behaviour = "works"
        self.shipped: Counter[str] = Counter()

    def __call__(self, order: Order) -> None:
        self._counts[f"warehouse {self.behaviour}"] += 1
        if self.behaviour == "fails":
            raise ConnectionError("the warehouse does not answer")
        if self.behaviour == "ends the process":
            raise ProcessDies
        self.shipped[order.id] += 1


def _settings(stripe_url: str, webhook_secret: str, database_url: str, folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "stripe_secret_key": f"sk_test_{ACCOUNT}",
            "stripe_publishable_key": f"pk_test_{ACCOUNT}",
            "stripe_webhook_secret": webhook_secret,
            "stripe_api_base": stripe_url,
            "database_url": database_url,
            "data_dir": folder,
            "public_url": "http://shop.test",
            "rate_limit": "",
            "sweep_every": 0,
        }
    )
