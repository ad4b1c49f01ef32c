"""Orders of every kind that Stripe may charge differently from what the cart said."""

from collections.abc import Mapping
from typing import Any

from checkout_core.domain.orders import Order, OrderItem, OrderStatus
from tests.support import builders


def item(unit_amount: int, quantity: int = 1, amount_subtotal: int | None = None) -> OrderItem:
    """Return a line; its amount is the unit price times the quantity unless given."""
    subtotal = unit_amount * quantity if amount_subtotal is None else amount_subtotal
    return OrderItem(product="seat", name="Seat", unit_amount=unit_amount, quantity=quantity, amount_subtotal=subtotal)


KINDS: Mapping[str, dict[str, Any]] = {
    "plain": {"items": (item(2300),), "amount_total": 2300},
    "a code of half": {"items": (item(2300),), "amount_discount": 1150, "amount_total": 1150},
    "a code of all": {"items": (item(2300),), "amount_discount": 2300, "amount_total": 0},
    "shipping": {"items": (item(2300),), "amount_shipping": 1900, "amount_total": 4200},
    "added tax": {"items": (item(2300),), "amount_tax": 437, "amount_total": 2737},
    "included tax": {"items": (item(2300),), "amount_tax": 367, "amount_total": 2300},
    "added and included tax": {"items": (item(2300), item(1000)), "amount_tax": 557, "amount_total": 3490},
    "parts of a cent": {"items": (item(33, 3, 100),), "amount_total": 100},
    "everything": {
        "items": (item(2300, 2), item(33, 3, 100)),
        "amount_discount": 700,
        "amount_shipping": 490,
        "amount_tax": 853,
        "amount_total": 5343,
    },
    "part refunded": {"items": (item(2300),), "amount_discount": 300, "amount_total": 2000, "amount_refunded": 500},
    "yen": {"items": (item(1500, 2),), "currency": "jpy", "amount_tax": 300, "amount_total": 3300},
    "dinars": {
        "items": (item(12340),),
        "currency": "kwd",
        "amount_discount": 1230,
        "amount_shipping": 500,
        "amount_total": 11610,
    },
    "an older version's total": {"items": (item(2300),), "amount_subtotal": 1150, "amount_total": 1150},
    "no lines": {"items": (), "amount_subtotal": 2300, "amount_discount": 1150, "amount_total": 1150},
}


def order_of_kind(kind: str, **changes: Any) -> Order:
    """Return a paid order of one of `KINDS`."""
    paid = {
        "status": OrderStatus.paid,
        "email": "ada@example.com",
        "paid_at": builders.NOW,
        "stripe_payment_intent_id": "pi_1",
        "payment_method_type": "card",
        "payment_method_brand": "visa",
        "payment_method_last4": "4242",
    }
    return builders.order(**paid | KINDS[kind] | changes)
