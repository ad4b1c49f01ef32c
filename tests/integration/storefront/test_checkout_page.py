"""Steps 1 and 2 for one visitor, without a page."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from checkout_core import Checkout, OrderStatus, open_checkout
from checkout_core.config.catalog import read_catalog
from checkout_core.domain.errors import SessionNotOpen
from checkout_core.domain.products import Catalog, PricedItem
from checkout_core.streamlit.checkout_page import CheckoutPage, Details, drop, held_session
from storefront import context
from storefront.cart import Cart
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
