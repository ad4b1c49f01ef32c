"""What can be asked of a Stripe account: sessions, refunds, disputes, events."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast, get_args
from urllib.parse import quote

import stripe

from ..config.logging import get_logger
from ..config.settings import Settings
from ..config.urls import Urls
from ..domain.checkout_session import CheckoutSession, Dispute, PaymentStatus, Refund, SessionStatus
from ..domain.errors import (
    ConfigurationError,
    PriceMismatch,
    SessionNotFound,
    SessionNotOpen,
    StripeError,
    StripeRejected,
    StripeUnavailable,
    WebhookSignatureInvalid,
)
from ..domain.products import PricedItem
from ..domain.refund_reasons import RefundReason
from ..domain.stripe_events import StripeEvent, read_event
from ..domain.stripe_prices import StripePrice
from . import sessions, transport
from .answers import LineAnswer, RefundAnswer, SessionAnswer
from .call_log import CallLog
from .client import StripeClient
from .errors import is_about, map_refund_errors, read_answer
from .pace import Pace
from .permissions import missing_permissions
from .sessions import NewSession
from .transport import CallLimits

WEBHOOK_TOLERANCE_SECONDS = 300
"""Seconds that a signature stays good: a delivery that was recorded cannot be replayed later."""
UNKNOWN_SECONDS = 30.0
"""For so long Stripe is not asked again about a session that it does not know."""
SESSIONS = "/v1/checkout/sessions"
EVENTS_PER_PAGE = 100
SESSIONS_PER_PAGE = 100
_MAX_REMEMBERED_PAYMENTS = 10_000
_MAX_SESSION_ID_LENGTH = 255

log = get_logger(__name__)


class StripeGateway:
    """One Stripe account.

    Every call has a time-out for each try and a limit for all of them, is retried under one idempotency key, is
    remembered in `calls`, and fails with an error of `errors`.
    """

    def __init__(self, settings: Settings, *, urls: Urls | None = None, limits: CallLimits | None = None) -> None:
        """Make a gateway; nothing is connected before the first call.

        Args:
            settings: the account's keys, and how sessions are made.
            urls: where Stripe sends the shopper; the settings' own unless given.
            limits: how long Stripe may take.
        """
        self._settings = settings
        self._urls = urls or settings.urls
        self._client = StripeClient(
            settings.stripe_secret_key.get_secret_value(),
            settings.stripe_api_base,
            limits or transport.DEFAULT_LIMITS,
            places=settings.max_stripe_calls,
        )
        self._unknown_sessions: dict[str, float] = {}
        self._sessions_of_payments: dict[str, str] = {}
        self._ahead = timedelta(0)

    def time_at_stripe(self, now: datetime) -> datetime:
        """Return what Stripe's clock says when ours says `now`, as far as its answers have shown that they differ."""
        return now + self._ahead

    @property
    def calls(self) -> CallLog:
        """What was asked lately, and how long it took."""
        return self._client.calls

    @property
    def in_flight(self) -> int:
        """How many calls wait for Stripe now."""
        return self._client.in_flight

    @property
    def urls(self) -> Urls:
        """Where Stripe sends the shopper."""
        return self._urls

    @property
    def limits(self) -> CallLimits:
        """How long Stripe may take; may be changed at any time (the number of retries may not)."""
        return self._client.transport.limits

    @limits.setter
    def limits(self, limits: CallLimits) -> None:
        self._client.transport.limits = limits

    @property
    def pace(self) -> Pace:
        """How fast Stripe is asked for what can wait."""
        return self._client.transport.pace

    async def create_session(
        self,
        items: Sequence[PricedItem],
        asked: NewSession,
        *,
        now: datetime,
        idempotency_key: str | None = None,
    ) -> CheckoutSession:
        """Create an open session for priced items.

        Args:
            items: the lines, amounts in minor units.
            asked: whose session it is, and what else the application asks for.
            now: the time from which the session's life counts.
            idempotency_key: repeating the call under it gives the same session back.

        Raises:
            InvalidInput: the application's parameters contradict ours.
            PriceMismatch: Stripe would charge something else than the items cost, so the session is expired again.
            IdempotencyKeyReused: the key named another request.
            StripeRejected: Stripe refuses the items or the e-mail address.
            StripeUnavailable: Stripe did not answer; nobody was charged.
        """
        given: int | None = asked.params.get("expires_at")
        try:
            return await self._create(items, asked, now, idempotency_key, given or self._expires_at(items, now))
        except StripeRejected as error:
            if given is not None or not is_about(error, "expires_at"):
                raise
            await self._learn_time(items, asked, now)
            return await self._create(items, asked, now, idempotency_key, self._expires_at(items, now))

    def _expires_at(self, items: Sequence[PricedItem], now: datetime) -> int | None:
        limited = any(item.capacity is not None for item in items)
        minutes = self._settings.session_minutes
        lasts = min(minutes, self._settings.hold_minutes) if limited else minutes
        return sessions.session_expires_at(self.time_at_stripe(now), lasts, limited=limited)

    async def _learn_time(self, items: Sequence[PricedItem], asked: NewSession, now: datetime) -> None:
        """Find out what Stripe's clock says: by ours a session would end too soon, or too late, for Stripe to take it."""
        session = await self._create(items, asked, now, None, None)
        self._ahead = session.created - now
        log.warning("our clock is not Stripe's", seconds=round(self._ahead.total_seconds()))
        with suppress(SessionNotOpen, StripeError):  # nobody is told of it
            await self.expire_session(session.id)

    async def _create(
        self,
        items: Sequence[PricedItem],
        asked: NewSession,
        now: datetime,
        idempotency_key: str | None,
        expires_at: int | None,
    ) -> CheckoutSession:
        names = sessions.session_names(asked.mark, idempotency_key, expires_at, now)
        params = sessions.session_create_params(
            items,
            asked,
            order_id=names.order_id,
            shop_name=self._settings.shop_name,
            urls=self._urls,
            ui_mode=self._settings.ui_mode,
            expires_at=expires_at,
        )
        with self._client.call("sessions.create") as call:
            session: SessionAnswer = await self._client.post(SESSIONS, params, idempotency_key=names.idempotency_key)
            call.session_id = session["id"]
        await self._require_prices(items, session)
        return await self._checkout_session(session)

    async def retrieve_session(self, session_id: str, *, disputes: bool = False) -> CheckoutSession:
        """Return the session as Stripe knows it now.

        One round trip, and more when it has disputes or more than a page of lines.

        Args:
            session_id: the session, `cs_…`.
            disputes: whether to ask for disputes although its charge is not called disputed: Stripe does not say
                whether an inquiry does that.

        Raises:
            SessionNotFound: Stripe does not know it, or it is no session id at all (then nothing is asked). For
                `UNKNOWN_SECONDS` it is not asked again: Stripe makes ids, so one that it does not know nobody was given.
            StripeRejected: Stripe refuses the request.
            StripeUnavailable: no answer.
        """
        if not session_id.startswith("cs_") or len(session_id) > _MAX_SESSION_ID_LENGTH or not session_id.isascii():
            raise SessionNotFound
        if not session_id.replace("_", "").isalnum():
            raise SessionNotFound
        self._require_known(session_id)
        try:
            with self._client.call("sessions.retrieve", session_id, on_missing=SessionNotFound):
                answer = await self._client.get(_path(session_id), {"expand": sessions.EXPAND})
        except SessionNotFound:
            self._remember_unknown(session_id)
            raise
        return await self._checkout_session(cast("SessionAnswer", answer), disputes=disputes)

    async def set_metadata(self, session_id: str, metadata: Mapping[str, str]) -> None:
        """Write metadata on a session; keys that are not named stay as they are.

        Raises:
            SessionNotFound: Stripe does not know the session.
            StripeRejected: Stripe refuses the metadata.
            StripeUnavailable: no answer.
        """
        with self._client.call("sessions.update", session_id, on_missing=SessionNotFound):
            await self._client.post(_path(session_id), {"metadata": dict(metadata)})

    async def expire_session(self, session_id: str) -> None:
        """Close an open session so that nobody can pay it any more.

        Raises:
            SessionNotOpen: it was complete or expired already.
        """
        with self._client.call("sessions.expire", session_id, on_missing=SessionNotFound, on_refused=SessionNotOpen):
            await self._client.post(f"{_path(session_id)}/expire", {}, idempotency_key=f"expire-{session_id}")

    async def refund(
        self,
        payment_intent_id: str,
        amount: int | None,
        *,
        intention: str,
        idempotency_key: str,
        reason: RefundReason | None = None,
        restock: str | None = None,
        session_id: str | None = None,
    ) -> Refund:
        """Refund a payment. One idempotency key refunds once.

        Args:
            payment_intent_id: the payment, `pi_…`.
            amount: minor units; None: everything that can be refunded.
            intention: names what the operator intends; it stays with the refund at Stripe.
            idempotency_key: names this request; Stripe forgets it after a day.
            reason: why, for Stripe's records.
            restock: what it gives back to the stock, as `restock_note` says it; it stays with the refund, too.
            session_id: the payment's session, for the log of calls.

        Returns:
            The refund; it may have failed already.

        Raises:
            RefundNotPossible: Stripe refuses; `reason` is its code.
            RefundInProgress: a request under this key is in progress.
            InvalidInput: the key was used for another refund.
            StripeUnavailable: whether the refund was made is not known; asking again with the same key is safe.
        """
        metadata = {sessions.REFUND_KEY: intention, **({sessions.RESTOCK_KEY: restock} if restock else {})}
        params: dict[str, Any] = {"payment_intent": payment_intent_id, "metadata": metadata}
        if amount is not None:
            params["amount"] = amount
        if reason is not None:
            params["reason"] = reason.value
        with self._client.call("refunds.create", session_id), map_refund_errors():
            made = await self._client.post("/v1/refunds", params, idempotency_key=idempotency_key)
            return sessions.refund_of(made)

    async def refunds_of_payment(self, payment_intent_id: str) -> list[Refund]:
        """Return all refunds of a payment as Stripe knows them now, newest first.

        Raises:
            RefundNotPossible: Stripe does not know the payment, or the key may not read refunds.
            StripeUnavailable: no answer.
        """
        with self._client.call("refunds.list"), map_refund_errors():
            refunds = await self._client.get_all("/v1/refunds", {"payment_intent": payment_intent_id})
            return [sessions.refund_of(refund) for refund in refunds]

    async def completed_sessions(self, since: datetime) -> AsyncIterator[CheckoutSession]:
        """Return the completed sessions that were created from `since` on, newest first, without lines and payments."""
        after: dict[str, Any] = {}
        while True:
            params = {
                "created": {"gte": int(since.timestamp())},
                "status": "complete",
                "limit": SESSIONS_PER_PAGE,
                **after,
            }
            with self._client.call("sessions.list"):
                page = await self._client.get(SESSIONS, params)
                found = [sessions.checkout_session(session, []) for session in page["data"]]
                has_more = page["has_more"]
            for session in found:
                yield session
            if not has_more:
                return
            after = {"starting_after": found[-1].id}

    async def account_id(self) -> str | None:
        """Return the id of the account; None when a restricted key may not read it."""
        try:
            with self._client.call("accounts.retrieve"):
                return (await self._client.v1.accounts.retrieve_current_async()).id
        except StripeRejected:
            return None

    async def session_of_payment(self, payment_intent_id: str) -> str | None:
        """Return the id of the session that a payment belongs to; asked once, as it never changes."""
        known = self._sessions_of_payments.get(payment_intent_id)
        if known is not None:
            return known
        try:
            with self._client.call("sessions.list") as call:
                found = await self._client.get(SESSIONS, {"payment_intent": payment_intent_id, "limit": 1})
                call.session_id = found["data"][0]["id"] if found["data"] else None
        except StripeRejected as error:
            if is_about(error, "payment_intent"):  # Stripe does not know it
                return None
            raise
        self._remember(payment_intent_id, call.session_id)
        return call.session_id

    async def disputes_of_payment(self, payment_intent_id: str) -> list[Dispute]:
        """Return the disputes over a payment, newest first."""
        with self._client.call("disputes.list"):
            disputes = await self._client.get("/v1/disputes", {"payment_intent": payment_intent_id, "limit": 100})
            return [sessions.dispute_of(each) for each in disputes["data"]]

    async def events(
        self, types: Sequence[str], since: datetime, *, before: str | None = None
    ) -> AsyncGenerator[StripeEvent, None]:
        """Return what happened from `since` on, newest first; Stripe keeps 30 days (https://docs.stripe.com/api/events/list).

        Args:
            types: of the events.
            since: the earliest.
            before: the id of an event; only what is listed after it, and so happened before it.

        Raises:
            StripeRejected: Stripe has forgotten the event `before`, or the key may not read events.
            StripeUnavailable: no answer.
        """
        after: dict[str, Any] = {"starting_after": before} if before else {}
        while True:
            params = {
                "types": list(types),
                "created": {"gte": int(since.timestamp())},
                "limit": EVENTS_PER_PAGE,
                **after,
            }
            with self._client.call("events.list"):
                page = await self._client.get("/v1/events", params)
                events, has_more = [read_event(event) for event in page["data"]], page["has_more"]
            for event in events:
                self._remember(event.payment_intent_id, event.session_id)
                yield event
            if not has_more:
                return
            after = {"starting_after": events[-1].id}

    async def event(self, event_id: str) -> StripeEvent:
        """Return one event.

        Raises:
            StripeRejected: Stripe has forgotten it.
            StripeUnavailable: no answer.
        """
        with self._client.call("events.retrieve"):
            return read_event(await self._client.get(f"/v1/events/{quote(event_id, safe='')}", {}))

    async def delayed_success_at(self, session: CheckoutSession) -> datetime | None:
        """Return when the delayed payment of a session succeeded; None when Stripe has forgotten the event."""
        since = session.paid_at or session.created
        async for event in self.events(["checkout.session.async_payment_succeeded"], since):
            if event.session_id == session.id:
                return event.created_at
        return None

    async def dispute_closed_at(self, dispute: Dispute) -> datetime | None:
        """Return when a dispute was closed; None when Stripe has forgotten the event."""
        if dispute.created_at is None:
            return None
        async for event in self.events(["charge.dispute.closed"], dispute.created_at):
            if event.dispute_id == dispute.id and event.dispute_status == dispute.status:
                return event.created_at
        return None

    async def check(self) -> None:
        """Ask Stripe for anything at all, to see that the key works.

        Raises:
            ConfigurationError: Stripe does not take the key.
            StripeUnavailable: no answer.
        """
        with self._client.call("sessions.list"):
            await self._client.v1.checkout.sessions.list_async({"limit": 1})

    async def check_permissions(self) -> None:
        """See that the key works and may do what a checkout needs; nothing is written.

        Raises:
            ConfigurationError: Stripe does not take the key, or the key lacks permissions; the sentence names them.
            StripeUnavailable: no answer.
        """
        if missing := await missing_permissions(self._client):
            raise ConfigurationError(
                f"The Stripe key lacks permissions. Give it in Stripe's dashboard: {'; '.join(missing)}."
            )

    async def stripe_price(self, price_id: str) -> StripePrice:
        """Return a Price of the account.

        Raises:
            ConfigurationError: Stripe has no such Price, or the key may not read it.
            StripeUnavailable: no answer.
        """

        def unknown() -> ConfigurationError:
            return ConfigurationError(f"Stripe has no price {price_id} in this account and mode.")

        try:
            with self._client.call("prices.retrieve", on_missing=unknown):
                price = await self._client.v1.prices.retrieve_async(price_id)
        except StripeRejected as error:
            raise ConfigurationError(
                f"Stripe does not show the price {price_id}. The key needs the permission Prices: Read."
            ) from error
        return StripePrice(price.id, price.active, price.type, price.currency, price.unit_amount)

    def read_webhook(self, body: bytes, signature: str) -> StripeEvent:
        """Verify a delivery and read it (https://docs.stripe.com/webhooks#verify-events).

        While a secret is rotated there are two, and either may have signed.

        Raises:
            WebhookSignatureInvalid: not signed with our secret, too old, or not an event.
        """
        for secret in self._settings.webhook_secrets:
            try:
                stripe.WebhookSignature.verify_header(body.decode(), signature, secret, WEBHOOK_TOLERANCE_SECONDS)
                return read_event(json.loads(body))
            except stripe.SignatureVerificationError:
                continue
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise WebhookSignatureInvalid from error
        raise WebhookSignatureInvalid

    async def _require_prices(self, items: Sequence[PricedItem], session: SessionAnswer) -> None:
        """Hand out no session that charges something else than its shopper was shown: prices in Stripe may change."""
        with read_answer():
            lines = session.get("line_items")
            fault = sessions.price_fault(items, session, lines["data"] if lines else [])
        if fault is None:
            return
        log.error("session does not cost what the cart costs", session_id=session["id"], reason=fault)
        try:
            await self.expire_session(session["id"])
        except (SessionNotOpen, StripeUnavailable):  # nobody is told its id, so nobody pays it
            log.warning("session could not be expired", session_id=session["id"])
        raise PriceMismatch(reason=fault)

    async def _checkout_session(self, session: SessionAnswer, *, disputes: bool = False) -> CheckoutSession:
        with read_answer():
            lines, refunds = await self._lines(session), await self._refunds(session)
            view = sessions.checkout_session(session, lines, refunds)
            if view.status not in get_args(SessionStatus) or view.payment_status not in get_args(PaymentStatus):
                raise ValueError(f"a session that is {view.status} and {view.payment_status}")
            if (view.disputed or disputes) and view.payment_intent_id is not None:
                view = replace(view, disputes=tuple(await self.disputes_of_payment(view.payment_intent_id)))
        self._remember(view.payment_intent_id, view.id)
        return view

    async def _lines(self, session: SessionAnswer) -> Sequence[LineAnswer]:
        lines = session.get("line_items")
        if lines is None or not lines["has_more"]:
            return lines["data"] if lines else []
        with self._client.call("sessions.line_items", session["id"]):
            return await self._client.get_all(f"{_path(session['id'])}/line_items", {})

    async def _refunds(self, session: SessionAnswer) -> Sequence[RefundAnswer]:
        charge = sessions.charge_of(session)
        refunds = charge.get("refunds") if charge else None
        if charge is None or refunds is None or not refunds["has_more"]:
            return refunds["data"] if refunds else []
        with self._client.call("refunds.list", session["id"]):
            return await self._client.get_all("/v1/refunds", {"charge": charge["id"]})

    async def disconnect(self) -> None:
        """Close the connections of the current event loop; the next call opens new ones."""
        await self._client.transport.disconnect()

    async def close(self) -> None:
        """Close the connections of every event loop."""
        await self._client.transport.close_async()

    def _require_known(self, session_id: str) -> None:
        if time.monotonic() < self._unknown_sessions.get(session_id, 0.0):
            raise SessionNotFound

    def _remember_unknown(self, session_id: str) -> None:
        if len(self._unknown_sessions) >= _MAX_REMEMBERED_PAYMENTS:
            self._unknown_sessions.clear()
        self._unknown_sessions[session_id] = time.monotonic() + UNKNOWN_SECONDS

    def _remember(self, payment_intent_id: str | None, session_id: str | None) -> None:
        if payment_intent_id is None or session_id is None:
            return
        if len(self._sessions_of_payments) >= _MAX_REMEMBERED_PAYMENTS:
            self._sessions_of_payments.clear()
        self._sessions_of_payments[payment_intent_id] = session_id


def _path(session_id: str) -> str:
    return f"{SESSIONS}/{quote(session_id, safe='')}"
