"""What can be asked of a Stripe account: sessions, refunds, disputes, events."""

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import stripe

from ..config.settings import Settings
from ..domain.errors import RefundNotPossible, SessionNotFound, SessionNotOpen, WebhookSignatureInvalid
from ..domain.orders import OrderItem
from ..domain.products import Catalog
from ..domain.stripe_events import StripeEvent, read_event
from . import sessions
from .call_log import CallLog
from .client import Connection
from .sessions import CheckoutSession, Dispute

if TYPE_CHECKING:
    from stripe.params import EventListParams, RefundCreateParams
    from stripe.params.checkout import SessionCreateParams

WEBHOOK_TOLERANCE = 300
"""Seconds that a signature stays good: a delivery that was recorded cannot be replayed later."""
EVENTS_A_PAGE = 100
_REMEMBERED_PAYMENTS = 10_000
_SESSION_ID_LENGTH = 255


class StripeGateway:
    """One Stripe account.

    Every call has a time-out for each try and a limit for all of them, is retried under one idempotency key, is
    remembered in `calls`, and fails with an error of `errors`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stripe = Connection(settings)
        self._sessions_of_payments: dict[str, str] = {}

    @property
    def calls(self) -> CallLog:
        """What was asked lately, and how long it took."""
        return self._stripe.calls

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
        params = sessions.creation(self._settings, items, catalog, email, datetime.now(UTC))
        key = idempotency_key or str(uuid.uuid4())
        if "expires_at" in params:
            key = f"{key}-{params['expires_at']}"  # one key must not be used with two times
        with self._stripe.call("sessions.create") as call:
            session = self._stripe.v1.checkout.sessions.create(
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
        with self._stripe.call("sessions.retrieve", session_id, missing=SessionNotFound):
            session = self._stripe.v1.checkout.sessions.retrieve(session_id, {"expand": sessions.EXPAND})
        return self._view(session)

    def expire_session(self, session_id: str) -> None:
        """Close an open session so that nobody can pay it any more.

        Raises:
            SessionNotOpen: it was complete or expired already.
        """
        with self._stripe.call("sessions.expire", session_id, missing=SessionNotFound, refused=SessionNotOpen):
            self._stripe.v1.checkout.sessions.expire(session_id, options={"idempotency_key": f"expire-{session_id}"})

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
        with self._stripe.call("refunds.create", session_id, missing=RefundNotPossible, refused=RefundNotPossible):
            self._stripe.v1.refunds.create(cast("RefundCreateParams", params), {"idempotency_key": idempotency_key})

    def session_of_payment(self, payment_intent_id: str) -> str | None:
        """The id of the session that a payment belongs to; asked once, as it never changes."""
        known = self._sessions_of_payments.get(payment_intent_id)
        if known is not None:
            return known
        with self._stripe.call("sessions.list") as call:
            found = self._stripe.v1.checkout.sessions.list({"payment_intent": payment_intent_id, "limit": 1})
            call.session_id = found.data[0].id if found.data else None
        self._remember(payment_intent_id, call.session_id)
        return call.session_id

    def disputes_of_payment(self, payment_intent_id: str) -> list[Dispute]:
        """The disputes over a payment, newest first."""
        with self._stripe.call("disputes.list"):
            disputes = self._stripe.v1.disputes.list({"payment_intent": payment_intent_id, "limit": 100})
        return [Dispute(each.id, each.reason, each.amount) for each in disputes.data]

    def events(self, types: Sequence[str], since: datetime) -> Iterator[StripeEvent]:
        """What happened from `since` on, newest first; Stripe keeps 30 days (https://docs.stripe.com/api/events/list)."""
        after: dict[str, Any] = {}
        while True:
            params = {"types": list(types), "created": {"gte": int(since.timestamp())}, "limit": EVENTS_A_PAGE, **after}
            with self._stripe.call("events.list"):
                page = self._stripe.v1.events.list(cast("EventListParams", params))
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
        with self._stripe.call("sessions.list"):
            self._stripe.v1.checkout.sessions.list({"limit": 1})

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

    def _view(self, session: stripe.checkout.Session) -> CheckoutSession:
        view = sessions.view(session, self._lines(session), self._refunds(session))
        self._remember(view.payment_intent_id, view.id)
        return view

    def _lines(self, session: stripe.checkout.Session) -> list[stripe.LineItem]:
        lines = session.line_items
        if lines is None or not lines.has_more:
            return list(lines.data) if lines else []
        with self._stripe.call("sessions.line_items", session.id):
            return list(self._stripe.v1.checkout.sessions.line_items.list(session.id, {"limit": 100}).data)

    def _refunds(self, session: stripe.checkout.Session) -> list[stripe.Refund]:
        charge = sessions.charge_of(session)
        refunds = charge.refunds if charge else None
        if charge is None or refunds is None or not refunds.has_more:
            return list(refunds.data) if refunds else []
        with self._stripe.call("refunds.list", session.id):
            all_ = self._stripe.v1.refunds.list({"charge": charge.id, "limit": 100})
            return list(all_.auto_paging_iter())

    def _remember(self, payment_intent_id: str | None, session_id: str | None) -> None:
        if payment_intent_id is None or session_id is None:
            return
        if len(self._sessions_of_payments) >= _REMEMBERED_PAYMENTS:
            self._sessions_of_payments.clear()
        self._sessions_of_payments[payment_intent_id] = session_id
