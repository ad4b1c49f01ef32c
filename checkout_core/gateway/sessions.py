"""A Checkout Session: what we ask for, and what we take from Stripe's answer. Pure."""

import hashlib
import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from ..config.settings_arguments import UiMode
from ..config.urls import Urls
from ..domain.checkout_session import CheckoutSession, Dispute, PaymentStatus, Refund, SessionMode, SessionStatus
from ..domain.metadata import JsonValue, metadata_to_stripe
from ..domain.money import format_amount
from ..domain.orders import OrderItem, new_id
from ..domain.ownership import ERASED, Mark, is_reserved, products_metadata, products_of, repeatable_id
from ..domain.products import PricedItem
from ..domain.returning import RETURN
from ..domain.showings import Showing, showings_metadata
from .answers import ChargeAnswer, DisputeAnswer, LineAnswer, RefundAnswer, SessionAnswer
from .session_params import with_params

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

    SessionParams = SessionCreateParams
    """Everything that a session of Stripe's takes."""

EXPAND = ["line_items", "payment_intent.latest_charge.balance_transaction", "payment_intent.latest_charge.refunds"]
"""What a retrieved session must hold to be viewed."""
REFUND_KEY = "checkout_refund"
"""The metadata of a refund that names the intention that made it."""
RESTOCK_KEY = "checkout_restock"
"""The metadata of a refund that says what it gives back to the stock."""
_EXPIRY_STEP_SECONDS = 600
_LIMITED_EXPIRY_STEP_SECONDS = 60
_MAX_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class NewSession:
    """What an application asks of a new session, beside its lines.

    Args:
        mark: whose session it is.
        email: the shopper's, when it is known.
        client_reference_id: what the application calls the purchase; the order's id unless given.
        metadata: what stays with the session and its order.
        customer: the shopper's Customer at Stripe, `cus_…`; its e-mail address is Stripe's business then.
        locale: the language of Stripe's page.
        return_path: where on the shop's public address the shopper goes after payment.
        params: more parameters of the session; ours win.
        showings: what is bought, by product.
    """

    mark: Mark
    email: str | None = None
    client_reference_id: str | None = None
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    customer: str | None = None
    locale: str | None = None
    return_path: str | None = None
    params: "SessionParams | Mapping[str, Any]" = field(default_factory=dict)
    showings: Mapping[str, Showing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionNames:
    """What a new session is called: Stripe's idempotency key of the request that makes it, and its order's id."""

    idempotency_key: str
    order_id: str


def session_names(mark: Mark, idempotency_key: str | None, expires_at: int | None, now: datetime) -> SessionNames:
    """Name a new session.

    Repeated under one idempotency key it must be the same request to the letter, so then the order's id follows from the
    key. Stripe forgets a key after a day or more (https://docs.stripe.com/api/idempotent_requests), and one key must not
    be used with two expiry times, so both are part of ours.

    Args:
        mark: whose session it is.
        idempotency_key: the application's; None: the session is made once.
        expires_at: seconds since the epoch; None: Stripe's own time.
        now: the time now.
    """
    if idempotency_key is None:
        return SessionNames(str(uuid.uuid4()), new_id("order"))
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moment = day if expires_at is None else _time(expires_at)
    asked = f"{mark.installation}/{mark.shop}/{idempotency_key}/{moment.isoformat()}"
    key = asked if len(asked) <= _MAX_KEY_LENGTH else hashlib.sha256(asked.encode()).hexdigest()
    return SessionNames(key, repeatable_id("order", moment, asked))


def session_create_params(
    items: Sequence[PricedItem],
    asked: NewSession,
    *,
    order_id: str,
    shop_name: str,
    urls: Urls,
    ui_mode: UiMode,
    expires_at: int | None,
) -> dict[str, Any]:
    """Return the parameters of a new session (https://docs.stripe.com/api/checkout/sessions/create).

    In Stripe's dashboard the payment names the order.

    Args:
        items: the lines, amounts in minor units.
        asked: what the application asks for.
        order_id: the id that the session's order shall have.
        shop_name: stands in the payment's description.
        urls: where Stripe sends the shopper.
        ui_mode: the Payment Element in our page, or Stripe's own page.
        expires_at: seconds since the epoch; None: Stripe's own time.

    Raises:
        InvalidInput: the application's parameters contradict ours.
    """
    mark = asked.mark.metadata(order_id)
    returned = {RETURN: asked.return_path} if asked.return_path else {}
    kept = metadata_to_stripe({**asked.metadata, **returned})
    bought = {**products_metadata([item.product for item in items]), **showings_metadata(asked.showings)}
    ours: dict[str, Any] = {
        "mode": "payment",
        "ui_mode": ui_mode.value,
        "line_items": [_line_item(item) for item in items],
        "metadata": {**kept, **bought, **mark},
        "payment_intent_data": {"metadata": {**kept, **mark}},
        "expand": ["line_items"],
    }
    defaults: dict[str, Any] = {
        "client_reference_id": order_id,
        "payment_intent_data": {"description": f"{shop_name}: {order_id}"},
    }
    if ui_mode is UiMode.elements:
        ours["return_url"] = urls.from_stripe(asked.return_path)
    else:
        ours["success_url"] = urls.from_stripe(asked.return_path)
        ours["cancel_url"] = urls.left(asked.return_path)
    if expires_at is not None:
        defaults["expires_at"] = expires_at
    given = {name: value for name, value in asked.params.items() if value is not None}
    if "currency" in given:
        ours["currency"] = items[0].currency if items else given["currency"]
    arguments = {
        "client_reference_id": asked.client_reference_id,
        "customer": asked.customer,
        # An e-mail address that we happen to know gives way to a customer.
        "customer_email": None if asked.customer or given.keys() & {"customer", "customer_account"} else asked.email,
        "locale": asked.locale,
    }
    ours |= {name: value for name, value in arguments.items() if value}
    return with_params(ours, defaults, given)


def session_expires_at(now: datetime, minutes: int, *, limited: bool = False) -> int | None:
    """Return when a session that is made now expires, in seconds since the epoch; None: after Stripe's own 24 hours.

    Rounded up to a step, so that a request that is repeated within it is the same request, and so that Stripe, which
    counts its least half hour by its own clock, does not find it too short.

    Args:
        now: the time now.
        minutes: how long the session shall last at least.
        limited: whether others wait for what it holds: then the step is short.
    """
    least = now + timedelta(minutes=minutes, seconds=30)
    step = _LIMITED_EXPIRY_STEP_SECONDS if limited else _EXPIRY_STEP_SECONDS
    expires_at = math.ceil(least.timestamp() / step) * step
    return expires_at if expires_at < (now + timedelta(hours=24)).timestamp() else None


def charge_of(session: SessionAnswer) -> ChargeAnswer | None:
    """Return the latest charge of an expanded session."""
    intent = session["payment_intent"]
    charge = None if intent is None or isinstance(intent, str) else intent["latest_charge"]
    return None if isinstance(charge, str) else charge


def checkout_session(
    session: SessionAnswer, lines: Sequence[LineAnswer], refunds: Sequence[RefundAnswer] = ()
) -> CheckoutSession:
    """Reduce a session of Stripe's to ours, without its disputes, which Stripe does not expand.

    Args:
        session: retrieved with `EXPAND`.
        lines: all its lines.
        refunds: all refunds of its charge.
    """
    details = session["customer_details"]
    payment = session["payment_intent"]
    intent = None if isinstance(payment, str) else payment
    charge = charge_of(session)
    metadata = dict(session["metadata"] or {})
    if ERASED in metadata:
        metadata, details = {key: value for key, value in metadata.items() if is_reserved(key)}, None
    totals = session["total_details"]
    return CheckoutSession(
        id=session["id"],
        status=cast("SessionStatus", session["status"]),
        payment_status=cast("PaymentStatus", session["payment_status"]),
        mode=cast("SessionMode", session["mode"]),
        recovered=bool(session["recovered_from"]),
        amount_subtotal=session["amount_subtotal"] or 0,
        amount_discount=totals["amount_discount"] if totals else 0,
        amount_shipping=(totals["amount_shipping"] or 0) if totals else 0,
        amount_tax=totals["amount_tax"] if totals else 0,
        amount_total=session["amount_total"] or 0,
        currency=session["currency"] or "",
        items=tuple(_items(lines, metadata)),
        created=_time(session["created"]),
        expires_at=_time(session["expires_at"]),
        client_secret=session["client_secret"],
        client_reference_id=session["client_reference_id"],
        url=session["url"],
        email=(details["email"] if details else None) or (None if ERASED in metadata else session["customer_email"]),
        name=details["name"] if details else None,
        phone=details["phone"] if details else None,
        metadata=metadata,
        payment_intent_id=intent["id"] if intent else payment if isinstance(payment, str) else None,
        payment_failed=intent is not None and intent["status"] in ("requires_payment_method", "canceled"),
        **_payment(charge),
        refunds=tuple(map(refund_of, refunds)),
        disputed=bool(charge and charge["disputed"]),
    )


def refund_of(refund: RefundAnswer) -> Refund:
    """Reduce a refund of Stripe's to ours."""
    metadata = refund["metadata"] or {}
    return Refund(
        id=refund["id"],
        amount=refund["amount"],
        status=refund["status"] or "succeeded",
        created_at=_time(refund["created"]),
        reason=refund["reason"],
        failure_reason=refund.get("failure_reason"),
        key=metadata.get(REFUND_KEY),
        restock=metadata.get(RESTOCK_KEY),
    )


def dispute_of(dispute: DisputeAnswer) -> Dispute:
    """Reduce a dispute of Stripe's to ours."""
    evidence = dispute["evidence_details"]
    due_by = evidence["due_by"] if evidence else None
    return Dispute(
        id=dispute["id"],
        reason=dispute["reason"],
        amount=dispute["amount"],
        status=dispute["status"],
        created_at=_time(dispute["created"]),
        evidence_due_at=_time(due_by) if due_by else None,
        refundable=dispute["is_charge_refundable"],
    )


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _payment(charge: ChargeAnswer | None) -> dict[str, Any]:
    """Return what a charge says of the payment: its time, what was paid with, the fee."""
    if charge is None:
        return {}
    transaction = charge["balance_transaction"]
    balance = None if isinstance(transaction, str) else transaction
    method: Mapping[str, Any] = charge["payment_method_details"] or {}
    kind = method.get("type")
    details = (method.get(kind) or {}) if kind else {}
    return {
        "paid_at": _time(charge["created"]) if charge["paid"] else None,
        "payment_method_type": kind,
        "payment_method_brand": details.get("brand") or details.get("bank") or details.get("bank_name"),
        "payment_method_last4": details.get("last4") or details.get("iban_last4"),
        "payment_method_country": details.get("country"),
        "amount_fee": balance["fee"] if balance else None,
        "amount_net": balance["net"] if balance else None,
        "balance_currency": balance["currency"] if balance else None,
    }


def price_fault(items: Sequence[PricedItem], session: SessionAnswer, lines: Sequence[LineAnswer]) -> str | None:
    """Say for operators what a new session would charge else than its items cost, before discounts and shipping.

    Args:
        items: what the shopper was shown.
        session: as Stripe made it for them.
        lines: its first page of lines, in any order.
    """
    currency = items[0].currency if items else session["currency"]
    if session["currency"] != currency:
        return f"Stripe charges in {session['currency']}, the cart is in {currency}."
    shown = sum(item.amount_total for item in items)
    if session["amount_subtotal"] == shown:
        return None
    charged = {
        (price["id"], line["quantity"]): line["amount_subtotal"]
        for line in lines
        if (price := line["price"]) is not None
    }
    for item in items:
        amount = charged.get((item.stripe_price or "", item.quantity), item.amount_total)
        if amount != item.amount_total:
            return (
                f"{item.quantity} × {item.product} cost {format_amount(item.amount_total, item.currency)} here and "
                f"{format_amount(amount, item.currency)} by {item.stripe_price} at Stripe."
            )
    return f"The cart costs {shown} and Stripe charges {session['amount_subtotal']}, in minor units of {currency}."


def _items(lines: Sequence[LineAnswer], metadata: Mapping[str, str]) -> Iterator[OrderItem]:
    products = products_of(metadata)
    for position, line in enumerate(lines):
        quantity = line["quantity"] or 1
        price = line["price"]
        unit_amount = price["unit_amount"] if price else None
        product = products[position] if position < len(products) else None
        yield OrderItem(
            product=product or (price["id"] if price else line["id"]),
            name=line["description"] or "",
            unit_amount=line["amount_subtotal"] // quantity if unit_amount is None else unit_amount,
            quantity=quantity,
            amount_subtotal=line["amount_subtotal"],
        )


def _line_item(item: PricedItem) -> dict[str, Any]:
    if item.stripe_price:
        return {"price": item.stripe_price, "quantity": item.quantity}
    product_data: dict[str, Any] = {"name": item.name, "metadata": {"product": item.product}}
    if item.description:
        product_data["description"] = item.description
    price_data = {"currency": item.currency, "unit_amount": item.unit_amount, "product_data": product_data}
    return {"price_data": price_data, "quantity": item.quantity}
