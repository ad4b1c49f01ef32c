"""What is left, on the shop's pages and on the operator's: what shoppers read, and what operators see and do."""

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout, Order, OrderStatus
from checkout_core.domain.orders import Oversold
from storefront.cart import Cart
from tests.support.storefront import (
    Control,
    Pay,
    VisitPage,
    fill_in,
    labels,
    open_app,
    order_now,
    order_of,
    press,
    session_of,
    text_of,
)

PINS, TOTE = "pin-set", "tote-bag"
"""Of pins there are three, and any number of bags."""


def hold(checkout: Checkout, quantity: int) -> str:
    """Let somebody else hold pins; return the session's id."""
    session_id = checkout.create_session({PINS: quantity}).id
    checkout.create_pending_order(session_id, email="other@example.org")
    return session_id


def buy(checkout: Checkout, pay: Pay, quantity: int) -> Order:
    """Let somebody else buy pins."""
    session_id = hold(checkout, quantity)
    pay(session_id)
    return checkout.complete_order(session_id)


def button(page: AppTest, product: str) -> str:
    return str(page.button(key=f"add-{product}").label)


def go(page: AppTest, cart: Cart, to: str) -> AppTest:
    page.session_state["cart"] = cart
    return page.switch_page(f"views/{to}.py").run()


@pytest.mark.parametrize(
    ("held", "badge", "label"), [(0, "Only 3 left", "Add to cart"), (2, "Only 1 left", "Add to cart")]
)
def test_the_shop_says_how_many_are_left_now(
    shop: AppTest, checkout: Checkout, held: int, badge: str, label: str
) -> None:
    if held:
        hold(checkout, held)
    assert badge in text_of(shop.run())
    assert button(shop, PINS) == label


def test_what_is_taken_is_sold_out_and_comes_back(shop: AppTest, checkout: Checkout) -> None:
    session_id = hold(checkout, 3)
    shop.run()
    assert (button(shop, PINS), shop.button(key=f"add-{PINS}").disabled) == ("Sold out", True)
    checkout.release_hold(session_id)
    assert button(shop.run(), PINS) == "Add to cart"


def test_a_shopper_cannot_put_more_into_the_cart_than_is_left(shop: AppTest, checkout: Checkout) -> None:
    hold(checkout, 2)
    shop.run()
    shop.button(key=f"add-{PINS}").click().run()
    assert button(shop, PINS) == "That is all there is"
    assert "1 in your cart" in text_of(shop)


def test_the_cart_says_what_is_left_and_keeps_what_is_in_it(shop: AppTest, checkout: Checkout) -> None:
    hold(checkout, 2)
    page = go(shop, Cart({PINS: 2, TOTE: 1}), "cart")
    assert "Only 1 of “Set of three pins” is left." in text_of(page)
    assert page.button(key="to-checkout").disabled
    assert page.session_state["cart"].quantities == {PINS: 2, TOTE: 1}
    page.number_input(key=f"quantity-{PINS}").set_value(1).run()
    assert not page.button(key="to-checkout").disabled


def test_who_comes_too_late_reads_it_at_the_checkout_and_keeps_the_cart(shop: AppTest, checkout: Checkout) -> None:
    page = go(shop, Cart({PINS: 2, TOTE: 1}), "checkout")
    hold(checkout, 2)
    fill_in(page)
    shown = text_of(page)
    assert "Please change your cart" in shown
    assert "Only 1 of “Set of three pins” is left." in shown
    assert "Back to the cart" in labels(page, "page_link")
    assert page.session_state["cart"].quantities == {PINS: 2, TOTE: 1}
    assert checkout.store.get(session_of(page).id) is None


def test_a_checkout_of_what_is_sold_out_does_not_open(shop: AppTest, checkout: Checkout, pay: Pay) -> None:
    buy(checkout, pay, 3)
    page = go(shop, Cart({PINS: 1}), "checkout")
    assert "“Set of three pins” is sold out." in text_of(page)
    assert page.session_state["cart"].quantities == {PINS: 1}


def test_a_shopper_who_pays_reads_for_how_long_it_is_held(shop: AppTest, checkout: Checkout) -> None:
    page = fill_in(go(shop, Cart({PINS: 3}), "checkout"))
    assert "Held for you for 3" in text_of(page)
    assert [level.available for level in checkout.stock_levels([PINS])] == [0]
    page = page.switch_page("views/cart.py").run()  # their own hold is theirs
    assert not page.button(key="to-checkout").disabled


def test_a_page_looks_again_while_it_is_open(shop: AppTest, checkout: Checkout) -> None:
    """Its fragment draws the page once more when something else is left than it shows."""
    assert "Only 3 left" in text_of(shop)
    hold(checkout, 1)
    assert "Only 2 left" in text_of(shop.run())


def test_an_operator_sees_levels_and_holds_and_releases_one(
    visit: VisitPage, checkout: Checkout, pay: Pay, shop: AppTest
) -> None:
    buy(checkout, pay, 1)
    session_id = hold(checkout, 2)
    page = visit("stock")
    shown = " ".join(text_of(page).split())
    assert "Set of three pins" in shown
    assert "<td>3</td> <td>1</td> <td>2</td> <td>0</td>" in shown
    assert "2 × Set of three pins" in shown
    assert "min left" in shown
    page.button(key=f"release-{session_id}-{PINS}").click().run()
    assert order_of(checkout, session_id).status is OrderStatus.expired
    assert "released" in text_of(page)
    assert "Nothing is held right now." in text_of(page)


@pytest.fixture
def oversold(checkout: Checkout, pay: Pay) -> Order:
    """An order for one pin more than there are."""
    sessions = [checkout.create_session({PINS: 2}).id for _ in range(2)]
    for session_id in sessions:
        pay(session_id)
        checkout.reconcile(session_id)
    return order_of(checkout, sessions[1])


def test_an_operator_reads_that_an_order_is_oversold_and_accepts_it(
    visit: VisitPage, checkout: Checkout, oversold: Order
) -> None:
    listed = visit("orders")
    assert "Oversold: refund or accept" in text_of(listed)
    page = visit("order", id=oversold.id)
    assert "The money came when 1 × Set of three pins was not available any more." in text_of(page)
    press(page, "Accept")
    assert order_now(checkout, oversold).oversold is Oversold.accepted
    assert "Accepted" in text_of(page)
    assert "Oversold: refund or accept" not in text_of(visit("orders"))


def test_an_operator_refunds_an_oversold_order_with_one_button(
    visit: VisitPage, checkout: Checkout, oversold: Order
) -> None:
    page = visit("order", id=oversold.id)
    press(page, f"Refund {oversold.total}")
    now = order_now(checkout, oversold)
    assert (now.status, now.oversold) == (OrderStatus.refunded, Oversold.refunded)
    assert [level.sold for level in checkout.stock_levels([PINS])] == [2]


def test_an_operator_refunds_and_puts_back_on_sale(visit: VisitPage, checkout: Checkout, pay: Pay) -> None:
    order = buy(checkout, pay, 2)
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    page.number_input(key=f"refund-restock-{PINS}").set_value(1).run()
    page.button(key="refund-now").click().run()
    assert [(level.sold, level.available) for level in checkout.stock_levels([PINS])] == [(1, 2)]
    assert "1 × pin-set back on sale" in text_of(page)


def test_backstage_shows_what_a_checkout_holds(shop: AppTest, checkout: Checkout, control: Control) -> None:
    page = fill_in(go(shop, Cart({PINS: 2}), "checkout"))
    page.button(key="backstage-button").click().run()
    assert "2 × Set of three pins: <b>held</b>" in text_of(page)
    page.selectbox(key="backstage-choice-0").set_value("hold").run()
    press(page, "Half an hour passes, for everybody")
    session_id = session_of(page).id
    checkout.reconcile(session_id)  # a webhook does it in the demo
    assert "2 × Set of three pins: <b>released</b>" in text_of(page.run())
    control("reset")


def test_the_shop_stays_open_when_the_stock_cannot_be_read(shop: AppTest, checkout: Checkout) -> None:
    checkout.store.close()
    assert "Only 3 left" in text_of(open_app())
