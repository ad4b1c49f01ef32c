"""What is measured: the changes, the threads that make them, and how long each took."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.events import Change, Decision, EventKind, OrderEvent, Source
from checkout_core.domain.orders import DEFAULT_SHOP, Order, OrderItem, new_id
from checkout_core.domain.ownership import Mark
from checkout_core.domain.reconciling import reconcile_change

Update = Callable[[str, Change], Order | None]
ITEMS = (OrderItem(product="tea", name="Tea", unit_amount=450, quantity=2),)


def creating(session_id: str) -> Change:
    """Make a pending order, unless there is one."""
    now = datetime.now(UTC)

    def change(before: Order | None) -> Decision:
        if before is not None:
            return Decision(before)
        order = Order(
            id=new_id("order"),
            stripe_checkout_session_id=session_id,
            email="ada@example.org",
            name="Ada Lovelace",
            items=ITEMS,
            currency="eur",
            amount_total=900,
            metadata={"channel": "benchmark"},
            created_at=now,
            updated_at=now,
        )
        return Decision(order, [OrderEvent.of(order, kind=EventKind.pending, source=Source.storefront, at=now)])

    return change


def paying(session_id: str) -> Change:
    """Make it paid, as reconciling does."""
    now = datetime.now(UTC)
    session = CheckoutSession(
        id=session_id,
        status="complete",
        payment_status="paid",
        amount_total=900,
        currency="eur",
        items=ITEMS,
        created=now,
        expires_at=now,
        payment_intent_id="pi_1",
    )
    return reconcile_change(session, Source.redirect, now, mark=Mark("bench.test", DEFAULT_SHOP))


@dataclass
class Measured:
    """Seconds of each commit, and of all of it until the last caller had its answer."""

    times: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    def add(self, other: "Measured") -> None:
        """Take another turn into account."""
        self.times += other.times
        self.elapsed += other.elapsed

    @property
    def per_second(self) -> float:
        """Commits in a second."""
        return len(self.times) / self.elapsed


def load(update: Update, callers: int, seconds: float) -> Measured:
    """What `callers` threads do that start nothing more after `seconds`."""
    times: list[float] = []
    began = time.perf_counter()
    stop = began + seconds

    def call() -> None:
        while time.perf_counter() < stop:
            session_id = f"cs_test_{uuid4().hex}"
            for change in (creating(session_id), paying(session_id)):
                start = time.perf_counter()
                update(session_id, change)
                times.append(time.perf_counter() - start)

    with ThreadPoolExecutor(callers) as pool:
        for caller in [pool.submit(call) for _ in range(callers)]:
            caller.result()
    return Measured(times, time.perf_counter() - began)


def percentile(times: Sequence[float], share: float) -> float:
    """In milliseconds."""
    return round(sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000, 2)
