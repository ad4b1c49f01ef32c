"""Every currency at the smallest, an ordinary and the largest amount: shown, charged, refunded and exported right.

What an amount is worth is counted with the simulator's own table, which knows nothing of ours.
"""

import csv
import re
from decimal import Decimal
from email.message import EmailMessage
from itertools import product
from pathlib import Path

import pytest
from babel.numbers import parse_decimal

from checkout_core import Checkout, Order, OrderStatus
from checkout_core.analytics import open_orders
from checkout_core.domain.currencies import CURRENCIES, Currency
from checkout_core.domain.products import PricedItem
from checkout_core.receipts.message import receipt
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from stripe_simulator import SyncSimulator
from stripe_simulator.currencies import CURRENCY_TABLE as AT_STRIPE
from tests.support.orders import an_order, creating
from tests.support.shopper import EMAIL, stripe_of

every_currency = pytest.mark.parametrize("currency", CURRENCIES.values(), ids=lambda each: each.code)


def amounts(currency: Currency) -> list[int]:
    return [currency.smallest, 12_340 * max(currency.multiple, 10), currency.largest]


def worth(amount: int, code: str) -> Decimal:
    return Decimal(amount).scaleb(-AT_STRIPE[code].decimals)


def number_in(text: str) -> Decimal:
    (number,) = re.findall(r"\d[\d,.]*", text)
    return Decimal(parse_decimal(number, locale="en_US"))


def bought(checkout: Checkout, simulator: SyncSimulator, currency: Currency, amount: int) -> Order:
    session = checkout.create_session([PricedItem("tee", "Tee", amount, 1, currency.code)])
    assert (session.amount_total, session.currency) == (amount, currency.code)
    checkout.create_pending_order(session.id, email=EMAIL)
    simulator.pay_session(session.id, email=EMAIL)
    return checkout.complete_order(session.id)


def lines_of(message: EmailMessage) -> dict[str, str]:
    body = message.get_body(("plain",))
    assert body is not None
    return dict(line.split(": ", 1) for line in body.get_content().splitlines() if ": " in line)


def test_core_and_simulator_count_alike() -> None:
    ours = {each.code: (each.decimals, each.minimum, each.maximum, each.multiple) for each in CURRENCIES.values()}
    assert ours == {
        code: (each.decimals, each.minimum, each.maximum, each.multiple) for code, each in AT_STRIPE.items()
    }


@every_currency
def test_what_is_shown_is_charged_and_given_back(
    checkout: Checkout, simulator: SyncSimulator, currency: Currency
) -> None:
    at_stripe = stripe_of(checkout).v1
    for amount in amounts(currency):
        order = bought(checkout, simulator, currency, amount)
        assert (order.status, order.amount_total) == (OrderStatus.paid, amount)
        assert number_in(order.total) == worth(amount, currency.code)
        lines = lines_of(receipt(order, "Shop"))
        assert {number_in(lines[name]) for name in ("1 × Tee", "Total")} == {worth(amount, currency.code)}
        assert order.stripe_payment_intent_id is not None
        charged = at_stripe.payment_intents.retrieve(order.stripe_payment_intent_id)
        assert (charged.amount_received, charged.currency) == (amount, currency.code)

        part = currency.multiple
        if part < amount:
            order = checkout.refund(order.id, part)
            assert (order.status, order.amount_refunded) == (OrderStatus.paid, part)
            assert number_in(lines_of(receipt(order, "Shop"))["Refunded"]) == worth(part, currency.code)
        order = checkout.refund(order.id)
        assert (order.status, order.amount_refunded) == (OrderStatus.refunded, amount)
        given_back = at_stripe.refunds.list({"payment_intent": charged.id}).data
        assert sum(refund.amount for refund in given_back) == amount


@pytest.fixture
def store_of_all(tmp_path: Path) -> str:
    """A store with a paid order of each amount in each currency."""
    url = f"duckdb:///{tmp_path}/orders.duckdb"
    with BlockingOrderStore(open_store(url)) as store:
        for currency, position in product(CURRENCIES.values(), range(3)):
            amount = amounts(currency)[position]
            paid = an_order(
                f"cs_{currency.code}_{position}",
                currency=currency.code,
                amount_total=amount,
                amount_refunded=currency.multiple,
                status=OrderStatus.paid,
            )
            store.update(paid.stripe_checkout_session_id, creating(paid))
    return url


def test_what_is_exported_is_what_was_charged(store_of_all: str, tmp_path: Path) -> None:
    expected = {
        f"order_of_cs_{currency.code}_{position}": (
            worth(amounts(currency)[position], currency.code),
            worth(currency.multiple, currency.code),
        )
        for currency, position in product(CURRENCIES.values(), range(3))
    }
    columns = ("id", "amount_total_decimal", "amount_refunded_decimal")
    orders = open_orders(store_of_all)
    orders.export(tmp_path / "orders.csv")
    with (tmp_path / "orders.csv").open(newline="", encoding="utf-8") as file:
        rows = [[row[name] for name in columns] for row in csv.DictReader(file)]
    assert {row[0]: (Decimal(row[1]), Decimal(row[2])) for row in rows} == expected
    frame = orders.sql(f"SELECT {', '.join(columns)} FROM orders")
    exact = [frame[name].tolist() for name in columns]
    assert {row[0]: (row[1], row[2]) for row in zip(*exact, strict=True)} == expected
