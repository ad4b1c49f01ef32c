"""What stands beside the form of the checkout: the order, who sells, and a tab's news of the cart."""

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout, OrderStatus, Settings
from checkout_core.streamlit.checkout_page import CheckoutPage, Details
from checkout_core.streamlit.payment_form import Promotion, WalletPress, _press_of, _promotion_of
from storefront import context, markup
from storefront.cart import Cart
from stripe_simulator.testing.server import Running
from tests.support.storefront import (
    Control,
    MakeSettings,
    OpenShop,
    fill_in,
    open_app,
    order_of,
    press,
    session_of,
    text_of,
    using,
)


def test_the_order_is_edited_in_its_place_and_the_session_follows(checkout_page: AppTest, checkout: Checkout) -> None:
    first = session_of(checkout_page).id
    press(checkout_page, "Edit the order")
    checkout_page.number_input(key="order-quantity-night-train-to-trieste").set_value(3).run()
    second = session_of(checkout_page)
    assert second.id != first
    assert {item.product: item.quantity for item in second.items}["night-train-to-trieste"] == 3
    assert checkout.retrieve_session(first).status == "expired"


def test_an_order_that_is_edited_while_it_is_paid_stays_at_the_payment(
    checkout_page: AppTest, checkout: Checkout
) -> None:
    fill_in(checkout_page)
    first = session_of(checkout_page).id
    press(checkout_page, "Edit the order")
    checkout_page.button(key="order-remove-tote-bag").click().run()
    second = session_of(checkout_page).id
    assert "ada@example.com" in text_of(checkout_page)
    assert "Change" in [button.label for button in checkout_page.button]
    assert order_of(checkout, second).status is OrderStatus.pending
    assert order_of(checkout, first).status is OrderStatus.expired


def test_an_order_from_which_the_last_line_is_removed_is_an_empty_cart(shop: AppTest) -> None:
    shop.session_state["cart"] = Cart({"tote-bag": 1})
    shop.switch_page("views/checkout.py").run()
    press(shop, "Edit the order")
    shop.button(key="order-remove-tote-bag").click().run()
    assert "There is nothing to pay for" in text_of(shop)


@pytest.mark.parametrize("email", ["ada@example.com", "grace@example.com"])
def test_stripes_own_page_is_told_the_address_and_another_address_is_another_session(
    settings_of: MakeSettings, full_cart: Cart, checkout: Checkout, email: str
) -> None:
    checkout.close()
    with using(settings_of(ui_mode="hosted_page")) as hosted:
        page = open_app()
        page.session_state["cart"] = full_cart
        page.switch_page("views/checkout.py").run()
        assert "checkout_session" not in page.session_state or page.session_state["checkout_session"].held is None
        fill_in(page, email="ada@example.com")
        first = session_of(page)
        assert hosted.retrieve_session(first.id).email == "ada@example.com"
        fill_in(page, email=email)
        second = session_of(page)
        assert hosted.retrieve_session(second.id).email == email
        assert (second.id == first.id) is (email == "ada@example.com")


def test_a_session_is_asked_for_anew_when_a_code_has_changed_it(
    checkout: Checkout, simulator: Running, control: Control
) -> None:
    control("seed", product=[], promotion_code=[{"code": "HALF", "percent_off": 50}])
    cart = Cart({"tote-bag": 2})
    page = CheckoutPage(checkout, checkout.price(cart.quantities), cart, {}, params={"allow_promotion_codes": True})
    session = page.open_session()
    page.save_details(session, Details("ada@example.com"))
    refreshed = page.refresh()
    assert refreshed is not None
    assert refreshed.id == session.id
    assert page.saved_details() == Details("ada@example.com")
    control(f"sessions/{session.id}/pay", card="4242424242424242", email="ada@example.com", promotion_code="HALF")
    assert page.refresh() is None  # it is over
    order = checkout.check_order_status(session.id)
    assert (order.amount_discount, order.amount_total) == (session.amount_total // 2, session.amount_total // 2)


@pytest.mark.parametrize(
    ("sent", "press"),
    [
        ({"press": "1", "email": "a@b.example", "name": "A"}, WalletPress("1", "a@b.example", "A")),
        ({"press": "1"}, WalletPress("1", "")),
        ({"press": "1", "email": 5, "name": None, "phone": ["x"]}, WalletPress("1", "")),
        ({"email": "a@b.example"}, None),
        ({"press": 1}, None),
        ("press", None),
        (None, None),
    ],
)
def test_what_the_browser_says_of_a_wallet_is_read_as_texts(sent: object, press: WalletPress | None) -> None:
    assert _press_of(sent) == press


@pytest.mark.parametrize(
    ("sent", "promotion"),
    [
        ({"code": "HALF", "amount": 5}, Promotion("HALF", 5)),
        ({"code": None, "amount": 5}, None),
        ({"code": "HALF", "amount": "5"}, None),
        ([], None),
        (None, None),
    ],
)
def test_what_the_browser_says_of_a_code_is_a_text_and_an_amount(sent: object, promotion: Promotion | None) -> None:
    assert _promotion_of(sent) == promotion


@pytest.mark.parametrize(
    ("contact", "address"),
    [
        ("hello@shop.example", "mailto:hello@shop.example"),
        ("https://shop.example/help", "https://shop.example/help"),
        ("+49 (40) 123-456", "tel:+4940123456"),
        ("At the till, from 5 pm", None),
        ("javascript:alert(1)", None),
        (None, None),
    ],
)
def test_a_contact_is_a_link_where_it_can_be_one(contact: str | None, address: str | None) -> None:
    assert markup.contact_address(contact) == address


def test_a_shop_that_says_nothing_of_itself_has_no_foot_and_no_terms() -> None:
    assert markup.footer(Settings()) == markup.terms(Settings()) == ""


def test_who_sells_is_text_and_never_markup(open_shop: OpenShop, full_cart: Cart) -> None:
    shop = open_shop(seller="<script>alert(1)</script>", terms_url="https://shop.example/terms")
    shop.session_state["cart"] = full_cart
    shop.switch_page("views/checkout.py").run()
    fill_in(shop)
    assert "&lt;script&gt;" in text_of(shop)
    assert "<script" not in text_of(shop)
    assert 'href="https://shop.example/terms"' in text_of(shop)


def test_what_another_tab_did_to_the_cart_is_said_until_the_cart_or_the_page_is_another(shop: AppTest) -> None:
    elsewhere = Cart({"tote-bag": 1})
    shop.session_state["cart"] = elsewhere
    news = context.CartNews(context.CHANGED_ELSEWHERE, elsewhere.to_cookie(), None)
    shop.session_state["cart-news"] = news
    shop.switch_page("views/cart.py").run()
    assert context.CHANGED_ELSEWHERE in text_of(shop)
    assert context.CHANGED_ELSEWHERE in text_of(shop.run())
    shop.number_input(key="quantity-tote-bag").set_value(2).run()
    assert context.CHANGED_ELSEWHERE not in text_of(shop)
