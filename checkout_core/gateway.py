"""Stripe, as the domain sees it. The only module that imports the SDK.

Every call has a time-out for each try and a limit for all of them, is retried under one idempotency key, is
remembered in `calls`, and fails with an error of `errors`.
"""

import json
import math
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

import stripe

from . import metrics
from .calls import CallLog, StripeCall
from .catalog import Catalog
from .errors import (
    CheckoutError,
    ConfigurationError,
    InvalidInput,
    RefundNotPossible,
    SessionNotFound,
    SessionNotOpen,
    StripeRejected,
    StripeUnavailable,
    WebhookSignatureInvalid,
)
from .orders import OrderItem
from .settings import Settings, UiMode
from .stripe_events import StripeEvent, read_event

if TYPE_CHECKING:
    from stripe.params import EventListParams, RefundCreateParams
    from stripe.params.checkout import SessionCreateParams

TIMEOUT = (4.0, 10.0)
"""Seconds to connect, and to wait for an answer, for each try."""
LAST_TRY_AFTER = 12.0
"""Seconds after which no further try begins, so that nobody waits longer than about 25."""
RETRIES = 2
PAUSES = (0.3, 0.9)
"""Seconds to wait when Stripe says that we ask too often; the SDK does not retry a 429."""
WEBHOOK_TOLERANCE = 300
"""Seconds that a signature stays good: a delivery that was recorded cannot be replayed later."""
EVENTS_A_PAGE = 100
_SESSION_STEP = 600
_REMEMBERED_PAYMENTS = 10_000
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
class Dispute:
    """A shopper's bank takes money back (https://docs.stripe.com/api/disputes/object). `amount` in minor units."""

    id: str
    reason: str
    amount: int


@dataclass(slots=True)
class _Calling:
    """A call under way; which session it is about may be known only from the answer."""

    session_id: str | None


class _LimitedClient(stripe.RequestsClient):
    """HTTP with a limit for all tries of a call together, and patience when Stripe is asked too often."""

    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT)
        self._call = threading.local()

    def begin(self) -> None:
        """From now on this thread's next call counts its seconds."""
        self._call.began = time.monotonic()

    def request(  # type: ignore[override]  # the SDK's own RequestsClient answers in bytes, its base class says text
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One try."""
        for pause in (*PAUSES, None):
            if time.monotonic() - self._call.began > LAST_TRY_AFTER:
                raise stripe.APIConnectionError("Stripe took too long.", should_retry=False)  # type: ignore[no-untyped-call]
            answer = super().request(method, url, headers, post_data)
            if answer[1] != 429 or pause is None:
                break
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
        return answer


class StripeGateway:
    """One Stripe account."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.calls = CallLog()
        self._http = _LimitedClient()
        self._sessions_of_payments: dict[str, str] = {}
        self._client = stripe.StripeClient(
            settings.secret_key,
            base_addresses={"api": settings.api_base},
            max_network_retries=RETRIES,
            http_client=self._http,
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
        key = idempotency_key or str(uuid.uuid4())
        expires_at = _expiry(datetime.now(UTC), self._settings.session_minutes)
        if expires_at is not None:
            params["expires_at"] = expires_at
            key = f"{key}-{expires_at}"  # one key must not be used with two times
        with self._call("sessions.create") as call:
            session = self._client.v1.checkout.sessions.create(
                cast("SessionCreateParams", params), {"idempotency_key": key}
            )
            call.session_id = session.id
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
        with self._call("sessions.retrieve", session_id, missing=SessionNotFound):
            session = self._client.v1.checkout.sessions.retrieve(session_id, {"expand": _EXPAND})
        return self._view(session)

    def expire_session(self, session_id: str) -> None:
        """Close an open session so that nobody can pay it any more.

        Raises:
            SessionNotOpen: it was complete or expired already.
        """
        with self._call("sessions.expire", session_id, missing=SessionNotFound, refused=SessionNotOpen):
            self._client.v1.checkout.sessions.expire(session_id, options={"idempotency_key": f"expire-{session_id}"})

    def refund(
        self, payment_intent_id: str, amount: int | None, *, idempotency_key: str, session_id: str | None = None
    ) -> None:
        """Give `amount` minor units back, or all that is left. One idempotency key gives back once.

        Raises:
            RefundNotPossible: more than what is left, not paid, or disputed.
            StripeRejected: the key was used for another refund.
            StripeUnavailable: whether the refund was made is not known; asking again with the same key is safe.
        """
        params: dict[str, Any] = {"payment_intent": payment_intent_id}
        if amount is not None:
            params["amount"] = amount
        with self._call("refunds.create", session_id, missing=RefundNotPossible, refused=RefundNotPossible):
            self._client.v1.refunds.create(cast("RefundCreateParams", params), {"idempotency_key": idempotency_key})

    def session_of_payment(self, payment_intent_id: str) -> str | None:
        """The id of the session that a payment belongs to; asked once, as it never changes."""
        known = self._sessions_of_payments.get(payment_intent_id)
        if known is not None:
            return known
        with self._call("sessions.list") as call:
            sessions = self._client.v1.checkout.sessions.list({"payment_intent": payment_intent_id, "limit": 1})
            call.session_id = sessions.data[0].id if sessions.data else None
        self._remember(payment_intent_id, call.session_id)
        return call.session_id

    def disputes_of_payment(self, payment_intent_id: str) -> list[Dispute]:
        """The disputes over a payment, newest first."""
        with self._call("disputes.list"):
            disputes = self._client.v1.disputes.list({"payment_intent": payment_intent_id, "limit": 100})
        return [Dispute(each.id, each.reason, each.amount) for each in disputes.data]

    def events(self, types: Sequence[str], since: datetime) -> Iterator[StripeEvent]:
        """What happened from `since` on, newest first; Stripe keeps 30 days (https://docs.stripe.com/api/events/list)."""
        after: dict[str, Any] = {}
        while True:
            params = {"types": list(types), "created": {"gte": int(since.timestamp())}, "limit": EVENTS_A_PAGE, **after}
            with self._call("events.list"):
                page = self._client.v1.events.list(cast("EventListParams", params))
            for event in page.data:
                read = read_event(event.to_dict())
                self._remember(read.payment_intent_id, read.session_id)
                yield read
            if not page.has_more:
                return
            after = {"starting_after": page.data[-1].id}

    def check(self) -> None:
        """Ask Stripe for anything at all, to see that the key works.

        Raises:
            ConfigurationError: Stripe does not take the key.
            StripeUnavailable: no answer.
        """
        with self._call("sessions.list"):
            self._client.v1.checkout.sessions.list({"limit": 1})

    def read_webhook(self, body: bytes, signature: str) -> StripeEvent:
        """Verify a delivery and read it (https://docs.stripe.com/webhooks#verify-events).

        While a secret is rotated there are two, and either may have signed.

        Raises:
            WebhookSignatureInvalid: not signed with our secret, too old, or not an event.
        """
        for secret in self._settings.webhook_secrets:
            try:
                stripe.WebhookSignature.verify_header(body.decode(), signature, secret, WEBHOOK_TOLERANCE)
                return read_event(json.loads(body))
            except stripe.SignatureVerificationError:
                continue
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise WebhookSignatureInvalid from error
        raise WebhookSignatureInvalid

    @contextmanager
    def _call(
        self,
        name: str,
        session_id: str | None = None,
        *,
        missing: Callable[[], CheckoutError] = StripeRejected,
        refused: Callable[[], CheckoutError] = StripeRejected,
    ) -> Iterator[_Calling]:
        """Everything that is common to calls: errors become ours, and the call is remembered however it ends."""
        calling = _Calling(session_id)
        self._http.begin()
        started_at, started = datetime.now(UTC), time.perf_counter()
        outcome = "ok"
        try:
            with _translated(missing, refused):
                yield calling
        except CheckoutError as error:
            outcome = error.code
            raise
        except BaseException:
            outcome = CheckoutError.code
            raise
        finally:
            seconds = time.perf_counter() - started
            self.calls.add(StripeCall(name, calling.session_id, started_at, seconds, outcome))
            metrics.stripe_call(name, outcome, seconds)

    def _remember(self, payment_intent_id: str | None, session_id: str | None) -> None:
        if payment_intent_id is None or session_id is None:
            return
        if len(self._sessions_of_payments) >= _REMEMBERED_PAYMENTS:
            self._sessions_of_payments.clear()
        self._sessions_of_payments[payment_intent_id] = session_id

    def _view(self, session: stripe.checkout.Session) -> CheckoutSession:
        details = session.customer_details
        payment = session.payment_intent
        intent = payment if isinstance(payment, stripe.PaymentIntent) else None
        charge = intent.latest_charge if intent and isinstance(intent.latest_charge, stripe.Charge) else None
        metadata = dict(session.metadata.to_dict()) if session.metadata else {}
        payment_id = intent.id if intent else payment if isinstance(payment, str) else None
        self._remember(payment_id, session.id)
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
            payment_intent_id=payment_id,
            payment_failed=intent is not None and intent.status in ("requires_payment_method", "canceled"),
            amount_refunded=charge.amount_refunded if charge else 0,
        )

    def _items(self, session: stripe.checkout.Session, metadata: Mapping[str, str]) -> Iterator[OrderItem]:
        lines = session.line_items
        if lines is None:
            return
        rows = list(lines.data)
        if lines.has_more:
            with self._call("sessions.line_items", session.id):
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


def _expiry(now: datetime, minutes: int) -> int | None:
    """When a session that is made now expires, in seconds since the epoch; None: after Stripe's own 24 hours.

    Rounded up to a step, so that a request that is repeated within it is the same request, and so that Stripe, which
    counts its least half hour by its own clock, does not find it too short.
    """
    least = now + timedelta(minutes=minutes, seconds=30)
    expires_at = math.ceil(least.timestamp() / _SESSION_STEP) * _SESSION_STEP
    return expires_at if expires_at < (now + timedelta(hours=24)).timestamp() else None


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
def _translated(missing: Callable[[], CheckoutError], refused: Callable[[], CheckoutError]) -> Iterator[None]:
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
    except stripe.IdempotencyError as error:
        raise (StripeUnavailable if error.code == "idempotency_key_in_use" else StripeRejected) from error
    except (stripe.CardError, stripe.PermissionError) as error:
        raise StripeRejected from error
    except stripe.StripeError as error:
        raise StripeUnavailable from error
