"""Orders that a database has lost are made again from Stripe, by whoever sweeps next, and that is said."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from tests.support.clock import NO_TIME, TestClock
from tests.support.gateway import run
from tests.support.shopper import fault, paid_order, pending_order


def by_worker(checkout: Checkout) -> None:
    run(checkout.asynchronous.background_worker(every=60).sweep())


def by_hand(checkout: Checkout) -> None:
    (said,) = checkout.sweep(older_than=NO_TIME).warnings
    assert said.startswith("4 orders and ")
    assert checkout.sweep(older_than=NO_TIME).warnings == ()


SWEEPS = {"the background worker": by_worker, "`checkout reconcile`": by_hand}


@pytest.fixture
def reopened(settings: Settings, clock: TestClock, tmp_path: Path) -> Callable[[str], Checkout]:
    """Opens the shop on the database of a folder."""

    def reopen(folder: str) -> Checkout:
        url = f"duckdb:///{tmp_path / folder / 'orders.duckdb'}"
        return open_checkout(
            settings.model_copy(update={"database_url": type(settings.database_url)(url)}), clock=clock
        )

    return reopen


@pytest.mark.parametrize("sweep", SWEEPS.values(), ids=SWEEPS)
@pytest.mark.parametrize("before", [0, 2], ids=["all orders are lost", "some are left"])
def test_paid_orders_that_were_lost_are_made_again_and_the_loss_is_said_until_then(
    reopened: Callable[[str], Checkout],
    clock: TestClock,
    tmp_path: Path,
    sweep: Callable[[Checkout], None],
    before: int,
) -> None:
    runs: list[str] = []
    (tmp_path / "older").mkdir()
    with reopened("shop") as checkout:
        checkout.on_paid(lambda order: runs.append(order.id), name="warehouse")
        kept = [paid_order(checkout) for _ in range(before)]
        checkout.dispatch_outbox()
        if before:
            by_worker(checkout)
    shutil.copy(tmp_path / "shop" / "orders.duckdb", tmp_path / "older")
    clock.advance(hours=1)
    with reopened("shop") as checkout:
        checkout.on_paid(lambda order: runs.append(order.id), name="warehouse")
        later = [paid_order(checkout) for _ in range(3)]
        pending_order(checkout)
        checkout.dispatch_outbox()
        by_worker(checkout)  # so the older copy says less of how far events were read
    shutil.copy(tmp_path / "older" / "orders.duckdb", tmp_path / "shop")
    clock.advance(hours=1)
    with reopened("shop") as checkout:
        checkout.on_paid(lambda order: runs.append(order.id), name="warehouse")
        (said,) = checkout.event_reading().warnings()
        assert said.startswith("4 orders and ")
        sweep(checkout)
        assert checkout.event_reading().warnings() == []
        checkout.dispatch_outbox()
        found = {order.id: order.status for order in checkout.store.find()}
    assert found == {order.id: OrderStatus.paid for order in [*kept, *later]}
    assert sorted(runs) == sorted(found)


def test_a_reading_that_was_begun_before_a_loss_is_not_finished_but_begun_again(
    reopened: Callable[[str], Checkout], clock: TestClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("checkout_core.gateway.stripe_gateway", "checkout_core.services.sweep"):
        monkeypatch.setattr(f"{module}.EVENTS_PER_PAGE", 3)
    (tmp_path / "older").mkdir()
    with reopened("shop") as checkout:
        by_worker(checkout)
        clock.advance(hours=1)
        paid = [paid_order(checkout) for _ in range(4)]
        read_page = checkout.gateway._client.get
        pages: list[object] = []

        async def breaks(path: str, params: Mapping[str, object]) -> object:
            if path == "/v1/events":
                pages.append(params)
                if len(pages) == 3:
                    fault(checkout, "GET /v1/events", "500")
            return await read_page(path, params)

        before = checkout.event_reading().read_until
        with monkeypatch.context() as patched:
            patched.setattr(checkout.gateway._client, "get", breaks)
            by_worker(checkout)
        assert len(pages) == 3
        assert checkout.event_reading().read_until == before
    shutil.copy(tmp_path / "shop" / "orders.duckdb", tmp_path / "older")
    with reopened("shop") as checkout:
        paid += [paid_order(checkout) for _ in range(3)]
    shutil.copy(tmp_path / "older" / "orders.duckdb", tmp_path / "shop")
    clock.advance(hours=1)
    with reopened("shop") as checkout:
        assert len(checkout.event_reading().warnings()) == 1
        by_worker(checkout)
        assert checkout.event_reading().warnings() == []
        assert {order.id for order in checkout.store.find()} == {order.id for order in paid}
