import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import open_checkout
from checkout_core.domain.errors import ConfigurationError
from checkout_core.domain.orders import OrderStatus
from storefront import markup, session, theme
from storefront.cart import Cart

APP = Path(session.__file__).with_name("app.py")


def text_of(page):
    """Everything that the page shows as HTML, in one string."""
    return "\n".join(element.proto.body for element in page.get("html"))


def given(till, email="ada@example.com", name="Ada", phone=""):
    """Fill the form in and continue."""
    till.text_input(key="field-email").input(email)
    till.text_input(key="field-name").input(name)
    till.text_input(key="field-phone").input(phone)
    return next(button for button in till.button if button.label == "Continue to payment").click().run()


def held(till):
    return till.session_state["checkout_session"][1]


def confirmed(shop, session_id):
    shop.switch_page("views/confirmation.py")
    shop.query_params["session_id"] = session_id
    return shop.run()


# --- the shop


def test_the_shop_shows_every_product_with_its_price(shop, checkout):
    assert not shop.exception
    text = text_of(shop)
    for product in checkout.catalog.values():
        assert markup.escape(product.name) in text
        assert product.price in text


def test_a_click_puts_a_product_into_the_cart(shop):
    shop.button(key="add-moth-hour").click().run()
    assert shop.session_state["cart"].quantities == {"moth-hour": 1}
    assert "1 in your cart" in text_of(shop)


def test_a_sold_out_product_cannot_be_added(shop):
    button = shop.button(key="add-the-cartographer")
    assert button.disabled
    assert button.label == "Sold out"


def test_a_product_cannot_be_added_beyond_its_limit(shop):
    for _ in range(2):
        shop.button(key="add-tin-sparrow").click().run()
    assert shop.button(key="add-tin-sparrow").disabled


def test_markup_in_the_catalogue_is_shown_as_text(checkout):
    product = next(iter(checkout.catalog.values())).model_copy(
        update={"name": "<img src=x onerror=alert(1)>", "description": "**bold** <b>", "detail": '"><i>'}
    )
    card = markup.card(product, checkout.catalog, 0)
    assert "<img src=x" not in card
    assert "&lt;b&gt;" in card
    assert "<i>" not in card


def test_a_product_without_a_picture_gets_its_initial(checkout):
    product = checkout.catalog["moth-hour"].model_copy(update={"image": "../../secrets.svg"})
    assert ">M</div>" in markup.picture(product, checkout.catalog)


# --- the cart


def test_an_empty_cart_says_so(shop):
    shop.switch_page("views/cart.py").run()
    assert "Your cart is empty" in text_of(shop)


def test_quantities_can_be_changed_and_the_total_follows(shop, full_cart):
    shop.session_state["cart"] = full_cart
    shop.switch_page("views/cart.py").run()
    assert "€41.00" in text_of(shop)
    shop.number_input(key="quantity-tote-bag").set_value(3).run()
    assert full_cart.quantities["tote-bag"] == 3
    assert "€73.00" in text_of(shop)


def test_a_line_can_be_removed(shop, full_cart):
    shop.session_state["cart"] = full_cart
    shop.switch_page("views/cart.py").run()
    shop.button(key="remove-tote-bag").click().run()
    assert full_cart.quantities == {"night-train-to-trieste": 2}


def test_a_product_that_sold_out_meanwhile_keeps_the_cart_from_the_checkout(shop):
    shop.session_state["cart"] = Cart({"the-cartographer": 1})
    shop.switch_page("views/cart.py").run()
    assert "sold out" in text_of(shop)
    assert shop.button(key="to-checkout").disabled


def test_a_product_that_is_gone_leaves_the_cart(shop):
    shop.session_state["cart"] = Cart({"betamax": 1})
    shop.switch_page("views/cart.py").run()
    assert "Your cart is empty" in text_of(shop)


# --- the checkout


def test_an_empty_cart_opens_no_session(shop):
    shop.switch_page("views/checkout.py").run()
    assert "nothing to pay for" in text_of(shop)
    assert "checkout_session" not in shop.session_state


def test_visiting_the_checkout_opens_one_session_however_often_it_is_redrawn(till, checkout):
    first = held(till)
    till.run()
    assert held(till) is first
    assert [event.kind for event in checkout.history(first.id)] == ["session_created"]
    assert first.amount_total == 4100


def test_a_refresh_or_a_second_tab_gets_the_same_session(till, full_cart):
    first = held(till)
    del till.session_state["checkout_session"]
    till.run()
    assert held(till).id == first.id


def test_another_cart_gets_another_session(till, full_cart):
    first = held(till)
    full_cart.put("tote-bag", 2)
    till.run()
    assert held(till).id != first.id


def test_continue_saves_one_pending_order_and_asks_for_payment(till, checkout):
    given(till)
    order = checkout.store.get(held(till).id)
    assert order.status is OrderStatus.pending
    assert (order.email, order.name) == ("ada@example.com", "Ada")
    assert "Payment</h2>" in text_of(till)


def test_going_back_to_the_details_updates_the_same_order(till, checkout):
    given(till)
    first = checkout.store.get(held(till).id)
    till.button(key="change-details").click().run()
    given(till, name="Ada Lovelace")
    again = checkout.store.get(held(till).id)
    assert again.id == first.id
    assert again.name == "Ada Lovelace"


def test_an_unusable_email_is_said_beside_the_field_and_the_text_is_kept(till, checkout):
    given(till, email="ada@", name="Ada")
    assert "Please enter an e-mail address" in text_of(till)
    assert till.text_input(key="field-name").value == "Ada"
    assert till.text_input(key="field-email").value == "ada@"
    assert checkout.store.get(held(till).id) is None


def test_what_a_shopper_typed_is_shown_as_text(till):
    given(till, name="<script>alert(1)</script> **Ada**")
    text = text_of(till)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_an_expired_session_is_replaced_and_the_cart_stays(till, checkout, full_cart):
    first = held(till)
    checkout.expire_session(first.id)
    given(till)
    assert held(till).id != first.id
    assert full_cart.count == 3
    assert "fresh one" in text_of(till)
    assert till.text_input(key="field-email").value == "ada@example.com"


def test_a_session_that_was_paid_in_another_tab_leads_to_its_confirmation(till, pay):
    paid = held(till)
    given(till)
    pay(paid.id)
    till.button(key="change-details").click().run()
    given(till)
    assert "it is paid" in text_of(till)


def test_a_stripe_that_does_not_answer_is_said_when_the_checkout_opens(shop, full_cart, control):
    control("faults", route="/v1/checkout/sessions", kind="500", times=10)
    shop.session_state["cart"] = full_cart
    try:
        shop.switch_page("views/checkout.py").run()
        assert "cannot open right now" in text_of(shop)
    finally:
        control("reset")
    shop.button(key="retry").click().run()
    assert "Your details" in text_of(shop)


def test_a_cart_that_cannot_be_bought_leads_back_to_the_cart(shop):
    shop.session_state["cart"] = Cart({"tin-sparrow": 9})
    shop.switch_page("views/checkout.py").run()
    assert "1 to 2 of" in text_of(shop)


def test_with_the_hosted_page_continue_leaves_for_stripe(settings_of, full_cart, checkout):
    checkout.close()
    with open_checkout(settings_of(ui_mode="hosted_page")) as hosted:
        session.use(hosted)
        till = AppTest.from_file(str(APP), default_timeout=20).run()
        till.session_state["cart"] = full_cart
        till.switch_page("views/checkout.py").run()
        given(till)
        assert "Taking you to the payment page" in text_of(till)
        assert held(till).url
        assert hosted.store.get(held(till).id).status is OrderStatus.pending


# --- the confirmation


def test_a_paid_order_is_confirmed_and_leaves_the_cart(till, pay, full_cart, checkout):
    given(till)
    paid = held(till).id
    pay(paid)
    confirmed(till, paid)
    text = text_of(till)
    assert "it is paid" in text
    assert checkout.store.get(paid).id in text
    assert "€41.00" in text
    assert "a•••@example.com" in text
    assert "ada@example.com" not in text
    assert not full_cart


def test_a_confirmation_opened_again_leaves_the_next_cart_alone(till, pay, full_cart):
    given(till)
    paid = held(till).id
    pay(paid)
    confirmed(till, paid)
    full_cart.add("tote-bag", 5)
    till.run()
    assert full_cart.quantities == {"tote-bag": 1}


def test_a_bank_debit_is_on_its_way(till, pay, full_cart):
    given(till)
    pay(held(till).id, "DE89370400440532013000")
    confirmed(till, held(till).id)
    assert "on its way" in text_of(till)
    assert not full_cart


def test_a_bank_debit_that_failed_is_said_and_the_cart_stays(till, pay, full_cart, control):
    given(till)
    session_id = held(till).id
    pay(session_id, "DE89370400440532013000")
    control(f"sessions/{session_id}/settle_debit", outcome="failed")
    confirmed(till, session_id)
    assert "did not go through" in text_of(till)
    assert full_cart.count == 3


def test_after_a_failed_debit_the_same_cart_can_be_bought_again(till, pay, full_cart, control, checkout):
    given(till)
    failed = held(till).id
    pay(failed, "DE89370400440532013000")
    control(f"sessions/{failed}/settle_debit", outcome="failed")
    confirmed(till, failed)
    till.switch_page("views/checkout.py").run()
    till.button(key="change-details").click().run()
    given(till)
    assert held(till).id != failed
    given(till)
    assert checkout.store.get(held(till).id).status is OrderStatus.pending


def test_a_checkout_that_was_left_is_not_complete(till, full_cart):
    given(till)
    confirmed(till, held(till).id)
    assert "Checkout is not complete" in text_of(till)
    assert full_cart.count == 3


@pytest.mark.parametrize("session_id", ["cs_test_unknown", "nonsense", "<b>"])
def test_an_unknown_session_is_said(shop, session_id):
    confirmed(shop, session_id)
    assert "We do not know this order" in text_of(shop)


def test_an_address_without_a_session_is_said(shop):
    shop.switch_page("views/confirmation.py").run()
    assert "No order to show" in text_of(shop)


def test_a_stripe_that_does_not_answer_after_payment_asks_not_to_pay_again(till, pay, control):
    given(till)
    paid = held(till).id
    pay(paid)
    control("faults", route="/v1/checkout/sessions", kind="500", times=3)
    confirmed(till, paid)
    assert "do not pay again" in text_of(till)
    till.button(key="check-again").click().run()
    assert "it is paid" in text_of(till)


def test_a_refunded_order_is_shown_as_refunded(till, pay, checkout):
    given(till)
    paid = held(till).id
    pay(paid)
    confirmed(till, paid)
    checkout.refund(checkout.store.get(paid).id)
    till.run()
    assert "was refunded" in text_of(till)


# --- the frame


def test_settings_that_cannot_be_used_are_a_page_of_their_own(monkeypatch):
    def refuse():
        raise ConfigurationError("STRIPE_SECRET_KEY must start with sk_test_.")

    monkeypatch.setattr(session, "current", refuse)
    page = AppTest.from_file(str(APP), default_timeout=20).run()
    assert "not set up yet" in text_of(page)
    assert "STRIPE_SECRET_KEY" in text_of(page)


def test_the_theme_is_set_in_one_place():
    here = tomllib.loads(theme.THEME.read_text(encoding="utf-8"))
    project = tomllib.loads((theme.THEME.parent.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert {"light", "dark"} <= set(here["theme"])
    assert project["theme"] == {"base": "storefront/theme.toml"}
    assert theme.config()["theme.base"] == str(theme.THEME)
