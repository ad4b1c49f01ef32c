"""Stock through a whole checkout: what shoppers are told, what Stripe's word does, and what operators can do."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from checkout_core.config import metrics
from checkout_core.domain.errors import (
    ConfigurationError,
    HoldNotReleased,
    OrderNotFound,
    ProductSourceError,
    SessionAlreadyPaid,
    SessionExpired,
    SoldOut,
    StoreBusy,
    StripeUnavailable,
)
from checkout_core.domain.orders import Order, Oversold
from checkout_core.domain.products import Catalog, PricedItem, Product
from tests.support.clock import TestClock
from tests.support.gateway import InterruptedGateway
from tests.support.shopper import DEBIT, EMAIL, control, fail_refund, fault, kinds, pay, refund_in_dashboard, status
from tests.support.stores import ScriptedStore

SEAT, TEE = "seat", "tee"
Make = Callable[..., Checkout]


def catalog(capacity: int | None = 2, **more: int) -> Catalog:
    """A catalogue with a seat of which there are so many, and a tee of which there are any."""
    seat = Product(id=SEAT, name="Seat", unit_amount=1250, currency="eur", capacity=capacity)
    tee = Product(id=TEE, name="Tee", unit_amount=2400, currency="eur")
    others = (Product(id=id, name=id.title(), unit_amount=500, currency="eur", capacity=n) for id, n in more.items())
    return Catalog([seat, tee, *others], Path())


@pytest.fixture
def make(
    settings: Settings, clock: TestClock, memory_store: ScriptedStore, gateway: InterruptedGateway
) -> Iterator[Make]:
    """Make checkouts of one shop on one store, with the catalogue of two seats unless a test has another."""
    opened: list[Checkout] = []

    def open_one(products: object = None) -> Checkout:
        opened.append(
            open_checkout(
                settings,
                products=catalog() if products is None else products,  # type: ignore[arg-type]
                store=memory_store,
                gateway=gateway,
                receipts=None,
                clock=clock,
            )
        )
        return opened[-1]

    yield open_one
    for checkout in opened:
        checkout.close()


@pytest.fixture
def shop(make: Make) -> Checkout:
    """A shop with two seats."""
    return make()


def seats(shop: Checkout) -> tuple[int, int, int | None]:
    """Return how many seats are held, sold and available."""
    (level,) = shop.stock_levels([SEAT])
    return level.held, level.sold, level.available


def begin(shop: Checkout, quantity: int = 1, *, email: str = EMAIL, **how: str) -> str:
    """Do steps 1 and 2; return the session's id."""
    session_id = shop.create_session({SEAT: quantity}, **how).id  # type: ignore[arg-type]
    shop.create_pending_order(session_id, email=email)
    return session_id


def buy(shop: Checkout, quantity: int = 1) -> Order:
    """Do steps 1 to 3."""
    session_id = begin(shop, quantity)
    pay(shop, session_id)
    return shop.complete_order(session_id)


def test_a_seat_is_held_in_step_2_and_sold_when_it_is_paid(shop: Checkout) -> None:
    session = shop.create_session({SEAT: 1})
    assert seats(shop) == (0, 0, 2)
    shop.create_pending_order(session.id, email=EMAIL)
    assert seats(shop) == (1, 0, 1)
    (hold,) = shop.holds()
    assert (hold.stripe_checkout_session_id, hold.expires_at) == (session.id, session.expires_at)
    pay(shop, session.id)
    order = shop.complete_order(session.id)
    assert (order.status, order.oversold) == (OrderStatus.paid, None)
    assert seats(shop) == (0, 1, 1)
    assert shop.holds() == []


def test_a_session_with_something_limited_lasts_half_an_hour(shop: Checkout, clock: TestClock) -> None:
    def lasts(cart: Mapping[str, int]) -> timedelta:
        return shop.create_session(cart).expires_at - clock()

    assert timedelta(minutes=29) < lasts({SEAT: 1, TEE: 1}) < timedelta(minutes=33)
    assert lasts({TEE: 1}) > timedelta(hours=23)


def test_it_may_last_longer_where_the_settings_or_the_application_say_so(
    make_settings: Callable[..., Settings], clock: TestClock
) -> None:
    def lasts(**variables: str) -> datetime:
        settings = make_settings(**variables)
        with open_checkout(settings, products=catalog(), store=ScriptedStore(), receipts=None, clock=clock) as shop:
            return shop.create_session({SEAT: 1}).expires_at

    assert lasts(CHECKOUT_HOLD_MINUTES="90") - clock() > timedelta(minutes=89)
    assert lasts(CHECKOUT_HOLD_MINUTES="90", CHECKOUT_SESSION_MINUTES="30") - clock() < timedelta(minutes=33)


def test_the_second_shopper_reads_which_product_and_how_many_are_left(shop: Checkout) -> None:
    first, second = (shop.create_session({SEAT: 2}).id for _ in range(2))
    shop.create_pending_order(first, email=EMAIL)
    with pytest.raises(SoldOut, match="All that is left of “Seat” is in other shoppers' checkouts") as caught:
        shop.create_pending_order(second, email=EMAIL)
    assert caught.value.left == {SEAT: 0}
    assert shop.store.get(second) is None
    with pytest.raises(SoldOut, match="All that is left"):
        shop.create_session({SEAT: 1})
    pay(shop, first)
    shop.complete_order(first)
    with pytest.raises(SoldOut, match="“Seat” is sold out"):
        shop.create_session({SEAT: 1, TEE: 1})
    assert seats(shop) == (0, 2, 0)


def test_a_cart_that_wants_more_than_is_left_is_told_in_step_1(shop: Checkout) -> None:
    begin(shop)
    with pytest.raises(SoldOut, match="Only 1 of “Seat” is left") as caught:
        shop.create_session({SEAT: 2})
    assert caught.value.left == {SEAT: 1}


def test_repeating_step_2_holds_once(shop: Checkout) -> None:
    session_id = begin(shop, 2)
    for name in ("Ada", "Ada", "Grace"):
        shop.create_pending_order(session_id, email=EMAIL, name=name)
    assert seats(shop) == (2, 0, 0)
    assert kinds(shop, session_id) == ["session_created", "pending", "details_updated", "details_updated"]


@pytest.mark.parametrize("end", ["expired", "declined debit"])
def test_what_is_not_paid_comes_back(shop: Checkout, end: str) -> None:
    session_id = begin(shop, 2)
    if end == "expired":
        shop.expire_session(session_id)
        with pytest.raises(SessionExpired):
            shop.complete_order(session_id)
    else:
        pay(shop, session_id, DEBIT)
        shop.reconcile(session_id)
        assert (status(shop, session_id), seats(shop)) == (OrderStatus.processing, (2, 0, 0))
        assert [hold.expires_at for hold in shop.holds()] == [None]
        control(shop, f"sessions/{session_id}/settle_debit", outcome="failed")
        shop.reconcile(session_id)
    assert seats(shop) == (0, 0, 2)


def test_a_hold_whose_session_is_over_does_not_stop_the_next_shopper(shop: Checkout, clock: TestClock) -> None:
    """No webhook came, and nothing has swept."""
    first = begin(shop, 2)
    second = open_elsewhere(shop)
    with pytest.raises(SoldOut):
        shop.create_pending_order(second, email=EMAIL)
    pass_time(shop, clock, minutes=45)
    third = begin(shop, 2)
    assert (status(shop, first), status(shop, third)) == (OrderStatus.expired, OrderStatus.pending)


def open_elsewhere(shop: Checkout, quantity: int = 1) -> str:
    """Open a session for seats whose number is not looked at, as one that was opened before they were held."""
    with open_checkout(shop.settings, products=catalog(None), store=ScriptedStore(), receipts=None) as other:
        return other.create_session({SEAT: quantity}).id


def pass_time(shop: Checkout, clock: TestClock, **by: float) -> None:
    """Let time pass here and at Stripe."""
    clock.advance(**by)
    control(shop, "clock", advance=timedelta(**by).total_seconds())


def test_the_sweep_releases_what_no_webhook_released(shop: Checkout, clock: TestClock) -> None:
    begin(shop, 2)
    pass_time(shop, clock, minutes=45)
    shop.sweep(older_than=timedelta(0))
    assert seats(shop) == (0, 0, 2)


def test_a_changed_cart_gives_its_hold_to_the_next_session(shop: Checkout) -> None:
    first = begin(shop, 1)
    second = shop.create_session({SEAT: 2}, replaces=first).id
    assert seats(shop) == (0, 0, 2)
    shop.create_pending_order(second, email=EMAIL)
    assert (seats(shop), status(shop, first)) == ((2, 0, 0), OrderStatus.expired)


def test_a_changed_cart_that_is_too_large_leaves_the_first_one_as_it_is(shop: Checkout) -> None:
    first = begin(shop, 1)
    begin(shop, 1, email="other@example.org")
    for key in (None, "press-1"):
        with pytest.raises(SoldOut, match="Only 1 of “Seat” is left"):
            shop.create_session({SEAT: 2}, replaces=first, idempotency_key=key)
    assert (seats(shop), status(shop, first)) == ((2, 0, 0), OrderStatus.pending)


def test_a_session_lasts_half_an_hour_by_stripes_clock_where_ours_is_another(shop: Checkout) -> None:
    """Such as in a demo in which a day has passed."""
    control(shop, "clock", advance=86_400)
    session = shop.create_session({SEAT: 1})
    assert timedelta(minutes=29) < session.expires_at - session.created < timedelta(minutes=33)
    shop.create_pending_order(session.id, email=EMAIL)
    assert shop.minutes_held(session.id) in range(29, 33)
    assert shop.minutes_held("cs_test_none") is None
    control(shop, "clock", advance=3_600)
    second = open_elsewhere(shop, 2)
    shop.create_session({SEAT: 1})
    shop.create_pending_order(second, email=EMAIL)
    assert (status(shop, session.id), seats(shop)) == (OrderStatus.expired, (2, 0, 0))


def test_a_page_that_was_opened_again_takes_over_what_the_purchase_holds(shop: Checkout, clock: TestClock) -> None:
    """The page has forgotten its session, and a minute later the same key gives another one."""
    first = begin(shop, 2, purchase="cart-1")
    pass_time(shop, clock, minutes=5)
    second = begin(shop, 2, purchase="cart-1")
    assert first != second
    assert (status(shop, first), status(shop, second)) == (OrderStatus.expired, OrderStatus.pending)
    assert kinds(shop, first)[-1] == "replaced"
    assert seats(shop) == (2, 0, 0)
    pay(shop, second)
    with pytest.raises(SessionAlreadyPaid):
        shop.create_session({SEAT: 1, TEE: 1}, purchase="cart-1", replaces=second)


def test_step_1_that_is_repeated_after_step_2_gives_the_same_session(shop: Checkout) -> None:
    first = begin(shop, 2, idempotency_key="press-1")
    assert shop.create_session({SEAT: 2}, idempotency_key="press-1").id == first
    assert (seats(shop), status(shop, first)) == ((2, 0, 0), OrderStatus.pending)
    with pytest.raises(SoldOut):
        shop.create_session({SEAT: 2}, idempotency_key="press-2")


def test_money_for_a_seat_that_was_released_marks_the_order_and_tells_the_operator(
    make: Make, gateway: InterruptedGateway
) -> None:
    """Its debit failed, the seat was sold to somebody else, and then the bank paid after all."""
    shop = make(catalog(1))
    told: list[str] = []
    shop.asynchronous.on("oversold", lambda order: told.append(order.id), name="tell")
    late = begin(shop)
    pay(shop, late, DEBIT)
    shop.reconcile(late)
    gateway.corrected = {"payment_failed": True}
    shop.reconcile(late)
    gateway.corrected = {}
    assert (status(shop, late), seats(shop)) == (OrderStatus.failed, (0, 0, 1))
    buy(shop)
    control(shop, f"sessions/{late}/settle_debit", outcome="succeeded")
    counted = metric("checkout_oversold_total")
    order = shop.reconcile(late)
    assert order is not None
    assert (order.status, order.oversold) == (OrderStatus.paid, Oversold.open)
    assert kinds(shop, late)[-2:] == ["paid", "oversold"]
    assert seats(shop) == (0, 2, 0)
    assert metric("checkout_oversold_total") == counted + 1
    shop.dispatch_outbox()
    assert told == [order.id]
    shop.reconcile(late)
    assert kinds(shop, late).count("oversold") == 1


def metric(name: str) -> float:
    return metrics.REGISTRY.get_sample_value(name) or 0.0


@pytest.fixture
def oversold(make: Make) -> tuple[Checkout, Order]:
    """A shop with one seat, which is sold twice: two payments without step 2 were on their way at once."""
    shop = make(catalog(1))
    first, second = (shop.create_session({SEAT: 1}).id for _ in range(2))
    for session_id in (first, second):
        pay(shop, session_id)
        shop.reconcile(session_id)
    order = shop.store.get(second)
    assert order is not None
    assert order.oversold is Oversold.open
    return shop, order


def test_an_operator_accepts_an_oversold_order(oversold: tuple[Checkout, Order]) -> None:
    shop, order = oversold
    for _ in range(2):
        assert shop.accept_oversold(order.id).oversold is Oversold.accepted
    assert kinds(shop, order.stripe_checkout_session_id)[-2:] == ["oversold", "oversold_accepted"]
    with pytest.raises(OrderNotFound):
        shop.accept_oversold("order_none")


def test_an_operator_refunds_an_oversold_order(oversold: tuple[Checkout, Order]) -> None:
    shop, order = oversold
    assert shop.refund(order.id, restock=True).oversold is Oversold.refunded
    assert seats(shop) == (0, 1, 0)
    fail_refund(shop, order)
    after = shop.reconcile(order.stripe_checkout_session_id)
    assert after is not None
    assert (after.status, after.oversold) == (OrderStatus.paid, Oversold.open)
    assert seats(shop) == (0, 2, 0)


def test_a_refund_gives_back_only_with_restock(shop: Checkout) -> None:
    first, second = buy(shop), buy(shop)
    shop.refund(first.id)
    assert seats(shop) == (0, 2, 0)
    shop.refund(second.id, restock=True)
    assert seats(shop) == (0, 1, 1)
    assert shop.history(second.stripe_checkout_session_id)[-1].detail["stock"] == {SEAT: {"sold": -1}}


def test_a_refund_of_a_part_gives_back_what_it_says_once(shop: Checkout) -> None:
    order = buy(shop, 2)
    for _ in range(3):
        shop.refund(order.id, 1250, idempotency_key="press-1", restock={SEAT: 1})
    assert seats(shop) == (0, 1, 1)
    refund_in_dashboard(shop, order, 100)
    shop.reconcile(order.stripe_checkout_session_id)
    assert seats(shop) == (0, 1, 1)
    shop.refund(order.id, restock=True)
    assert seats(shop) == (0, 0, 2)


def test_a_refund_that_came_back_leaves_given_back_what_the_other_refund_gave(shop: Checkout) -> None:
    order = buy(shop)
    for key in ("first", "second"):  # both say that the one seat is free again
        shop.refund(order.id, 100, idempotency_key=key, restock={SEAT: 1})
    assert seats(shop) == (0, 0, 2)
    fail_refund(shop, order)
    shop.reconcile(order.stripe_checkout_session_id)
    assert seats(shop) == (0, 0, 2)


def test_a_refund_whose_answer_was_lost_gives_back_when_it_is_found(
    shop: Checkout, memory_store: ScriptedStore
) -> None:
    order = buy(shop, 2)
    memory_store.fail("update", StoreBusy())
    with pytest.raises(StoreBusy):
        shop.refund(order.id, restock=True)
    assert seats(shop) == (0, 2, 0)
    shop.sweep(older_than=timedelta(0))
    assert seats(shop) == (0, 0, 2)


def test_an_operator_releases_a_hold_and_nobody_can_pay_for_it_then(shop: Checkout) -> None:
    session_id = begin(shop, 2)
    assert shop.release_hold(session_id).status is OrderStatus.expired
    assert seats(shop) == (0, 0, 2)
    pay(shop, session_id)
    shop.reconcile(session_id)
    assert status(shop, session_id) is OrderStatus.expired
    assert shop.release_hold(session_id).status is OrderStatus.expired
    with pytest.raises(OrderNotFound):
        shop.release_hold("cs_test_nobody")


@pytest.mark.parametrize("method", ["4242424242424242", DEBIT])
def test_what_was_paid_meanwhile_is_not_released(shop: Checkout, method: str) -> None:
    session_id = begin(shop, 2)
    pay(shop, session_id, method)
    with pytest.raises(HoldNotReleased):
        shop.release_hold(session_id)
    assert seats(shop)[2] == 0


def test_nothing_is_released_while_stripe_does_not_answer(shop: Checkout) -> None:
    session_id = begin(shop, 2)
    fault(shop, f"POST /v1/checkout/sessions/{session_id}/expire", "500")
    with pytest.raises(StripeUnavailable):
        shop.release_hold(session_id)
    assert seats(shop) == (2, 0, 0)


def test_a_capacity_below_what_is_taken_is_refused_with_the_numbers(make: Make) -> None:
    shop = make()
    buy(shop)
    begin(shop)
    smaller = make(catalog(1))
    with pytest.raises(ConfigurationError, match=r"capacity of 1: 1 are sold and 1 are held .* at least 2"):
        smaller.check_stock()
    with pytest.raises(ProductSourceError, match="at least 2"):
        smaller.create_session({SEAT: 1})
    assert seats(shop) == (1, 1, 0)
    larger = make(catalog(5))
    assert larger.check_stock() == 1
    assert seats(larger) == (1, 1, 3)
    begin(larger, 3)


def test_the_holds_of_a_product_that_was_taken_away_live_on(make: Make) -> None:
    shop = make()
    session_id = begin(shop)
    without = make(Catalog([product for product in catalog().values() if product.id != SEAT], Path()))
    without.check_stock()
    without.create_pending_order(session_id, email=EMAIL)
    assert seats(without) == (1, 0, 1)
    pay(without, session_id)
    assert without.complete_order(session_id).status is OrderStatus.paid
    assert seats(without) == (0, 1, 1)


def test_a_product_that_is_not_limited_any_more_is_not_held(make: Make) -> None:
    shop = make()
    begin(shop, 2)
    unlimited = make(catalog(None))
    begin(unlimited, 20)
    assert [(level.held, level.available) for level in unlimited.stock_levels()] == [(2, None)]


class Seats:
    """Products of an application: it says how many seats there are in all."""

    def __init__(self, capacity: int | None) -> None:
        self.capacity = capacity

    def price(self, cart: Mapping[str, int], *, context: object = None) -> list[PricedItem]:
        """Price a cart."""
        return [PricedItem(SEAT, "Seat", 1250, cart[SEAT], "eur", capacity=self.capacity)]


def test_a_source_of_the_application_says_the_capacity(make: Make) -> None:
    shop = make(Seats(2))
    begin(shop, 2)
    with pytest.raises(SoldOut):
        shop.create_session({SEAT: 1})
    begin(make(Seats(3)), 1)
    assert seats(shop) == (3, 0, 0)


@pytest.mark.parametrize("capacity", [-1, True, "2", 1.5])
def test_a_capacity_that_is_no_number_is_the_sources_fault(make: Make, capacity: object) -> None:
    with pytest.raises(ProductSourceError, match="capacity is"):
        make(Seats(capacity)).create_session({SEAT: 1})  # type: ignore[arg-type]


def test_a_session_that_the_application_made_is_held_by_the_capacity_of_the_catalogue(make: Make) -> None:
    shop = make()
    session_id = open_elsewhere(shop, 2)
    shop.create_pending_order(session_id, email=EMAIL)
    assert seats(shop) == (2, 0, 0)


def test_the_last_two_of_20_shoppers_at_once_are_two(shop: Checkout) -> None:
    sessions = [shop.create_session({SEAT: 1}).id for _ in range(20)]
    start = threading.Barrier(20)

    def hold(session_id: str) -> bool:
        start.wait()
        try:
            shop.create_pending_order(session_id, email=EMAIL)
        except SoldOut:
            return False
        return True

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(hold, sessions)) == 2
    assert seats(shop) == (2, 0, 0)


def test_an_order_without_step_2_takes_what_it_paid_for(shop: Checkout) -> None:
    session_id = shop.create_session({SEAT: 1}).id
    pay(shop, session_id)
    order = shop.complete_order(session_id)
    assert "recovered" in kinds(shop, session_id)
    assert (order.oversold, seats(shop)) == (None, (0, 1, 1))


def test_lines_that_the_application_changes_at_stripe_are_held_as_they_are(
    shop: Checkout, gateway: InterruptedGateway
) -> None:
    session_id = begin(shop, 1)
    session = shop.retrieve_session(session_id)
    gateway.corrected = {"items": (session.items[0].model_copy(update={"quantity": 2}),), "amount_total": 2500}
    order = shop.create_pending_order(session_id, email=EMAIL)
    assert (order.amount_total, seats(shop)) == (2500, (2, 0, 0))
    gateway.corrected = {"items": (session.items[0].model_copy(update={"product": TEE}),)}
    shop.create_pending_order(session_id, email=EMAIL)
    assert seats(shop) == (0, 0, 2)
