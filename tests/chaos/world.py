"""A shop, its Stripe, and what comes between them."""

import shutil
import tempfile
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from checkout_core import Checkout, CheckoutError, Order, Settings
from checkout_core.gateway.connection import TIMEOUT
from checkout_core.outbox import dispatch
from checkout_core.sweep import sweep
from stripe_simulator.http.faults import Fault

from .counters import OK, Answer, Counter
from .servers import ACCOUNT, Letter
from .street import Street
from .truth import Truth, truths, violations

UNAVAILABLE = frozenset({"stripe_unavailable", "refund_unconfirmed"})
Ask = Callable[[], Answer]
IMPATIENT = 0.5
"""Seconds that our side waits for Stripe while something that was injected waits; on a calm day it waits as it always does."""


class World:
    """One run: two processes of a shop on one database, one of which is asked at a time, and one Stripe."""

    def __init__(self, street: Street) -> None:
        self.stripe, self.post, self.tally = street.stripe, street.post, street.tally
        self.secret = self.stripe.start_anew(street.address)
        self.post.letters.clear()
        self.folder = Path(tempfile.mkdtemp(prefix="chaos"))
        shutil.copy(Path(__file__).with_name("catalog.toml"), self.folder)
        self.ahead = timedelta(0)
        self._began = self.now()
        self.warehouse = Warehouse(self.tally)
        self._open_counter = street.open_counter
        self._settings = _settings(self.stripe.url, self.secret, street.new_database(self.folder), self.folder)
        self.counters = [self._open(), self._open()]
        self.bag: list[Letter] = []
        self._faults: list[tuple[str, Fault]] = []
        self._timed_out = False
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="shopper")

    @property
    def counter(self) -> Counter:
        """The process of ours that is asked next."""
        return self.counters[0]

    def _open(self) -> Counter:
        counter = self._open_counter(self._settings)
        counter.checkout.clock = self.now
        counter.checkout.on_paid(self.warehouse, name="warehouse")
        return counter

    def now(self) -> datetime:
        """The time that our side and the simulator agree on."""
        return datetime.now(UTC) + self.ahead

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.ahead += by
        self.stripe.simulator.advance(by.total_seconds())
        self.collect()

    @property
    def calm(self) -> bool:
        """Whether nothing that was injected waits for a request."""
        return not any(fault.times > 0 for _, fault in self._faults)

    def truth(self, session_id: str) -> Truth:
        """What Stripe knows of a session."""
        return truths(self.stripe.simulator)[session_id]

    def ask(self, asks: Sequence[Ask], expected: frozenset[str] | set[str]) -> list[Answer]:
        """Ask everything at the same moment. Another answer than expected is a failure.

        While something that was injected waits, Stripe may also be out of reach: each answer must say so itself.
        """
        self.tally["steps"] += len(asks)
        self._be_patient(self.calm)
        allowed = expected if self.calm else expected | UNAVAILABLE
        if len(asks) == 1:
            answers = [asks[0]()]
        else:
            answers = [future.result() for future in [self._pool.submit(ask) for ask in asks]]
        for answer in answers:
            assert answer.code in allowed, f"{answer.code} ({answer.message}), expected {sorted(allowed)}"
        self.collect()
        return answers

    def collect(self) -> None:
        """Wait until Stripe has done what we gave up waiting for, and sent what it has to send; take that in."""
        while self._timed_out and self.stripe.busy:
            time.sleep(0.01)
        self.stripe.simulator.drain()
        letters, self.post.letters[:] = list(self.post.letters), []
        self.bag += letters

    def fault(self, kind: str, route: str, times: int, rate: float = 1.0) -> None:
        """The next requests of a route go wrong, or a share of them."""
        seconds = 0.01 if kind == "latency" else 1.2 * IMPATIENT
        fault = Fault(route, "latency" if kind == "time-out" else kind, times, seconds=seconds, rate=rate)
        self._faults.append((kind, fault))
        self.tally[f"fault {kind}"] += times
        self.stripe.simulator.faults.add(fault)
        self._timed_out |= kind == "time-out"

    def clear_weather(self) -> None:
        """No more faults; those that hit nobody are not counted."""
        for kind, fault in self._faults:
            self.tally[f"fault {kind}"] -= fault.times
        self._faults.clear()
        self.stripe.simulator.faults.clear()
        self._be_patient(True)

    def _be_patient(self, patient: bool) -> None:
        for counter in self.counters:
            counter.checkout.gateway._stripe.http._timeout = TIMEOUT if patient else (IMPATIENT, IMPATIENT)

    def restart_us(self) -> None:
        """Our process ends and another begins on the same database."""
        self.counters[0].close()
        self.counters[0] = self._open()

    def restart_stripe(self) -> None:
        """The simulator ends and begins again with what its file remembers."""
        self.collect()
        self.clear_weather()
        self.stripe.restart()

    def settle_everything(self, cancelled: frozenset[str]) -> list[str]:
        """The weather clears, one sweep runs, and what is owed is done; gives what is wrong after that."""
        self.collect()
        self.tally["webhook never delivered"] += len(self.bag)
        self.clear_weather()
        self.warehouse.mood = "works"
        checkout = self.counter.checkout
        sweep(checkout, older_than=timedelta(0), since=self._began, now=self.now())
        self.ahead += timedelta(hours=2)  # what failed is due again, and what was being done when the power was cut
        dispatch(checkout)
        known = truths(self.stripe.simulator).values()
        self.tally.update(f"session {truth.status}" for truth in known)
        self.tally["orders"] += checkout.store.count()
        self.tally["receipts"] += len(list((self.folder / "outbox").glob("*")))
        return [*violations(checkout, known, cancelled), *self._consequences(checkout)]

    def _consequences(self, checkout: Checkout) -> Iterator[str]:
        """What is wrong with receipts, and with whatever else a paid order sets in motion."""
        paid = {order.id: order for order in checkout.store.find(limit=100_000) if order.paid_at is not None}
        letters = {path.stem: path for path in (self.folder / "outbox").glob("*")}
        for order_id in paid.keys() ^ letters.keys():
            yield f"{order_id} is {'' if order_id in paid else 'not '}paid, and {len(letters)} receipts were written"
        for order_id, order in paid.items():
            letter = letters[order_id].read_text() if order_id in letters else ""
            if f"To: {order.email}" not in letter:
                yield f"the receipt of {order_id} is not for {order.email}"
        yield from (f"{order_id} was sent and never paid" for order_id in self.warehouse.sent - paid.keys())
        yield from (f"{order_id} was paid and never sent" for order_id in paid.keys() - self.warehouse.sent)
        if checkout.store.count_outbox():
            yield f"{checkout.store.count_outbox()} consequences are still owed"

    def close(self) -> None:
        """Let go of everything."""
        self._pool.shutdown()
        for counter in self.counters:
            counter.close()
        shutil.rmtree(self.folder)


class PowerCut(BaseException):
    """The process ends here and now: nothing after it runs."""


class Warehouse:
    """An `on_paid` handler of the shop's own, which works, fails, or is where the process dies."""

    def __init__(self, tally: Tally[str]) -> None:
        self._tally = tally
        self.mood = "works"
        self.sent: set[str] = set()

    def __call__(self, order: Order) -> None:
        self._tally[f"warehouse {self.mood}"] += 1
        if self.mood == "fails":
            raise ConnectionError("the warehouse does not answer")
        if self.mood == "has a power cut":
            raise PowerCut
        self.sent.add(order.id)


def called(work: Callable[[], object]) -> Answer:
    """What came of a call in Python."""
    try:
        work()
    except CheckoutError as error:
        return Answer(error.code, error.message)
    return Answer(OK)


def _settings(stripe_url: str, webhook_secret: str, database: str, folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "stripe_secret_key": f"sk_test_{ACCOUNT}",
            "stripe_publishable_key": f"pk_test_{ACCOUNT}",
            "stripe_webhook_secret": webhook_secret,
            "stripe_api_base": stripe_url,
            "CHECKOUT_DATABASE_URL": database,
            "CHECKOUT_DATA_DIR": folder,
            "CHECKOUT_PUBLIC_URL": "http://shop.test",
            "CHECKOUT_RATE_LIMIT": "",
            "CHECKOUT_SWEEP_EVERY": 0,
        }
    )
