"""Prices from an application's own tables: by functions and coroutine functions, checked before Stripe is asked."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import CheckoutError, EmptyCart, InvalidInput, ProductSourceError
from checkout_core.domain.products import PricedItem
from checkout_core.services.pricing import Products
from tests.support.shopper import EMAIL, pay
from tests.support.stores import ScriptedStore

SEAT = PricedItem(product="TKT-0001", name="Balcony", unit_amount=2500, quantity=2, currency="eur")
IDS = ("TKT-0001", "Row 7, seat 12", "t_shirt", "Ürümqi 🎟", 'with "quotes"', "x" * 500)


class Tickets:
    """A source as an application writes one: `gives` is its answer."""

    def __init__(self, gives: Any = (SEAT,)) -> None:
        self.gives = gives
        self.asked = list[tuple[object, object, str]]()

    def price(self, cart: Mapping[str, int], *, context: object = None) -> Sequence[PricedItem]:
        self.asked.append((cart, context, threading.current_thread().name))
        return self.gives  # type: ignore[no-any-return]


class AsyncTickets:
    """The same, for an application whose database is asked by coroutines."""

    def __init__(self, gives: Any = (SEAT,)) -> None:
        self.asked = list[tuple[object, object, str]]()
        self._gives = gives

    async def price(self, cart: Mapping[str, int], *, context: object = None) -> Sequence[PricedItem]:
        self.asked.append((cart, context, threading.current_thread().name))
        return self._gives  # type: ignore[no-any-return]


def opened(settings: Settings, products: Products) -> Checkout:
    return open_checkout(settings, products=products, store=ScriptedStore(), receipts=None)


@pytest.mark.parametrize("kind", [Tickets, AsyncTickets])
def test_a_source_is_asked_with_the_context(settings: Settings, kind: type[Tickets | AsyncTickets]) -> None:
    source = kind()
    with opened(settings, source) as checkout:
        session = checkout.create_session({"TKT-0001": 2}, context={"user": 7})
    assert session.amount_total == 5000
    ((cart, context, thread),) = source.asked
    assert (cart, context) == ({"TKT-0001": 2}, {"user": 7})
    assert (thread == "checkout") is (kind is AsyncTickets), "a function may block, so it runs in a thread"


@pytest.mark.parametrize("id", IDS)
def test_any_product_id_is_on_the_order_that_is_made_from_money(settings: Settings, id: str) -> None:
    with opened(settings, Tickets([replace(SEAT, product=id)])) as checkout:
        session_id = checkout.create_session({id: 2}).id
        pay(checkout, session_id)
        assert [item.product for item in checkout.complete_order(session_id).items] == [id]


def test_one_source_sells_in_several_currencies(settings: Settings) -> None:
    source = Tickets()
    with opened(settings, source) as checkout:
        for currency, amount in (("eur", 2500), ("usd", 2500), ("jpy", 2500)):
            source.gives = [replace(SEAT, currency=currency, unit_amount=amount)]
            session = checkout.create_session({"TKT-0001": 2})
            checkout.create_pending_order(session.id, email=EMAIL)
            pay(checkout, session.id)
            assert checkout.complete_order(session.id).currency == currency


DOLLARS = replace(SEAT, product="TKT-0002", name="Stalls", currency="usd")
CANNOT_BE_SOLD: list[tuple[Any, type[CheckoutError], str]] = [
    (None, ProductSourceError, "Tickets gave nothing"),
    ([], EmptyCart, "empty"),
    ("TKT-0001", ProductSourceError, "Tickets gave a str"),
    (7, ProductSourceError, "Tickets gave a int"),
    ({"TKT-0001": 2500}, ProductSourceError, "Tickets gave a dict"),
    ([None], ProductSourceError, "gave nothing instead of a PricedItem"),
    ([("TKT-0001", 2500)], ProductSourceError, "gave a tuple instead of a PricedItem"),
    ([SEAT, DOLLARS], InvalidInput, "“Balcony” is sold in EUR and “Stalls” in USD"),
    ([replace(SEAT, unit_amount=-1)], ProductSourceError, "“TKT-0001”: unit_amount is -1"),
    ([replace(SEAT, unit_amount=25.0)], ProductSourceError, r"“TKT-0001”: unit_amount is 25\.0"),  # type: ignore[arg-type]
    ([replace(SEAT, unit_amount=True)], ProductSourceError, "“TKT-0001”: unit_amount is True"),
    ([replace(SEAT, quantity=0)], ProductSourceError, "“TKT-0001”: quantity is 0"),
    ([replace(SEAT, quantity=1.5)], ProductSourceError, r"“TKT-0001”: quantity is 1\.5"),  # type: ignore[arg-type]
    ([replace(SEAT, currency="EUR")], ProductSourceError, "“TKT-0001”: Stripe takes no currency EUR"),
    ([replace(SEAT, currency="isk", unit_amount=150)], ProductSourceError, "“TKT-0001”: .*multiple of 100"),
    ([replace(SEAT, name=" ")], ProductSourceError, "“TKT-0001”: name"),
    ([replace(SEAT, name=None)], ProductSourceError, "“TKT-0001”: name"),  # type: ignore[arg-type]
    ([replace(SEAT, product="")], ProductSourceError, "product is ''"),
    ([replace(SEAT, product="x" * 501)], ProductSourceError, "at most 500"),
    ([replace(SEAT, product="a\nb")], ProductSourceError, "printable"),
    ([replace(SEAT, product=f"{n}" + "x" * 490) for n in range(30)], ProductSourceError, "10000 characters together"),
    ([replace(SEAT, product=f"{n}") for n in range(41)], InvalidInput, "At most 40"),
    ([replace(SEAT, unit_amount=10**8)], InvalidInput, "at most"),
]


@pytest.mark.parametrize("kind", [Tickets, AsyncTickets])
@pytest.mark.parametrize(("gives", "error", "says"), CANNOT_BE_SOLD)
def test_what_cannot_be_sold_is_refused_before_stripe_is_asked(
    settings: Settings, kind: type[Tickets | AsyncTickets], gives: Any, error: type[CheckoutError], says: str
) -> None:
    with opened(settings, kind(gives)) as checkout:
        with pytest.raises(error, match=says):
            checkout.create_session({"TKT-0001": 2})
        assert checkout.calls.all() == ()
    if isinstance(gives, list) and gives and all(isinstance(item, PricedItem) for item in gives):
        with opened(settings, Tickets()) as checkout, pytest.raises(error, match=says):
            checkout.create_session(gives)


class WithoutContext:
    def price(self, cart: Mapping[str, int]) -> Sequence[PricedItem]:
        return [SEAT]


@pytest.mark.parametrize("source", [WithoutContext(), {"TKT-0001": 2500}, "tickets", Tickets, [SEAT]])
def test_what_is_no_source_is_refused_when_the_checkout_is_opened(settings: Settings, source: Any) -> None:
    with pytest.raises(ProductSourceError, match=r"\(cart, \*, context=None\)"):
        opened(settings, source)


@pytest.mark.parametrize("cart", [{"TKT-0001": 1.5}, {"TKT-0001": "2"}, {"TKT-0001": True}, {"TKT-0001": None}, {7: 1}])
def test_a_cart_has_whole_numbers_by_product_id(settings: Settings, cart: Any) -> None:
    with opened(settings, Tickets()) as checkout, pytest.raises(InvalidInput):
        checkout.create_session(cart)
