"""The sweeper, against the simulator over HTTP and a DuckDB file."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from checkout_core import Checkout, Order, OrderStatus, Settings, open_checkout
from checkout_core.domain.orders import new_id
from checkout_core.services.sweep import sweep

NO_TIME = timedelta(0)
DEBIT = "DE89370400440532013000"


def pending_order(checkout: Checkout) -> str:
    product = next(product.id for product in checkout.catalog.values() if not product.sold_out)
    session = checkout.create_session({product: 1})
    checkout.create_pending_order(session.id, email="anna@example.com")
    return session.id


def an_order_stripe_does_not_know(checkout: Checkout, number: int = 1) -> str:
    now = datetime.now(UTC) - timedelta(minutes=1)
    session_id = f"cs_test_unknown{number}"
    order = Order(
        id=new_id("order"),
        stripe_checkout_session_id=session_id,
        currency="eur",
        amount_total=100,
        created_at=now,
        updated_at=now,
    )
    checkout.store.update(session_id, lambda _: Decision(order))
    return session_id


def control(checkout: Checkout, path: str, **body: object) -> None:
    httpx.post(f"{checkout.settings.stripe_api_base}/_simulator/{path}", json=body).raise_for_status()


def pay(checkout: Checkout, session_id: str, card: str = "4242424242424242") -> None:
    control(checkout, f"sessions/{session_id}/pay", card=card, email="anna@example.com")


def kinds(checkout: Checkout, session_id: str) -> list[str]:
    return [event.kind for event in checkout.history(session_id)]


def status(checkout: Checkout, session_id: str) -> OrderStatus | None:
    order = checkout.store.get(session_id)
    return order and order.status


def test_what_the_webhook_and_the_redirect_did_not_say_the_sweep_finds_out(checkout: Checkout) -> None:
    bought, open_, debited, left = (pending_order(checkout) for _ in range(4))
    pay(checkout, bought)
    pay(checkout, debited, DEBIT)
    checkout.expire_session(left)
    summary = checkout.sweep(older_than=NO_TIME)
    assert summary.outcomes == {"paid": 1, "pending": 1, "processing": 1, "expired": 1}
    assert (summary.asked, summary.finished, summary.waiting, summary.problems) == (4, 2, 2, {})
    assert [status(checkout, each) for each in (bought, open_, debited, left)] == [
        OrderStatus.paid,
        OrderStatus.pending,
        OrderStatus.processing,
        OrderStatus.expired,
    ]
    assert checkout.history(bought)[-1].source == "settle"


def test_a_debit_that_was_processing_is_settled_when_the_bank_has_decided(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DEBIT)
    checkout.complete_order(session_id)
    control(checkout, f"sessions/{session_id}/settle_debit", outcome="failed")
    assert checkout.sweep(older_than=NO_TIME).outcomes == {"failed": 1}
    assert status(checkout, session_id) is OrderStatus.failed


def test_young_orders_and_settled_ones_are_left_alone(checkout: Checkout) -> None:
    young, settled = pending_order(checkout), pending_order(checkout)
    pay(checkout, young)
    pay(checkout, settled)
    checkout.complete_order(settled)
    summary = checkout.sweep(older_than=timedelta(minutes=10))
    assert (summary.asked, summary.new_events) == (0, 0)
    assert status(checkout, young) is OrderStatus.pending
    later = datetime.now(UTC) + timedelta(minutes=11)
    assert checkout.sweep(older_than=timedelta(minutes=10), now=later).outcomes == {"paid": 1}


def test_a_second_sweep_changes_nothing(checkout: Checkout) -> None:
    bought, open_ = pending_order(checkout), pending_order(checkout)
    pay(checkout, bought)
    checkout.sweep(older_than=NO_TIME)
    before = [checkout.history(bought), checkout.history(open_)]
    assert checkout.sweep(older_than=NO_TIME).outcomes == {"pending": 1}
    assert [checkout.history(bought), checkout.history(open_)] == before


def test_sweeps_at_once_make_every_order_paid_once(checkout: Checkout) -> None:
    session_ids = [pending_order(checkout) for _ in range(12)]
    for session_id in session_ids:
        pay(checkout, session_id)
    with open_checkout(checkout.settings) as other, ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(sweep, each, older_than=NO_TIME) for each in (checkout, other, checkout, other)]
        summaries = [run.result() for run in runs]
    assert max(summary.finished for summary in summaries) == 12
    assert all(summary.problems == {} for summary in summaries)
    assert [kinds(checkout, each).count("paid") for each in session_ids] == [1] * 12


def test_an_order_that_fails_does_not_stop_the_rest(checkout: Checkout) -> None:
    unknown = an_order_stripe_does_not_know(checkout)
    bought = pending_order(checkout)
    pay(checkout, bought)
    summary = checkout.sweep(older_than=NO_TIME, workers=1)
    assert summary.outcomes == {"paid": 1}
    assert summary.problems == {"session_not_found": 1}
    assert status(checkout, unknown) is OrderStatus.pending


def test_a_fault_of_ours_is_counted_and_does_not_stop_the_rest(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, bought = pending_order(checkout), pending_order(checkout)
    pay(checkout, bought)
    update = checkout.store.update

    def breaks(session_id: str, change: object) -> Order | None:
        if session_id == broken:
            raise ZeroDivisionError
        return update(session_id, change)  # type: ignore[arg-type]

    monkeypatch.setattr(checkout.store, "update", breaks)
    summary = checkout.sweep(older_than=NO_TIME)
    assert (summary.outcomes, summary.problems) == ({"paid": 1}, {"checkout_error": 1})


def test_when_stripe_does_not_answer_the_next_sweep_asks_again(
    checkout: Checkout, make_settings: Callable[..., Settings]
) -> None:
    session_ids = [pending_order(checkout) for _ in range(3)]
    for session_id in session_ids:
        pay(checkout, session_id)
    with open_checkout(make_settings(STRIPE_API_BASE="http://127.0.0.1:9")) as cut_off:
        summary = cut_off.sweep(older_than=NO_TIME)
    assert (summary.unavailable, summary.outcomes) == (3, {})
    assert {status(checkout, each) for each in session_ids} == {OrderStatus.pending}
    assert checkout.sweep(older_than=NO_TIME).outcomes == {"paid": 3}


def test_a_stripe_that_is_down_is_not_asked_for_every_single_order(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        pending_order(checkout)
    monkeypatch.setattr("checkout_core.services.sweep.GIVES_UP_AFTER", 1)
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="500", times=3)  # one question, asked 3 times
    assert checkout.sweep(older_than=NO_TIME, workers=1).unavailable == 6
    assert checkout.sweep(older_than=NO_TIME).outcomes == {"pending": 6}


def test_all_pages_of_waiting_orders_are_met_and_progress_is_heard(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout_core.services.sweep._PAGE", 3)
    for number in range(7):
        an_order_stripe_does_not_know(checkout, number)
    heard: list[tuple[int, int]] = []
    summary = checkout.sweep(older_than=NO_TIME, progress=lambda done, total: heard.append((done, total)))
    assert summary.asked == 7
    assert heard == [(done, 7) for done in range(1, 8)]
