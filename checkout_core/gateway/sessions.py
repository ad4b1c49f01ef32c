"""A Checkout Session: what we ask for, and what we take from Stripe's answer. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

import stripe

from ..config.settings import Settings, UiMode
from ..domain.orders import OrderItem
from ..domain.products import Catalog
from ..domain.stripe_events import NOT_GIVEN_BACK

EXPAND = ["line_items", "payment_intent.latest_charge.refunds"]
"""What a retrieved session must hold to be viewed."""
_STEP = 600

SessionStatus = Literal["open", "complete", "expired"]
PaymentStatus = Literal["paid", "unpaid", "no_payment_required"]


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A Stripe Checkout Session, reduced to what a checkout needs. Amounts in minor units, times in UTC.

    `status` and `payment_status` are Stripe's (https://docs.stripe.com/api/checkout/sessions/object).
    """

    id: str
    status: SessionStatus
    payment_status: PaymentStatus
    amount_total: int
    currency: str
    items: tuple[OrderItem, ...]
    expires_at: datetime
    client_secret: str | None = None
    url: str | None = None
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    metadata: Mapping[str, str] | None = None
    payment_intent_id: str | None = None
    payment_failed: bool = False
    amount_refunded: int = 0


@dataclass(frozen=True, slots=True)
class Dispute:
    """A shopper's bank takes money back (https://docs.stripe.com/api/disputes/object). `amount` in minor units."""

    id: str
    reason: str
    amount: int


def creation(
    settings: Settings, items: Sequence[OrderItem], catalog: Catalog, email: str | None, now: datetime
) -> dict[str, Any]:
    """The parameters of a new session."""
    params: dict[str, Any] = {
        "mode": "payment",
        "ui_mode": settings.ui_mode.value,
        "line_items": [_line_item(item, catalog) for item in items],
        "metadata": {f"product_{position}": item.product for position, item in enumerate(items)},
        "expand": ["line_items"],
    }
    if settings.ui_mode is UiMode.elements:
        params["return_url"] = settings.complete_url
    else:
        params |= {"success_url": settings.complete_url, "cancel_url": settings.cancel_url}
    if email:
        params["customer_email"] = email
    expires_at = expiry(now, settings.session_minutes)
    return params if expires_at is None else {**params, "expires_at": expires_at}


def expiry(now: datetime, minutes: int) -> int | None:
    """When a session that is made now expires, in seconds since the epoch; None: after Stripe's own 24 hours.

    Rounded up to a step, so that a request that is repeated within it is the same request, and so that Stripe, which
    counts its least half hour by its own clock, does not find it too short.
    """
    least = now + timedelta(minutes=minutes, seconds=30)
    expires_at = math.ceil(least.timestamp() / _STEP) * _STEP
    return expires_at if expires_at < (now + timedelta(hours=24)).timestamp() else None


def charge_of(session: stripe.checkout.Session) -> stripe.Charge | None:
    """The latest charge of an expanded session."""
    intent = session.payment_intent
    charge = intent.latest_charge if isinstance(intent, stripe.PaymentIntent) else None
    return charge if isinstance(charge, stripe.Charge) else None


def view(
    session: stripe.checkout.Session, lines: Sequence[stripe.LineItem], refunds: Sequence[stripe.Refund]
) -> CheckoutSession:
    """The session as we see it, with all its lines and all refunds of its charge.

    What was given back is counted from the refunds: Stripe does not say what becomes of a charge's `amount_refunded`
    when one of them fails.
    """
    details = session.customer_details
    payment = session.payment_intent
    intent = payment if isinstance(payment, stripe.PaymentIntent) else None
    metadata = dict(session.metadata.to_dict()) if session.metadata else {}
    return CheckoutSession(
        id=session.id,
        status=cast("SessionStatus", session.status),
        payment_status=cast("PaymentStatus", session.payment_status),
        amount_total=session.amount_total or 0,
        currency=session.currency or "",
        items=tuple(_items(lines, metadata)),
        expires_at=datetime.fromtimestamp(session.expires_at, UTC),
        client_secret=session.client_secret,
        url=session.url,
        email=(details.email if details else None) or session.customer_email,
        name=details.name if details else None,
        phone=details.phone if details else None,
        metadata=metadata,
        payment_intent_id=intent.id if intent else payment if isinstance(payment, str) else None,
        payment_failed=intent is not None and intent.status in ("requires_payment_method", "canceled"),
        amount_refunded=sum(refund.amount for refund in refunds if refund.status not in NOT_GIVEN_BACK),
    )


def _items(lines: Sequence[stripe.LineItem], metadata: Mapping[str, str]) -> Iterator[OrderItem]:
    for position, line in enumerate(lines):
        quantity = line.quantity or 1
        price = line.price
        unit_amount = price.unit_amount if price and price.unit_amount is not None else line.amount_total // quantity
        yield OrderItem(
            product=metadata.get(f"product_{position}", price.id if price else line.id),
            name=line.description or "",
            unit_amount=unit_amount,
            quantity=quantity,
        )


def _line_item(item: OrderItem, catalog: Catalog) -> dict[str, Any]:
    product = catalog[item.product]
    if product.stripe_price:
        return {"price": product.stripe_price, "quantity": item.quantity}
    product_data: dict[str, Any] = {"name": product.name, "metadata": {"product": product.id}}
    if product.description:
        product_data["description"] = product.description
    price_data = {"currency": product.currency, "unit_amount": product.unit_amount, "product_data": product_data}
    return {"price_data": price_data, "quantity": item.quantity}
