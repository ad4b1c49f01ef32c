"""A Checkout Session: what we ask for, and what we take from Stripe's answer. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import stripe

from ..config.settings import UiMode
from ..config.urls import Urls
from ..domain.checkout_session import CheckoutSession, PaymentStatus, SessionStatus
from ..domain.orders import OrderItem
from ..domain.products import PricedItem
from ..domain.stripe_events import UNDONE_REFUND_STATUSES

EXPAND = ["line_items", "payment_intent.latest_charge.refunds"]
"""What a retrieved session must hold to be viewed."""
_EXPIRY_STEP_SECONDS = 600


def session_create_params(
    items: Sequence[PricedItem],
    *,
    urls: Urls,
    ui_mode: UiMode,
    session_minutes: int,
    email: str | None,
    now: datetime,
    metadata: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the parameters of a new session (https://docs.stripe.com/api/checkout/sessions/create).

    Args:
        items: the lines, amounts in minor units.
        urls: where Stripe sends the shopper.
        ui_mode: the Payment Element in our page, or Stripe's own page.
        session_minutes: how long the session may be paid.
        email: the shopper's, when it is known.
        now: the time from which the session's life counts.
        metadata: stays with the session; our own keys win.
    """
    params: dict[str, Any] = {
        "mode": "payment",
        "ui_mode": ui_mode.value,
        "line_items": [_line_item(item) for item in items],
        "metadata": {
            **(metadata or {}),
            **{f"product_{position}": item.product for position, item in enumerate(items)},
        },
        "expand": ["line_items"],
    }
    if ui_mode is UiMode.elements:
        params["return_url"] = urls.complete
    else:
        params["success_url"] = urls.complete
        params["cancel_url"] = urls.cancel
    if email:
        params["customer_email"] = email
    if (expires_at := session_expires_at(now, session_minutes)) is not None:
        params["expires_at"] = expires_at
    return params


def session_expires_at(now: datetime, minutes: int) -> int | None:
    """Return when a session that is made now expires, in seconds since the epoch; None: after Stripe's own 24 hours.

    Rounded up to a step, so that a request that is repeated within it is the same request, and so that Stripe, which
    counts its least half hour by its own clock, does not find it too short.
    """
    least = now + timedelta(minutes=minutes, seconds=30)
    expires_at = math.ceil(least.timestamp() / _EXPIRY_STEP_SECONDS) * _EXPIRY_STEP_SECONDS
    return expires_at if expires_at < (now + timedelta(hours=24)).timestamp() else None


def charge_of(session: stripe.checkout.Session) -> stripe.Charge | None:
    """Return the latest charge of an expanded session."""
    intent = session.payment_intent
    charge = intent.latest_charge if isinstance(intent, stripe.PaymentIntent) else None
    return charge if isinstance(charge, stripe.Charge) else None


def checkout_session(
    session: stripe.checkout.Session, lines: Sequence[stripe.LineItem], refunds: Sequence[stripe.Refund]
) -> CheckoutSession:
    """Reduce a session of the SDK to ours.

    What was refunded is counted from the refunds: Stripe does not say what becomes of a charge's `amount_refunded`
    when one of them fails.

    Args:
        session: retrieved with `EXPAND`.
        lines: all its lines.
        refunds: all refunds of its charge.
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
        amount_refunded=sum(refund.amount for refund in refunds if refund.status not in UNDONE_REFUND_STATUSES),
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


def _line_item(item: PricedItem) -> dict[str, Any]:
    if item.stripe_price:
        return {"price": item.stripe_price, "quantity": item.quantity}
    product_data: dict[str, Any] = {"name": item.name, "metadata": {"product": item.product}}
    if item.description:
        product_data["description"] = item.description
    price_data = {"currency": item.currency, "unit_amount": item.unit_amount, "product_data": product_data}
    return {"price_data": price_data, "quantity": item.quantity}
