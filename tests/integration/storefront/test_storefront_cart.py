from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core.domain.orders import Order, OrderItem
from storefront.cart import Cart


def an_order(**quantities: int) -> Order:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    items = tuple(
        OrderItem(product=product, name=product, unit_amount=100, quantity=n) for product, n in quantities.items()
    )
    total = sum(item.amount_subtotal for item in items)
    return Order(
        id="order_01h455vb4pex5vsknk084sn02q",
        stripe_checkout_session_id="cs_test_1",
        items=items,
        currency="eur",
        amount_total=total,
        created_at=now,
        updated_at=now,
    )


def test_a_cart_survives_its_cookie() -> None:
    cart = Cart({"tote-bag": 2, "mug": 1}, bought=("084sn02q",))
    assert Cart.from_cookie(cart.to_cookie()) == cart


@pytest.mark.parametrize("product", ["TKT-0001", "t_shirt", "Ürümqi, row 7", "a.b:2~c", "100%25", "x" * 500])
def test_whatever_a_product_is_called_it_stays_in_the_cart(product: str) -> None:
    cart = Cart({product: 2, "mug": 1})
    assert Cart.from_cookie(cart.to_cookie()) == cart
    assert not set(cart.to_cookie()) & set('", ;\\')


def test_an_empty_cart_keeps_its_token_in_the_cookie() -> None:
    cart = Cart()
    assert Cart.from_cookie(cart.to_cookie()) == cart


@pytest.mark.parametrize("text", [None, "", "~~", "x", "<script>~a:1~", "a" * 5000])
def test_a_cookie_that_is_none_of_ours_is_an_empty_cart(text: str) -> None:
    assert Cart.from_cookie(text).quantities == {}


def test_lines_that_cannot_be_are_left_out_and_the_rest_is_kept() -> None:
    cart = Cart.from_cookie("abcdefghijklmnopqrst~mug:2.tote:-1.pin:0.x:9999.<b>:1.bag~order")
    assert cart.quantities == {"mug": 2}


def test_the_cookie_needs_no_quoting() -> None:
    cookie = Cart({"tote-bag": 2}, bought=("abc",)).to_cookie()
    assert not set(cookie) & set('", ;\\')
    assert cookie.isascii()


def test_adding_stops_at_the_most_that_is_allowed() -> None:
    cart = Cart()
    for _ in range(3):
        cart.add("tin-sparrow", limit=2)
    assert cart.quantities == {"tin-sparrow": 2}
    assert cart.count == 2


def test_zero_takes_a_product_out() -> None:
    cart = Cart({"mug": 1})
    cart.put("mug", 0)
    assert not cart


def test_what_was_bought_leaves_the_cart_and_what_was_added_since_stays() -> None:
    cart = Cart({"mug": 3, "pin": 1})
    cart.take_out(an_order(mug=2))
    assert cart.quantities == {"mug": 1, "pin": 1}


def test_an_order_is_taken_out_once() -> None:
    cart = Cart({"mug": 1})
    cart.take_out(an_order(mug=1))
    cart.add("mug", limit=5)
    cart.take_out(an_order(mug=1))
    assert cart.quantities == {"mug": 1}


def test_after_an_order_the_next_checkout_is_a_new_one() -> None:
    cart = Cart({"mug": 1})
    token = cart.token
    cart.take_out(an_order(mug=1))
    assert cart.token != token


def test_what_is_not_sold_any_more_leaves_the_cart() -> None:
    cart = Cart({"mug": 1, "vhs": 1})
    cart.keep_only(["mug"])
    assert cart.quantities == {"mug": 1}


@pytest.mark.parametrize(
    ("here", "there", "both"),
    [
        ({"mug": 1, "bag": 1}, {"bag": 1}, {"bag": 1}),  # only the other tab did something
        ({"mug": 2, "bag": 1}, {"mug": 1, "bag": 1}, {"mug": 2, "bag": 1}),  # only this one
        ({"mug": 2, "bag": 1}, {"mug": 1}, {"mug": 2}),
        ({"mug": 1, "bag": 1, "pin": 1}, {"mug": 3, "bag": 1}, {"mug": 3, "bag": 1, "pin": 1}),
        ({"bag": 1}, {"bag": 1}, {"bag": 1}),  # both took the mug out
        ({"mug": 2, "bag": 1}, {"mug": 2, "bag": 1}, {"mug": 3, "bag": 1}),  # both put one in
    ],
)
def test_what_was_done_in_two_tabs_is_put_together(
    here: dict[str, int], there: dict[str, int], both: dict[str, int]
) -> None:
    base = Cart({"mug": 1, "bag": 1})
    cart = Cart(here, base.token)
    cart.take_over(Cart(there, base.token), base)
    assert cart.quantities == both


def test_a_cart_that_was_paid_in_another_tab_stays_paid_and_has_its_token() -> None:
    base = Cart({"mug": 1})
    paid = Cart.from_cookie(base.to_cookie())
    paid.take_out(an_order(mug=1))
    cart = Cart({"mug": 1, "pin": 1}, base.token)
    cart.take_over(paid, base)
    assert (cart.quantities, cart.token, cart.bought) == ({"pin": 1}, paid.token, paid.bought)


def test_what_both_tabs_have_put_together_is_not_put_together_once_more() -> None:
    def page() -> None:
        import streamlit as st

        from checkout_core.streamlit.browser import CookieNews
        from storefront import context
        from storefront.cart import Cart

        token = Cart().token

        def cookie(**quantities: int) -> str:
            return Cart(quantities, token).to_cookie()

        first = cookie(bag=1, mug=1)
        st.session_state.update({"cart": Cart({"bag": 1, "mug": 1, "pin": 1}, token), "cart-seen": first})
        for number, there in enumerate((cookie(bag=1), cookie(bag=1, pin=1))):
            context.take_over_cart(CookieNews(str(number), there, base=first, seen=first))

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.session_state["cart"].quantities == {"bag": 1, "pin": 1}
