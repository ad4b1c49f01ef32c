"""Steps 1 and 2 for one visitor, without a page."""

import copy
import pickle
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from checkout_core import Checkout, OrderStatus, open_checkout
from checkout_core.config.catalog import read_catalog
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.errors import SessionAlreadyPaid, SessionNotOpen
from checkout_core.domain.products import Catalog, PricedItem
from checkout_core.streamlit.checkout_page import CheckoutPage, Details, drop, held_session, holding
from storefront import context
from storefront.cart import Cart
from stripe_simulator.testing.server import Running
from tests.support.clock import TestClock
from tests.support.storefront import MakeSettings, Pay, open_app, press

ADA = Details("ada@example.com", "Ada")


class CountingCatalog(Catalog):
    """A catalogue that counts how often it prices a cart."""

    priced = 0

    def price(self, cart: Mapping[str, int], *, context: object = None) -> list[PricedItem]:
        """Count, and price."""
        self.priced += 1
        return super().price(cart, context=context)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def checkout(settings_of: MakeSettings, clock: TestClock) -> Iterator[Checkout]:
    settings = settings_of()
    shipped = read_catalog(settings.catalog_path)
    catalog = CountingCatalog(list(shipped.values()), shipped.folder, shipped.welcome)
    with open_checkout(settings, products=catalog, clock=clock) as opened:
        context.use(opened)
        yield opened
    context.use(None)


@pytest.fixture
def cart() -> Cart:
    return Cart({"tote-bag": 2})


def page_of(checkout: Checkout, cart: Cart, state: dict[str, Any]) -> CheckoutPage:
    return CheckoutPage(checkout, checkout.price(cart.quantities), cart, state)


def test_a_session_is_made_once_and_kept_for_the_next_run(checkout: Checkout, cart: Cart) -> None:
    state: dict[str, Any] = {}
    assert page_of(checkout, cart, state).current_session() is None
    session = page_of(checkout, cart, state).open_session()
    assert page_of(checkout, cart, state).current_session() is session
    assert page_of(checkout, cart, state).open_session() is session
    assert held_session(state) is session


def test_a_second_tab_of_the_same_cart_gets_the_same_session(checkout: Checkout, cart: Cart) -> None:
    assert page_of(checkout, cart, {}).open_session().id == page_of(checkout, cart, {}).open_session().id


def test_another_quantity_or_another_token_is_another_session(checkout: Checkout, cart: Cart) -> None:
    state: dict[str, Any] = {}
    first = page_of(checkout, cart, state).open_session()
    cart.put("tote-bag", 3)
    second = page_of(checkout, cart, state).open_session()
    cart.renew()
    third = page_of(checkout, cart, state).open_session()
    assert len({first.id, second.id, third.id}) == 3


def test_two_checkouts_of_one_page_do_not_disturb_each_other(checkout: Checkout) -> None:
    state: dict[str, Any] = {}
    tips, mugs = Cart({"tote-bag": 1}), Cart({"enamel-mug": 1})
    first = page_of(checkout, tips, state).open_session()
    items = checkout.price(mugs.quantities)
    CheckoutPage(checkout, items, mugs, state, name="mugs").open_session()
    assert page_of(checkout, tips, state).current_session() is first


def test_a_session_is_not_current_any_more_when_the_checkouts_clock_is_past_its_end(
    checkout: Checkout, cart: Cart, clock: TestClock
) -> None:
    page = page_of(checkout, cart, {})
    page.open_session()
    clock.advance(hours=25)
    assert page.current_session() is None


def test_a_session_that_the_browser_keeps_is_found_again_when_stripe_would_make_another(
    checkout: Checkout, clock: TestClock
) -> None:
    cart = Cart({"night-train-to-trieste": 1})  # a limited product: its session is held for half an hour from now
    first = page_of(checkout, cart, {}).open_session()
    clock.advance(minutes=2)
    page = page_of(checkout, cart, {})  # loaded anew
    assert page.resume_pending(first.id) is None  # no details are saved
    assert page.open_session().id == first.id
    assert page_of(checkout, cart, {}).open_session().id != first.id


def test_a_session_that_the_browser_keeps_is_not_taken_for_another_cart_nor_when_it_is_over(
    checkout: Checkout, cart: Cart
) -> None:
    first = page_of(checkout, cart, {}).open_session()
    other = page_of(checkout, Cart(dict(cart.quantities)), {})
    other.resume_pending(first.id)
    assert other.current_session() is None
    changed = page_of(checkout, Cart({"tote-bag": 3}, cart.token), {})
    changed.resume_pending(first.id)
    replacing = changed.open_session()
    assert checkout.retrieve_session(first.id).status == "expired"
    late = page_of(checkout, cart, {})
    late.resume_pending(first.id)
    assert late.current_session() is None
    changed.resume_pending(first.id)
    assert changed.current_session() == replacing


def test_an_expired_session_that_stripe_repeats_is_replaced(checkout: Checkout, cart: Cart) -> None:
    first = page_of(checkout, cart, {}).open_session()
    checkout.expire_session(first.id)
    state: dict[str, Any] = {}
    page = page_of(checkout, cart, state)
    page.open_session()
    with pytest.raises(SessionNotOpen):  # Stripe's first answer, from when it was open
        page.save_details(first, ADA)
    assert page.restart(first) is None
    assert page_of(checkout, cart, state).open_session().id != first.id


def test_details_are_kept_with_the_session_until_they_are_changed(checkout: Checkout, cart: Cart) -> None:
    state: dict[str, Any] = {}
    page = page_of(checkout, cart, state)
    assert page.saved_details() is None
    order = page.save_details(page.open_session(), ADA)
    assert (order.status, order.email, order.name) == (OrderStatus.pending, "ada@example.com", "Ada")
    assert page_of(checkout, cart, state).saved_details() == ADA
    page.forget_details()
    assert page.saved_details() is None
    assert page.current_session() is not None


def test_a_session_that_was_paid_gives_its_order_and_keeps_the_cart(checkout: Checkout, cart: Cart, pay: Pay) -> None:
    page = page_of(checkout, cart, {})
    session = page.open_session()
    page.save_details(session, ADA)
    pay(session.id)
    order = page.restart(session)
    assert order is not None
    assert order.status is OrderStatus.paid


def test_a_dropped_session_is_forgotten_and_the_next_is_new(checkout: Checkout, cart: Cart) -> None:
    state: dict[str, Any] = {}
    first = page_of(checkout, cart, state).open_session()
    drop(state, cart)
    assert held_session(state) is None
    assert page_of(checkout, cart, state).open_session().id != first.id


def test_the_checkout_page_prices_the_cart_once_in_a_run(checkout: Checkout, cart: Cart) -> None:
    assert isinstance(checkout.products, CountingCatalog)
    shop = open_app()
    shop.session_state["cart"] = cart
    shop.switch_page("views/checkout.py").run()
    assert checkout.products.priced == 1
    shop.text_input(key="field-email").input("ada@example.com")
    press(shop, "Continue to payment")
    assert not shop.exception
    assert checkout.products.priced == 3  # the run that saves the details, and the one that shows the payment


class GivenUp(BaseException):
    """Streamlit gives up the run, as it does at any access to its state when the next click has arrived."""


class InterruptedState(dict[str, Any]):
    """A visitor's state that gives up the run at one access to it; accesses are counted from 0."""

    def __init__(self, interrupted: int | None = None) -> None:
        super().__init__()
        self.accesses, self.interrupted = 0, interrupted

    def get(self, key: str, default: Any = None) -> Any:
        """Return what is kept."""
        self._count()
        return super().get(key, default)

    def __setitem__(self, key: str, value: Any) -> None:
        self._count()
        super().__setitem__(key, value)

    def _count(self) -> None:
        self.accesses += 1
        if self.accesses - 1 == self.interrupted:
            raise GivenUp


def open_sessions(simulator: Running) -> set[str]:
    accounts = simulator.simulator.state.accounts.values()
    return {id for account in accounts for id, record in account.sessions.items() if record.session["status"] == "open"}


def run(checkout: Checkout, cart: Cart, state: dict[str, Any]) -> CheckoutSession:
    page = page_of(checkout, cart, state)
    session = page.open_session()
    page.save_details(session, Details("ada@example.com"))
    return session


def test_a_run_that_is_given_up_anywhere_leaves_no_second_open_session(
    checkout: Checkout, cart: Cart, simulator: Running
) -> None:
    counted = InterruptedState()
    others = open_sessions(simulator)
    checkout.expire_session(run(checkout, cart, counted).id)
    assert counted.accesses
    for access in range(counted.accesses):
        state = InterruptedState(access)
        mine = Cart({"tote-bag": 2})
        with pytest.raises(GivenUp):
            run(checkout, mine, state)
        mine.put("tote-bag", 3)
        session = run(checkout, mine, state)
        assert open_sessions(simulator) - others == {session.id}
        checkout.expire_session(session.id)


@pytest.mark.parametrize("how", ["the cart changes", "the session is found to be over"])
def test_a_session_that_another_tab_has_replaced_is_replaced_with_all_that_came_after(
    checkout: Checkout, cart: Cart, simulator: Running, how: str
) -> None:
    others = open_sessions(simulator)
    here, there = dict[str, Any](), dict[str, Any]()
    first = run(checkout, cart, here)
    assert run(checkout, cart, there).id == first.id
    for quantity in (3, 4):
        cart.put("tote-bag", quantity)
        run(checkout, cart, there)
    if how == "the cart changes":
        cart.put("tote-bag", 5)
    else:
        cart.put("tote-bag", 2)
        page_of(checkout, cart, here).forget_details()
        with pytest.raises(SessionNotOpen):
            run(checkout, cart, here)
        assert page_of(checkout, cart, here).restart(first) is None
    session = run(checkout, cart, here)
    assert open_sessions(simulator) - others == {session.id}
    assert [order.status for order in checkout.store.find()] == ["pending", "expired", "expired", "expired"]


def test_a_second_tab_with_another_cart_replaces_the_session_of_the_first(
    checkout: Checkout, cart: Cart, simulator: Running
) -> None:
    others = open_sessions(simulator)
    run(checkout, cart, {})
    cart.put("tote-bag", 3)
    session = run(checkout, cart, {})
    assert open_sessions(simulator) - others == {session.id}
    assert [order.status for order in checkout.store.find()] == ["pending", "expired"]


def test_a_session_that_another_tab_has_replaced_and_paid_is_not_sold_again(
    checkout: Checkout, cart: Cart, pay: Pay
) -> None:
    here, there = dict[str, Any](), dict[str, Any]()
    run(checkout, cart, here)
    cart.put("tote-bag", 3)
    paid = run(checkout, cart, there)
    pay(paid.id)
    cart.put("tote-bag", 5)
    with pytest.raises(SessionAlreadyPaid) as refused:
        run(checkout, cart, here)
    assert refused.value.session_id == paid.id


def test_a_run_that_begins_while_the_last_one_waits_for_stripe_replaces_its_session(
    checkout: Checkout, simulator: Running
) -> None:
    others = open_sessions(simulator)
    state = dict[str, Any]()
    cart = Cart({"tote-bag": 1})
    run(checkout, cart, state)
    pages = [CheckoutPage(checkout, checkout.price({"tote-bag": quantity}), cart, state) for quantity in (2, 3, 4, 5)]
    with ThreadPoolExecutor(len(pages)) as runs:
        opened = {session.id for session in runs.map(CheckoutPage.open_session, pages)}
    held = held_session(state)
    assert held is not None
    assert held.id in opened
    assert open_sessions(simulator) - others == {held.id}


def test_what_is_held_can_be_copied_and_pickled() -> None:
    state = dict[str, Any]()
    holding(state)
    assert pickle.loads(pickle.dumps(state)) == copy.deepcopy(state) == state
