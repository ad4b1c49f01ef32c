"""A shop that sells in several currencies: each price in its own, and no sum over two."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout
from checkout_core.streamlit import embedding
from tests.support.storefront import (
    MakeSettings,
    Pay,
    VisitPage,
    fill_in,
    session_of,
    show_confirmation,
    text_of,
    using,
)

PRODUCTS = {
    "TKT 1": ("A seat, row 7", 2500, "eur"),
    "us.ticket": ("A seat in New York", 3000, "usd"),
    "茶": ("Tea", 400, "jpy"),
}
PRICES = {"TKT 1": "€25.00", "us.ticket": "$30.00", "茶": "¥400"}


@pytest.fixture
def checkout(settings_of: MakeSettings, tmp_path: Path) -> Iterator[Checkout]:
    catalogue = "".join(
        f'[[product]]\nid = "{id}"\nname = "{name}"\nunit_amount = {amount}\ncurrency = "{currency}"\n'
        for id, (name, amount, currency) in PRODUCTS.items()
    )
    (tmp_path / "catalog.toml").write_text(catalogue, encoding="utf-8")
    with using(settings_of(sweep_every=0)) as opened:
        yield opened


def put_into_the_cart(shop: AppTest, *products: str) -> AppTest:
    for product in products:
        shop.button(key=f"add-{product}").click().run()
    return shop


def test_the_shop_shows_each_price_in_its_own_currency(shop: AppTest) -> None:
    assert not shop.exception
    assert all(f'<p class="price"><bdi>{price}</bdi></p>' in text_of(shop) for price in PRICES.values())


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_is_shown_and_bought_in_its_own_currency_whatever_the_first_one_s_is(
    shop: AppTest, checkout: Checkout, pay: Pay, product: str
) -> None:
    put_into_the_cart(shop, product).switch_page("views/cart.py").run()
    assert f"<strong><bdi>{PRICES[product]}</bdi></strong>" in text_of(shop)
    shop.switch_page("views/checkout.py").run()
    assert PRICES[product] in text_of(shop)
    fill_in(shop)
    session = session_of(shop)
    assert session.currency == PRODUCTS[product][2]
    pay(session.id)
    show_confirmation(shop, session.id)
    assert not shop.exception
    assert PRICES[product] in text_of(shop)
    assert not any(price in text_of(shop) for other, price in PRICES.items() if other != product)


@pytest.mark.parametrize("page", ["cart", "checkout"])
def test_a_cart_of_two_currencies_is_never_added_up_and_gets_a_sentence(
    shop: AppTest, checkout: Checkout, page: str
) -> None:
    put_into_the_cart(shop, "TKT 1", "us.ticket").switch_page(f"views/{page}.py").run()
    said = "“A seat, row 7” is sold in EUR and “A seat in New York” in USD. Please buy them in two orders."
    assert not shop.exception
    assert said in text_of(shop)
    assert "55.00" not in text_of(shop)
    if page == "cart":
        assert "<strong><bdi>€25.00 + $30.00</bdi></strong>" in text_of(shop)
        assert shop.button(key="to-checkout").disabled
    assert not checkout.calls.all()


def test_a_button_with_two_currencies_says_so_before_stripe_is_asked(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "_own", lambda: checkout)
    page = AppTest.from_string(
        "from checkout_core.streamlit import checkout_button\n"
        "checkout_button({'TKT 1': 1, 'us.ticket': 1}, email='ada@example.com')",
        default_timeout=20,
    ).run()
    page.button(key="checkout-open").click().run()
    assert not page.exception
    assert "“A seat, row 7” is sold in EUR" in text_of(page)
    assert not checkout.calls.all()


def sold(checkout: Checkout, pay: Pay, product: str) -> None:
    session = checkout.create_session({product: 1})
    checkout.create_pending_order(session.id, email="ada@example.com")
    pay(session.id)
    checkout.complete_order(session.id)


def test_the_operator_s_pages_never_add_currencies_up(checkout: Checkout, pay: Pay, visit: VisitPage) -> None:
    for product in ("TKT 1", "TKT 1", "us.ticket", "茶"):
        sold(checkout, pay, product)
    orders = text_of(visit("orders"))
    assert all(price in orders for price in PRICES.values())
    page = visit("insights")
    assert "€50.00 came in" in text_of(page)
    (currency,) = [group for group in page.button_group if group.key == "insights-currency"]
    for code, came_in in (("usd", "$30.00"), ("jpy", "¥400")):
        currency.set_value(code).run()
        assert not page.exception
        assert f"{came_in} came in" in text_of(page)
