import tomllib
from typing import NoReturn

import pytest
from markupsafe import escape
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout
from checkout_core.domain.errors import ConfigurationError
from checkout_core.domain.orders import OrderStatus
from checkout_core.streamlit.checkout_page import STATE
from storefront import context, markup, theme
from storefront.cart import Cart
from tests.support.storefront import (
    Control,
    MakeSettings,
    Pay,
    fill_in,
    open_app,
    order_of,
    session_of,
    show_confirmation,
    text_of,
    using,
)

# --- the shop


def test_the_shop_shows_every_product_with_its_price(shop: AppTest, checkout: Checkout) -> None:
    assert not shop.exception
    text = text_of(shop)
    for product in checkout.catalog.values():
        assert escape(product.name) in text
        assert product.price in text


def test_a_click_puts_a_product_into_the_cart(shop: AppTest) -> None:
    shop.button(key="add-moth-hour").click().run()
    assert shop.session_state["cart"].quantities == {"moth-hour": 1}
    assert "1 in your cart" in text_of(shop)


def test_a_sold_out_product_cannot_be_added(shop: AppTest) -> None:
    button = shop.button(key="add-the-cartographer")
    assert button.disabled
    assert button.label == "Sold out"


def test_a_product_cannot_be_added_beyond_its_limit(shop: AppTest) -> None:
    for _ in range(2):
        shop.button(key="add-tin-sparrow").click().run()
    assert shop.button(key="add-tin-sparrow").disabled


def test_markup_in_the_catalogue_is_shown_as_text(checkout: Checkout) -> None:
    product = next(iter(checkout.catalog.values())).model_copy(
        update={"name": "<img src=x onerror=alert(1)>", "description": "**bold** <b>", "detail": '"><i>'}
    )
    card = markup.card(product, checkout.catalog, 0)
    assert "<img src=x" not in card
    assert "&lt;b&gt;" in card
    assert "<i>" not in card


def test_a_product_without_a_picture_gets_its_initial(checkout: Checkout) -> None:
    product = checkout.catalog["moth-hour"].model_copy(update={"image": "../../secrets.svg"})
    assert ">M</div>" in markup.picture(product, checkout.catalog)


# --- the cart


def test_an_empty_cart_says_so(shop: AppTest) -> None:
    shop.switch_page("views/cart.py").run()
    assert "Your cart is empty" in text_of(shop)


def test_quantities_can_be_changed_and_the_total_follows(shop: AppTest, full_cart: Cart) -> None:
    shop.session_state["cart"] = full_cart
    shop.switch_page("views/cart.py").run()
    assert "€41.00" in text_of(shop)
    shop.number_input(key="quantity-tote-bag").set_value(3).run()
    assert full_cart.quantities["tote-bag"] == 3
    assert "€73.00" in text_of(shop)


def test_a_line_can_be_removed(shop: AppTest, full_cart: Cart) -> None:
    shop.session_state["cart"] = full_cart
    shop.switch_page("views/cart.py").run()
    shop.button(key="remove-tote-bag").click().run()
    assert full_cart.quantities == {"night-train-to-trieste": 2}


def test_a_product_that_sold_out_meanwhile_keeps_the_cart_from_the_checkout(shop: AppTest) -> None:
    shop.session_state["cart"] = Cart({"the-cartographer": 1})
    shop.switch_page("views/cart.py").run()
    assert "sold out" in text_of(shop)
    assert shop.button(key="to-checkout").disabled


def test_a_product_that_is_gone_leaves_the_cart(shop: AppTest) -> None:
    shop.session_state["cart"] = Cart({"betamax": 1})
    shop.switch_page("views/cart.py").run()
    assert "Your cart is empty" in text_of(shop)


# --- the checkout


def test_an_empty_cart_opens_no_session(shop: AppTest) -> None:
    shop.switch_page("views/checkout.py").run()
    assert "nothing to pay for" in text_of(shop)
    assert STATE not in shop.session_state


def test_visiting_the_checkout_opens_one_session_however_often_it_is_redrawn(
    checkout_page: AppTest, checkout: Checkout
) -> None:
    first = session_of(checkout_page)
    checkout_page.run()
    assert session_of(checkout_page) is first
    assert [event.kind for event in checkout.history(first.id)] == ["session_created"]
    assert first.amount_total == 4100


def test_a_refresh_or_a_second_tab_gets_the_same_session(checkout_page: AppTest, full_cart: Cart) -> None:
    first = session_of(checkout_page)
    del checkout_page.session_state[STATE]
    checkout_page.run()
    assert session_of(checkout_page).id == first.id


def test_another_cart_gets_another_session(checkout_page: AppTest, full_cart: Cart) -> None:
    first = session_of(checkout_page)
    full_cart.put("tote-bag", 2)
    checkout_page.run()
    assert session_of(checkout_page).id != first.id


def test_continue_saves_one_pending_order_and_asks_for_payment(checkout_page: AppTest, checkout: Checkout) -> None:
    fill_in(checkout_page)
    order = order_of(checkout, session_of(checkout_page).id)
    assert order.status is OrderStatus.pending
    assert (order.email, order.name) == ("ada@example.com", "Ada")
    assert "Payment</h2>" in text_of(checkout_page)


def test_going_back_to_the_details_updates_the_same_order(checkout_page: AppTest, checkout: Checkout) -> None:
    fill_in(checkout_page)
    first = order_of(checkout, session_of(checkout_page).id)
    checkout_page.button(key="change-details").click().run()
    fill_in(checkout_page, name="Ada Lovelace")
    again = order_of(checkout, session_of(checkout_page).id)
    assert again.id == first.id
    assert again.name == "Ada Lovelace"


def test_an_unusable_email_is_said_beside_the_field_and_the_text_is_kept(
    checkout_page: AppTest, checkout: Checkout
) -> None:
    fill_in(checkout_page, email="ada@", name="Ada")
    assert "Please enter an e-mail address" in text_of(checkout_page)
    assert checkout_page.text_input(key="field-name").value == "Ada"
    assert checkout_page.text_input(key="field-email").value == "ada@"
    assert checkout.store.get(session_of(checkout_page).id) is None


def test_what_a_shopper_typed_is_shown_as_text(checkout_page: AppTest) -> None:
    fill_in(checkout_page, name="<script>alert(1)</script> **Ada**")
    text = text_of(checkout_page)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_an_expired_session_is_replaced_and_the_cart_stays(
    checkout_page: AppTest, checkout: Checkout, full_cart: Cart
) -> None:
    first = session_of(checkout_page)
    checkout.expire_session(first.id)
    fill_in(checkout_page)
    assert session_of(checkout_page).id != first.id
    assert full_cart.count == 3
    assert "fresh one" in text_of(checkout_page)
    assert checkout_page.text_input(key="field-email").value == "ada@example.com"


def test_a_session_that_was_paid_in_another_tab_leads_to_its_confirmation(checkout_page: AppTest, pay: Pay) -> None:
    paid = session_of(checkout_page)
    fill_in(checkout_page)
    pay(paid.id)
    checkout_page.button(key="change-details").click().run()
    fill_in(checkout_page)
    assert "it is paid" in text_of(checkout_page)


def test_a_stripe_that_does_not_answer_is_said_when_the_checkout_opens(
    shop: AppTest, full_cart: Cart, control: Control
) -> None:
    control("faults", route="/v1/checkout/sessions", kind="500", times=10)
    shop.session_state["cart"] = full_cart
    try:
        shop.switch_page("views/checkout.py").run()
        assert "cannot open right now" in text_of(shop)
    finally:
        control("reset")
    shop.button(key="retry").click().run()
    assert "Your details" in text_of(shop)


def test_a_cart_that_cannot_be_bought_leads_back_to_the_cart(shop: AppTest) -> None:
    shop.session_state["cart"] = Cart({"tin-sparrow": 9})
    shop.switch_page("views/checkout.py").run()
    assert "1 to 2 of" in text_of(shop)


def test_with_the_hosted_page_continue_leaves_for_stripe(
    settings_of: MakeSettings, full_cart: Cart, checkout: Checkout
) -> None:
    checkout.close()
    with using(settings_of(ui_mode="hosted_page")) as hosted:
        checkout_page = open_app()
        checkout_page.session_state["cart"] = full_cart
        checkout_page.switch_page("views/checkout.py").run()
        fill_in(checkout_page)
        assert "Taking you to the payment page" in text_of(checkout_page)
        assert session_of(checkout_page).url
        assert order_of(hosted, session_of(checkout_page).id).status is OrderStatus.pending


# --- the confirmation


def test_a_paid_order_is_confirmed_and_leaves_the_cart(
    checkout_page: AppTest, pay: Pay, full_cart: Cart, checkout: Checkout
) -> None:
    fill_in(checkout_page)
    paid = session_of(checkout_page).id
    pay(paid)
    show_confirmation(checkout_page, paid)
    text = text_of(checkout_page)
    assert "it is paid" in text
    assert order_of(checkout, paid).id in text
    assert "€41.00" in text
    assert "a•••@example.com" in text
    assert "ada@example.com" not in text
    assert not full_cart


def test_a_confirmation_opened_again_leaves_the_next_cart_alone(
    checkout_page: AppTest, pay: Pay, full_cart: Cart
) -> None:
    fill_in(checkout_page)
    paid = session_of(checkout_page).id
    pay(paid)
    show_confirmation(checkout_page, paid)
    full_cart.add("tote-bag", 5)
    checkout_page.run()
    assert full_cart.quantities == {"tote-bag": 1}


def test_a_bank_debit_is_on_its_way(checkout_page: AppTest, pay: Pay, full_cart: Cart) -> None:
    fill_in(checkout_page)
    pay(session_of(checkout_page).id, "DE89370400440532013000")
    show_confirmation(checkout_page, session_of(checkout_page).id)
    assert "on its way" in text_of(checkout_page)
    assert not full_cart


def test_a_bank_debit_that_failed_is_said_and_the_cart_stays(
    checkout_page: AppTest, pay: Pay, full_cart: Cart, control: Control
) -> None:
    fill_in(checkout_page)
    session_id = session_of(checkout_page).id
    pay(session_id, "DE89370400440532013000")
    control(f"sessions/{session_id}/settle_debit", outcome="failed")
    show_confirmation(checkout_page, session_id)
    assert "did not go through" in text_of(checkout_page)
    assert full_cart.count == 3


def test_after_a_failed_debit_the_same_cart_can_be_bought_again(
    checkout_page: AppTest, pay: Pay, full_cart: Cart, control: Control, checkout: Checkout
) -> None:
    fill_in(checkout_page)
    failed = session_of(checkout_page).id
    pay(failed, "DE89370400440532013000")
    control(f"sessions/{failed}/settle_debit", outcome="failed")
    show_confirmation(checkout_page, failed)
    checkout_page.switch_page("views/checkout.py").run()
    checkout_page.button(key="change-details").click().run()
    fill_in(checkout_page)
    assert session_of(checkout_page).id != failed
    fill_in(checkout_page)
    assert order_of(checkout, session_of(checkout_page).id).status is OrderStatus.pending


def test_a_checkout_that_was_left_is_not_complete(checkout_page: AppTest, full_cart: Cart) -> None:
    fill_in(checkout_page)
    show_confirmation(checkout_page, session_of(checkout_page).id)
    assert "Checkout is not complete" in text_of(checkout_page)
    assert full_cart.count == 3


@pytest.mark.parametrize("session_id", ["cs_test_unknown", "nonsense", "<b>"])
def test_an_unknown_session_is_said(shop: AppTest, session_id: str) -> None:
    show_confirmation(shop, session_id)
    assert "We do not know this order" in text_of(shop)


def test_an_address_without_a_session_is_said(shop: AppTest) -> None:
    shop.switch_page("views/confirmation.py").run()
    assert "No order to show" in text_of(shop)


def test_a_stripe_that_does_not_answer_after_payment_asks_not_to_pay_again(
    checkout_page: AppTest, pay: Pay, control: Control
) -> None:
    fill_in(checkout_page)
    paid = session_of(checkout_page).id
    pay(paid)
    control("faults", route="/v1/checkout/sessions", kind="500", times=3)
    show_confirmation(checkout_page, paid)
    assert "do not pay again" in text_of(checkout_page)
    checkout_page.button(key="check-again").click().run()
    assert "it is paid" in text_of(checkout_page)


def test_a_refunded_order_is_shown_as_refunded(checkout_page: AppTest, pay: Pay, checkout: Checkout) -> None:
    fill_in(checkout_page)
    paid = session_of(checkout_page).id
    pay(paid)
    show_confirmation(checkout_page, paid)
    checkout.refund(order_of(checkout, paid).id)
    checkout_page.run()
    assert "was refunded" in text_of(checkout_page)


# --- the frame


def test_settings_that_cannot_be_used_are_a_page_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> NoReturn:
        raise ConfigurationError("STRIPE_SECRET_KEY must start with sk_test_.")

    monkeypatch.setattr(context, "current_checkout", refuse)
    page = open_app()
    assert "not set up yet" in text_of(page)
    assert "STRIPE_SECRET_KEY" in text_of(page)


def test_the_theme_is_set_in_one_place() -> None:
    here = tomllib.loads(theme.THEME.read_text(encoding="utf-8"))
    project = tomllib.loads((theme.THEME.parent.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert {"light", "dark"} <= set(here["theme"])
    assert project["theme"] == {"base": "storefront/theme.toml"}
    assert theme.config()["theme.base"] == str(theme.THEME)
