"""What a shopper can do and see beyond the straight way: finding things, coming back, every end of a payment."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout
from checkout_core.domain.breakdown import AmountRow, Breakdown, line_label
from checkout_core.domain.errors import QuantityNotAllowed, SoldOut
from checkout_core.domain.orders import Order, OrderItem, OrderStatus
from checkout_core.domain.products import Catalog
from checkout_core.receipts.pdf import receipt_pdf
from storefront import markup, money
from storefront.cart import Cart
from tests.support.storefront import (
    Control,
    MakeSettings,
    Pay,
    fill_in,
    labels,
    open_app,
    order_of,
    session_of,
    show_confirmation,
    text_of,
    using,
)

NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) **bold** `code` :material/home: $x^2$",
    "'; DROP TABLE orders; --",
    "\u202eright to left\u202c \x00\x1b[31m",
]


def products_of(page: AppTest) -> list[str]:
    """The ids of the products on the page, by their buttons."""
    keys = [button.key or "" for button in page.button]
    return [key.removeprefix("add-") for key in keys if key.startswith("add-")]


# --- finding things


def test_a_search_finds_words_in_names_and_descriptions(shop: AppTest) -> None:
    shop.text_input(key="search").set_value("GLASS").run()
    assert products_of(shop) == ["the-glass-orchard"]
    shop.text_input(key="search").set_value("suitcase nobody").run()
    assert products_of(shop) == ["night-train-to-trieste"]


def test_a_category_shows_only_its_own(shop: AppTest, checkout: Checkout) -> None:
    shop.button_group(key="category").set_value("Membership").run()
    assert {checkout.catalog[product].category for product in products_of(shop)} == {"Membership"}


def test_a_search_without_a_find_leads_back_to_everything(shop: AppTest, checkout: Checkout) -> None:
    shop.text_input(key="search").set_value("dragon").run()
    assert "Nothing by that name" in text_of(shop)
    shop.button(key="show-everything").click().run()
    assert len(products_of(shop)) == len(checkout.catalog)


def test_few_left_are_counted_out(checkout: Checkout) -> None:
    product = checkout.catalog["pin-set"]
    assert "Only 3 left" in markup.card(product, checkout.catalog, 0)
    assert product.limit == 3
    with pytest.raises(QuantityNotAllowed, match="1 to 3"):
        checkout.catalog.price({"pin-set": 4})


def test_none_left_is_sold_out(checkout: Checkout) -> None:
    gone = checkout.catalog["pin-set"].model_copy(update={"capacity": 0})
    assert "Sold out" in markup.card(gone, checkout.catalog, 0)
    with pytest.raises(SoldOut):
        Catalog([gone], checkout.catalog.folder).price({"pin-set": 1})


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("de-DE", "de_DE"),
        ("pt-BR", "pt_BR"),
        ("fr", "fr"),
        ("de-XX", "de"),
        ("tlh", "en_US"),
        ("", "en_US"),
        ("<b>", "en_US"),
    ],
)
def test_the_nearest_known_locale_is_used(tag: str, locale: str) -> None:
    assert money.known_locale(tag) == locale


# --- coming back


def come_back(page: AppTest, view: str, payment: str, session_id: str = "") -> AppTest:
    """Open a page by the address to which a shopper is sent back."""
    page.switch_page(f"views/{view}.py")
    page.query_params["payment"] = payment
    if session_id:
        page.query_params["session_id"] = session_id
    page.run()
    assert not page.exception
    return page


def has_payment(page: AppTest) -> bool:
    """Whether the Payment Element is on the page."""
    return "Change" in [button.label for button in page.button]


@pytest.mark.parametrize("how", ["in the same tab", "after a reload"])
def test_who_comes_back_unpaid_reads_why_and_pays_the_same_session(
    checkout_page: AppTest, checkout: Checkout, full_cart: Cart, pay: Pay, how: str
) -> None:
    fill_in(checkout_page, name="Ada", phone="123")
    session_id = session_of(checkout_page).id
    page = checkout_page
    if how == "after a reload":
        page = open_app()
        page.session_state["cart"] = Cart.from_cookie(full_cart.to_cookie())
    come_back(page, "checkout", "unpaid", session_id)
    assert "You were not charged. The payment was not finished" in text_of(page)
    assert has_payment(page)
    assert session_of(page).id == session_id
    assert page.session_state["cart"].quantities == full_cart.quantities
    assert [order.status for order in checkout.store.find()] == [OrderStatus.pending]
    assert "ada@example.com · Ada · 123" in text_of(page)
    pay(session_id)
    come_back(page, "checkout", "unpaid", session_id)
    assert "it is paid" in text_of(page)


def test_whose_cart_it_is_not_reads_no_details_of_the_session(
    checkout_page: AppTest, checkout: Checkout, full_cart: Cart
) -> None:
    fill_in(checkout_page)
    session_id = session_of(checkout_page).id
    stranger = open_app()
    for quantities in ({"pin-set": 1}, dict(full_cart.quantities), {}):
        stranger.session_state["cart"] = Cart(quantities)
        come_back(stranger, "checkout", "unpaid", session_id)
        assert "You were not charged" in text_of(stranger)
        assert "ada@example.com" not in text_of(stranger)
        assert not has_payment(stranger)
    assert checkout.retrieve_session(session_id).status == "open"


def test_a_cart_that_was_changed_before_coming_back_gets_a_session_of_its_own(
    checkout_page: AppTest, checkout: Checkout, full_cart: Cart
) -> None:
    fill_in(checkout_page)
    session_id = session_of(checkout_page).id
    page = open_app()
    cart = page.session_state["cart"] = Cart.from_cookie(full_cart.to_cookie())
    cart.put("tote-bag", 2)
    come_back(page, "checkout", "unpaid", session_id)
    assert session_of(page).id != session_id
    assert order_of(checkout, session_id).status is OrderStatus.expired


WAYS_BACK = [(view, payment) for view in ("cart", "checkout") for payment in ("unpaid", "expired", "left")]


@pytest.mark.parametrize(("view", "payment"), WAYS_BACK)
def test_who_comes_back_to_an_expired_session_reads_so(
    checkout_page: AppTest, checkout: Checkout, view: str, payment: str
) -> None:
    session_id = session_of(checkout_page).id
    checkout.expire_session(session_id)
    said = "You were not charged. The checkout was left open"
    assert said in text_of(come_back(checkout_page, view, payment, session_id))


@pytest.mark.parametrize("way", WAYS_BACK)
def test_whoever_comes_back_reads_what_stripe_says_and_not_what_the_address_says(
    checkout_page: AppTest, pay: Pay, control: Control, way: tuple[str, str]
) -> None:
    view, payment = way
    fill_in(checkout_page)
    first = session_of(checkout_page).id
    come_back(checkout_page, view, payment, first)
    assert "You were not charged. The payment was not finished" in text_of(checkout_page)
    for session_id in ("", "cs_test_unknown", "{CHECKOUT_SESSION_ID}"):
        assert "charged" not in text_of(come_back(checkout_page, view, payment, session_id))
    pay(first)
    control("faults", route="/v1/checkout/sessions", kind="500", times=3)
    assert "do not pay again" in text_of(come_back(checkout_page, view, payment, first))
    assert "it is paid" in text_of(come_back(checkout_page, view, payment, first))


def test_a_changed_cart_expires_the_session_of_the_cart_before(
    checkout_page: AppTest, checkout: Checkout, full_cart: Cart
) -> None:
    sessions = []
    for quantity in (1, 2, 1):  # and back again
        full_cart.put("tote-bag", quantity)
        checkout_page.switch_page("views/checkout.py").run()
        fill_in(checkout_page)
        sessions.append(session_of(checkout_page).id)
    assert [order_of(checkout, each).status.value for each in sessions] == ["expired", "expired", "pending"]
    assert "had expired" not in text_of(checkout_page)


def test_who_changes_the_cart_and_has_paid_the_last_one_is_led_to_its_confirmation(
    checkout_page: AppTest, full_cart: Cart, pay: Pay
) -> None:
    fill_in(checkout_page)
    pay(session_of(checkout_page).id)
    full_cart.put("tote-bag", 2)
    checkout_page.switch_page("views/checkout.py").run()
    assert "it is paid" in text_of(checkout_page)
    assert full_cart.quantities == {"tote-bag": 1}


def test_what_a_failed_debit_had_taken_out_of_the_cart_comes_back(
    checkout_page: AppTest, pay: Pay, full_cart: Cart, control: Control
) -> None:
    fill_in(checkout_page)
    session_id = session_of(checkout_page).id
    pay(session_id, "DE89370400440532013000")
    show_confirmation(checkout_page, session_id)
    assert not full_cart
    control(f"sessions/{session_id}/settle_debit", outcome="failed")
    checkout_page.run()
    assert "did not go through" in text_of(checkout_page)
    assert full_cart.quantities == {"night-train-to-trieste": 2, "tote-bag": 1}
    checkout_page.run()
    assert full_cart.count == 3


def test_a_debit_that_arrives_is_seen_at_the_next_look(checkout_page: AppTest, pay: Pay, control: Control) -> None:
    fill_in(checkout_page)
    session_id = session_of(checkout_page).id
    pay(session_id, "DE89370400440532013000")
    show_confirmation(checkout_page, session_id)
    assert "follows along" in text_of(checkout_page)
    control(f"sessions/{session_id}/settle_debit", outcome="succeeded")
    checkout_page.run()
    assert "it is paid" in text_of(checkout_page)


def test_a_partly_refunded_order_says_how_much_is_on_its_way(
    checkout_page: AppTest, pay: Pay, checkout: Checkout
) -> None:
    fill_in(checkout_page)
    session_id = session_of(checkout_page).id
    pay(session_id)
    show_confirmation(checkout_page, session_id)
    checkout.refund(order_of(checkout, session_id).id, 1000)
    checkout_page.run()
    text = text_of(checkout_page)
    assert "partly refunded" in text
    assert "-€10.00" in text
    assert "€31.00" in text


def test_an_expired_checkout_starts_again_with_the_cart(
    checkout_page: AppTest, checkout: Checkout, full_cart: Cart
) -> None:
    fill_in(checkout_page)
    expired = session_of(checkout_page).id
    checkout.expire_session(expired)
    show_confirmation(checkout_page, expired)
    assert "has expired" in text_of(checkout_page)
    assert full_cart.count == 3
    checkout_page.switch_page("views/checkout.py").run()
    fill_in(checkout_page)
    assert session_of(checkout_page).id != expired


# --- whatever is typed


@pytest.mark.parametrize("text", NASTY)
def test_what_is_typed_into_the_search_is_never_markup(shop: AppTest, text: str) -> None:
    shop.text_input(key="search").set_value(text).run()
    assert not shop.exception
    assert text not in text_of(shop)


@pytest.mark.parametrize("text", NASTY)
def test_what_is_typed_into_the_form_is_never_markup(checkout_page: AppTest, checkout: Checkout, text: str) -> None:
    fill_in(checkout_page, name=text, phone=text[:40])
    assert not checkout_page.exception
    shown = text_of(checkout_page)
    assert "<script" not in shown
    assert "<img src=x" not in shown
    assert (
        order_of(checkout, session_of(checkout_page).id).name == text.replace("\x00", " ").replace("\x1b", " ").strip()
    )


@pytest.mark.parametrize("text", NASTY)
def test_an_email_that_is_none_is_refused_without_an_order(
    checkout_page: AppTest, checkout: Checkout, text: str
) -> None:
    fill_in(checkout_page, email=text)
    assert "Please enter an e-mail address" in text_of(checkout_page)
    assert checkout.store.get(session_of(checkout_page).id) is None


def test_a_text_of_a_megabyte_reaches_no_order(checkout_page: AppTest, checkout: Checkout) -> None:
    fill_in(checkout_page, name="a" * 1_000_000)
    assert not checkout_page.exception
    assert order_of(checkout, session_of(checkout_page).id).name is None


@pytest.mark.parametrize("text", NASTY)
def test_a_name_in_the_catalogue_is_text_in_cards_lines_receipts_and_labels(checkout: Checkout, text: str) -> None:
    product = checkout.catalog["moth-hour"].model_copy(update={"name": text, "detail": text, "description": text})
    item = OrderItem(product=product.id, name=text, unit_amount=100, quantity=2)
    shown = [
        markup.card(product, checkout.catalog, 1),
        markup.cart_line(product, checkout.catalog, 2),
        markup.receipt(Breakdown("eur", (AmountRow(line_label(item), 200),), 200)),
    ]
    assert not [html for html in shown if "<script" in html or "<img src=x" in html]
    assert "[click](" not in markup.label(text)


@pytest.mark.parametrize("text", [*NASTY, "w" * 2000])
def test_the_texts_of_a_shop_are_never_markup(settings_of: MakeSettings, tmp_path: Path, text: str) -> None:
    welcome = {"over": text[:80], "headline": text[:120], "text": text[:400], "shelf": text[:20]}
    product = {"name": text[:120], "description": text, "detail": text, "unit_amount": 100, "currency": "eur"}
    tables: list[tuple[str, dict[str, object]]] = [
        ("[welcome]", dict(welcome)),
        ("[[product]]", {"id": "a", "category": text, **product}),
        ("[[product]]", {"id": "b", "category": "Other", **product}),
    ]
    lines = [line for name, table in tables for line in (name, *(f"{key} = {json.dumps(table[key])}" for key in table))]
    (tmp_path / "catalog.toml").write_text("\n".join(lines), encoding="utf-8")
    with using(settings_of(shop_name=text)):
        page = open_app()
        html, shown_labels = [text_of(page)], list(page.button_group(key="category").options)
        page.session_state["cart"] = Cart({"a": 1})
        for path in ("views/cart.py", "views/checkout.py", "views/confirmation.py"):
            page.switch_page(path).run()
            html.append(text_of(page))
            shown_labels += [*labels(page, "page_link"), *labels(page, "number_input")]
            assert not page.exception
    assert not [shown for shown in html if "<script" in shown or "<img src=x" in shown]
    assert not [label for label in shown_labels if "[click](" in label or "<img" in label.replace("\\<", "")]


@pytest.mark.parametrize("text", [*NASTY, "cs_test_" + "a" * 100_000, "../../etc/passwd", "%00"])
def test_whatever_an_address_names_is_an_order_that_nobody_knows(shop: AppTest, text: str) -> None:
    show_confirmation(shop, text)
    assert "We do not know this order" in text_of(shop)
    assert not shop.exception
    assert text not in text_of(shop)


@pytest.mark.parametrize("text", [*NASTY, "t" * 20 + "~" + ".".join(f"p{n}:1" for n in range(9000)) + "~"])
def test_a_cart_from_a_strange_cookie_is_a_cart_of_what_is_sold(shop: AppTest, text: str) -> None:
    shop.session_state["cart"] = Cart.from_cookie(text)
    shop.switch_page("views/cart.py").run()
    assert "Your cart is empty" in text_of(shop)
    assert not shop.exception


# --- the receipt


def an_order(*names: str) -> Order:
    now = datetime(2026, 12, 1, 19, 5, tzinfo=UTC)
    items = tuple(OrderItem(product="p", name=name, unit_amount=1250, quantity=2) for name in names)
    return Order(
        id="order_01h455vb4pex5vsknk084sn02q",
        stripe_checkout_session_id="cs_test_1",
        status=OrderStatus.paid,
        items=items,
        currency="eur",
        amount_total=2500 * len(items),
        created_at=now,
        updated_at=now,
        paid_at=now,
    )


def test_the_same_order_gives_the_same_receipt() -> None:
    first, again = (receipt_pdf(an_order("Night Train"), shop_name="The Lantern") for _ in range(2))
    assert first == again
    assert first.startswith(b"%PDF-")


@pytest.mark.parametrize(
    "name", ["Łódź İstanbul", "Ελλάδα Россия", "東京物語 서울의 봄", "لילה ليلى", "x" * 500, *NASTY]
)
def test_a_receipt_renders_any_name(name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert receipt_pdf(an_order(name), shop_name=name, email="a•••@example.com").startswith(b"%PDF-")
    assert "missing the following glyphs" not in caplog.text


def test_a_name_that_no_font_can_draw_is_printed_as_the_products_id(caplog: pytest.LogCaptureFixture) -> None:
    names = ["देवनागरी", "ตั๋วหนัง", "🎬", "தமிழ்", "p 🎬"]  # the last one's letter is the product's id
    assert len({receipt_pdf(an_order(name), shop_name="The Lantern") for name in names}) == 1
    assert "missing the following glyphs" not in caplog.text


def test_a_receipt_of_many_lines_takes_more_pages() -> None:
    assert receipt_pdf(an_order(*["Night Train"] * 60), shop_name="The Lantern").count(b"/Type /Page\n") > 1
