"""Stripe, as the domain sees it. The only module that imports the SDK.

Every call names its time-out, is retried under one idempotency key, and fails with an error of `errors`.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

import stripe

from .catalog import Catalog
from .errors import (
    CheckoutError,
    ConfigurationError,
    InvalidInput,
    SessionNotFound,
    SessionNotOpen,
    StripeRejected,
    StripeUnavailable,
    WebhookSignatureInvalid,
)
from .orders import OrderItem
from .settings import Settings, UiMode

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

TIMEOUT_SECONDS = 10
RETRIES = 2
_SESSION_ID_LENGTH = 255
_EXPAND = ["line_items", "payment_intent.latest_charge"]


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
class WebhookEvent:
    """A verified webhook: a hint that something happened to a session (None: it concerns none)."""

    id: str
    type: str
    session_id: str | None
    payment_intent_id: str | None


class StripeGateway:
    """One Stripe account."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = stripe.StripeClient(
            settings.secret_key,
            base_addresses={"api": settings.api_base},
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
        )

    def create_session(
        self,
        items: Sequence[OrderItem],
        catalog: Catalog,
        *,
        email: str | None = None,
        idempotency_key: str | None = None,
    ) -> CheckoutSession:
        """Make an open session for priced items.

        Raises:
            StripeRejected, StripeUnavailable
        """
        params: dict[str, Any] = {
            "mode": "payment",
            "ui_mode": self._settings.ui_mode.value,
            "line_items": [_line_item(item, catalog) for item in items],
            "metadata": {f"product_{position}": item.product for position, item in enumerate(items)},
            "expand": ["line_items"],
        }
        if self._settings.ui_mode is UiMode.elements:
            params["return_url"] = self._settings.complete_url
        else:
            params |= {"success_url": self._settings.complete_url, "cancel_url": self._settings.cancel_url}
        if email:
            params["customer_email"] = email
        with _translated():
            session = self._client.v1.checkout.sessions.create(
                cast("SessionCreateParams", params), {"idempotency_key": idempotency_key or str(uuid.uuid4())}
            )
        return self._view(session)

    def retrieve_session(self, session_id: str) -> CheckoutSession:
        """The session as Stripe knows it now: one round trip.

        Raises:
            SessionNotFound: Stripe does not know it, or it is no session id at all (then nothing is asked).
            StripeRejected, StripeUnavailable
        """
        if not session_id.startswith("cs_") or len(session_id) > _SESSION_ID_LENGTH or not session_id.isascii():
            raise SessionNotFound
        if not session_id.replace("_", "").isalnum():
            raise SessionNotFound
        with _translated(missing=SessionNotFound):
            session = self._client.v1.checkout.sessions.retrieve(session_id, {"expand": _EXPAND})
        return self._view(session)

    def expire_session(self, session_id: str) -> None:
        """Close an open session so that nobody can pay it any more.

        Raises:
            SessionNotOpen: it was complete or expired already.
        """
        with _translated(missing=SessionNotFound, refused=SessionNotOpen):
            self._client.v1.checkout.sessions.expire(session_id, options={"idempotency_key": f"expire-{session_id}"})

    def refund(self, payment_intent_id: str, amount: int, *, idempotency_key: str) -> None:
        """Give `amount` minor units back.

        Raises:
            StripeRejected: more than what is left, or not paid.
        """
        with _translated():
            self._client.v1.refunds.create(
                {"payment_intent": payment_intent_id, "amount": amount}, {"idempotency_key": idempotency_key}
            )

    def session_of_payment(self, payment_intent_id: str) -> str | None:
        """The id of the session that a payment belongs to."""
        with _translated():
            sessions = self._client.v1.checkout.sessions.list({"payment_intent": payment_intent_id, "limit": 1})
        return sessions.data[0].id if sessions.data else None

    def check(self) -> None:
        """Ask Stripe for anything at all, to see that the key works.

        Raises:
            ConfigurationError: Stripe does not take the key.
            StripeUnavailable: no answer.
        """
        with _translated():
            self._client.v1.checkout.sessions.list({"limit": 1})

    def read_webhook(self, body: bytes, signature: str) -> WebhookEvent:
        """Verify a delivery and read it (https://docs.stripe.com/webhooks#verify-events).

        Raises:
            WebhookSignatureInvalid: not signed with our secret, too old, or not an event.
        """
        secret = self._settings.webhook_secret
        if secret is None:
            raise WebhookSignatureInvalid
        try:
            event = stripe.Webhook.construct_event(body, signature, secret)
            data = event.to_dict()
            subject = data["data"]["object"]
            kind = subject.get("object")
            return WebhookEvent(
                id=data["id"],
                type=data["type"],
                session_id=subject["id"] if kind == "checkout.session" else None,
                payment_intent_id=subject["id"] if kind == "payment_intent" else subject.get("payment_intent"),
            )
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WebhookSignatureInvalid from error

    def _view(self, session: stripe.checkout.Session) -> CheckoutSession:
        details = session.customer_details
        payment = session.payment_intent
        intent = payment if isinstance(payment, stripe.PaymentIntent) else None
        charge = intent.latest_charge if intent and isinstance(intent.latest_charge, stripe.Charge) else None
        metadata = dict(session.metadata.to_dict()) if session.metadata else {}
        return CheckoutSession(
            id=session.id,
            status=cast("SessionStatus", session.status),
            payment_status=cast("PaymentStatus", session.payment_status),
            amount_total=session.amount_total or 0,
            currency=session.currency or "",
            items=tuple(self._items(session, metadata)),
            expires_at=datetime.fromtimestamp(session.expires_at, UTC),
            client_secret=session.client_secret,
            url=session.url,
            email=(details.email if details else None) or session.customer_email,
            name=details.name if details else None,
            phone=details.phone if details else None,
            metadata=metadata,
            payment_intent_id=intent.id if intent else payment if isinstance(payment, str) else None,
            payment_failed=intent is not None and intent.status in ("requires_payment_method", "canceled"),
            amount_refunded=charge.amount_refunded if charge else 0,
        )

    def _items(self, session: stripe.checkout.Session, metadata: Mapping[str, str]) -> Iterator[OrderItem]:
        lines = session.line_items
        if lines is None:
            return
        rows = list(lines.data)
        if lines.has_more:
            with _translated():
                rows = list(self._client.v1.checkout.sessions.line_items.list(session.id, {"limit": 100}).data)
        for position, line in enumerate(rows):
            quantity = line.quantity or 1
            price = line.price
            unit_amount = (
                price.unit_amount if price and price.unit_amount is not None else line.amount_total // quantity
            )
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


@contextmanager
def _translated(
    missing: Callable[[], CheckoutError] = StripeRejected, refused: Callable[[], CheckoutError] = StripeRejected
) -> Iterator[None]:
    """Turn the SDK's errors into ours, where they arise (https://docs.stripe.com/error-handling)."""
    try:
        yield
    except stripe.AuthenticationError as error:
        raise ConfigurationError(
            "Stripe does not accept STRIPE_SECRET_KEY. Copy the key again from the Stripe dashboard."
        ) from error
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            raise missing() from error
        if error.code in ("email_invalid",):
            raise InvalidInput("This e-mail address cannot be used.", field="email") from error
        raise refused() from error
    except (stripe.CardError, stripe.PermissionError, stripe.IdempotencyError) as error:
        raise StripeRejected from error
    except stripe.StripeError as error:
        raise StripeUnavailable from error
