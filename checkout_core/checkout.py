"""The four steps of a checkout, and `settle`, which every path shares."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from pydantic import EmailStr, TypeAdapter, ValidationError

from .catalog import Catalog
from .errors import (
    InvalidInput,
    OrderNotFound,
    RefundNotPossible,
    SessionNotComplete,
    SessionNotOpen,
    StripeUnavailable,
    StripeUnavailableAfterPayment,
)
from .gateway import CheckoutSession, StripeGateway, WebhookEvent
from .money import format_amount
from .orders import Change, History, Order, OrderEvent, OrderStatus, Source, new_id
from .settings import Settings
from .stores import OrderStore, open_store

_EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)
_LONGEST = {"name": 200, "phone": 40}
_MOST_METADATA = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

SETTLED = frozenset({OrderStatus.paid, OrderStatus.failed, OrderStatus.expired, OrderStatus.refunded})
"""Where only Stripe's own news (a refund, a correction) moves an order any further."""


def utc_now() -> datetime:
    """Now, timezone-aware."""
    return datetime.now(UTC)


class Checkout:
    """One shop's checkout: catalogue, Stripe account and store of orders. Safe to share between threads.

    Round trips to Stripe: `create_session` 1, `create_pending_order` 1, `complete_order` 1, `check_order_status` of a
    settled order 0. None is made inside a database transaction.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        catalog: Catalog,
        gateway: StripeGateway,
        store: OrderStore,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.gateway = gateway
        self.store = store
        self._clock = clock

    def create_session(
        self, cart: Mapping[str, int], *, email: str | None = None, idempotency_key: str | None = None
    ) -> CheckoutSession:
        """Step 1: the shopper opens the checkout page. `cart` is quantities by product id.

        Raises:
            InvalidInput: the cart cannot be bought as it is.
            StripeUnavailable: nobody was charged.
        """
        items = self.catalog.order_items(cart)
        session = self.gateway.create_session(items, self.catalog, email=email, idempotency_key=idempotency_key)
        detail = {"amount_total": session.amount_total, "currency": session.currency, "products": list(cart)}
        self.store.append(
            OrderEvent(
                id=new_id("event"),
                order_id=None,
                stripe_checkout_session_id=session.id,
                kind="session_created",
                source=Source.storefront,
                at=self._clock(),
                detail=detail,
            )
        )
        return session

    def create_pending_order(
        self,
        session_id: str,
        *,
        email: str,
        name: str | None = None,
        phone: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Order:
        """Step 2: right before the shopper is handed to Stripe. Repeatable: creates or updates, never duplicates.

        Raises:
            InvalidInput: the e-mail or another field cannot be used.
            SessionNotFound, SessionNotOpen: there is nothing (any more) to pay.
        """
        details = {
            "email": _valid_email(email),
            "name": _valid_text("name", name),
            "phone": _valid_text("phone", phone),
            "metadata": _valid_metadata(metadata or {}),
        }
        session = self.gateway.retrieve_session(session_id)
        if session.status != "open":
            raise SessionNotOpen
        order = self.store.update(session_id, _pending(session, details, self._clock()))
        if order is None:
            raise SessionNotOpen
        return order

    def complete_order(self, session_id: str) -> Order:
        """Step 3: the shopper is back from Stripe.

        Raises:
            SessionNotFound: Stripe does not know the session.
            SessionNotComplete: Stripe has not finished with it.
            StripeUnavailable: whether money moved is not known yet; the message says so.
        """
        order = self._settle_after_payment(session_id, Source.redirect)
        if order is None or order.status in (OrderStatus.pending, OrderStatus.expired):
            raise SessionNotComplete
        return order

    def check_order_status(self, session_id: str) -> Order:
        """Step 4: the confirmation page, any number of times. A settled order costs no round trip.

        Raises:
            SessionNotFound, SessionNotComplete, StripeUnavailable
        """
        order = self.store.get(session_id)
        if order is None or order.status not in SETTLED:
            order = self._settle_after_payment(session_id, Source.settle)
        if order is None or order.status in (OrderStatus.pending, OrderStatus.expired):
            raise SessionNotComplete
        return order

    def settle(
        self, session_id: str, *, source: Source = Source.settle, stripe_event_id: str | None = None
    ) -> Order | None:
        """Ask Stripe for the session now and make the order agree. The heart: every path ends here.

        Safe to call at any time, any number of times, from anywhere. Money without an order makes the order.
        """
        session = self.gateway.retrieve_session(session_id)
        return self.store.update(session_id, settling(session, source, self._clock(), stripe_event_id=stripe_event_id))

    def handle_webhook(self, event: WebhookEvent) -> Order | None:
        """Settle what a verified webhook hints at. An event that concerns no session is fine, and nothing."""
        session_id = event.session_id
        if session_id is None and event.type.startswith("charge.") and event.payment_intent_id:
            session_id = self.gateway.session_of_payment(event.payment_intent_id)
        if session_id is None:
            return None
        return self.settle(session_id, source=Source.webhook, stripe_event_id=event.id)

    def refund(self, order_id: str, amount: int | None = None) -> Order:
        """Give back `amount` minor units, or all that is left. Asking twice for the same state refunds once.

        Raises:
            OrderNotFound
            RefundNotPossible: the order is not paid, or less is left.
        """
        order = self.store.get_by_id(order_id)
        if order is None:
            raise OrderNotFound
        left = order.amount_total - order.amount_refunded
        wanted = left if amount is None else amount
        if order.status is not OrderStatus.paid or order.stripe_payment_intent_id is None:
            raise RefundNotPossible(f"An order that is {order.status} cannot be refunded.")
        if not 1 <= wanted <= left:
            raise RefundNotPossible(f"At most {format_amount(left, order.currency)} of this order can be refunded.")
        key = f"refund-{order.id}-{order.amount_refunded}-{wanted}"
        self.gateway.refund(order.stripe_payment_intent_id, wanted, idempotency_key=key)
        settled = self.settle(order.stripe_checkout_session_id, source=Source.operator)
        return settled or order

    def history(self, session_id: str) -> History:
        """What happened to a checkout, oldest first."""
        return self.store.events(session_id)

    def close(self) -> None:
        """Finish what is under way and let go of the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _settle_after_payment(self, session_id: str, source: Source) -> Order | None:
        try:
            return self.settle(session_id, source=source)
        except StripeUnavailable as error:
            raise StripeUnavailableAfterPayment from error


def open_checkout(settings: Settings | None = None) -> Checkout:
    """A checkout from settings (default: the environment's). Close it, or use it in a `with`.

    Raises:
        ConfigurationError: the settings or the catalogue cannot be used.
    """
    settings = settings or Settings.load()
    catalog = Catalog.read(settings.catalog_path)
    return Checkout(
        settings=settings,
        catalog=catalog,
        gateway=StripeGateway(settings),
        store=open_store(settings.database_url),
    )


def status_of(session: CheckoutSession) -> OrderStatus | None:
    """What a session says an order's status is; None while it is open (https://docs.stripe.com/payments/checkout/fulfillment)."""
    if session.status == "expired":
        return OrderStatus.expired
    if session.status != "complete":
        return None
    if session.payment_status in ("paid", "no_payment_required"):
        return OrderStatus.paid
    return OrderStatus.failed if session.payment_failed else OrderStatus.processing


def settling(session: CheckoutSession, source: Source, now: datetime, *, stripe_event_id: str | None = None) -> Change:
    """The change that makes an order agree with what Stripe says of its session. Only what changes writes an event."""
    status = status_of(session)

    def change(order: Order | None) -> tuple[Order | None, Sequence[OrderEvent]]:
        events: list[OrderEvent] = []

        def note(kind: str, **detail: object) -> None:
            assert order is not None
            events.append(
                OrderEvent.of(order, kind=kind, source=source, at=now, stripe_event_id=stripe_event_id, **detail)
            )

        if order is None:
            if status not in (OrderStatus.paid, OrderStatus.processing):
                return None, []
            order = _order_from(session, {"metadata": {"recovered": "true"}}, now)
            note("recovered")
        if status is not None and order.may_become(status):
            was = order.status
            order = order.moved_to(
                status,
                now,
                stripe_payment_intent_id=session.payment_intent_id or order.stripe_payment_intent_id,
                email=order.email or session.email,
            )
            note(status.value, **({"corrected_from": was.value} if was in SETTLED else {}))
        if order.status is OrderStatus.paid and session.amount_refunded > order.amount_refunded:
            given_back = session.amount_refunded - order.amount_refunded
            if session.amount_refunded >= order.amount_total:
                order = order.moved_to(OrderStatus.refunded, now, amount_refunded=session.amount_refunded)
                note("refunded", amount=given_back)
            else:
                order = order.evolve(now, amount_refunded=session.amount_refunded)
                note("partially_refunded", amount=given_back)
        return order, events

    return change


def _pending(session: CheckoutSession, details: Mapping[str, object], now: datetime) -> Change:
    def change(order: Order | None) -> tuple[Order | None, Sequence[OrderEvent]]:
        if order is None:
            made = _order_from(session, details, now)
            return made, [OrderEvent.of(made, kind="pending", source=Source.storefront, at=now)]
        if order.status is not OrderStatus.pending:
            raise SessionNotOpen
        changed = {field: value for field, value in details.items() if getattr(order, field) != value}
        if not changed:
            return order, []
        updated = order.evolve(now, **changed)
        return updated, [
            OrderEvent.of(updated, kind="details_updated", source=Source.storefront, at=now, fields=sorted(changed))
        ]

    return change


def _order_from(session: CheckoutSession, details: Mapping[str, object], now: datetime) -> Order:
    fields: dict[str, object] = {"email": session.email, "name": session.name, "phone": session.phone}
    return Order.model_validate(
        {
            "id": new_id("order"),
            "stripe_checkout_session_id": session.id,
            "items": session.items,
            "currency": session.currency,
            "amount_total": session.amount_total,
            "created_at": now,
            "updated_at": now,
            **fields,
            **details,
        }
    )


def masked_email(email: str | None) -> str | None:
    """`anna@example.com` -> `a•••@example.com`: enough for its owner, too little for anyone else."""
    if not email or "@" not in email:
        return None
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _valid_email(email: str) -> str:
    try:
        return _EMAIL.validate_python(email.strip()[:321])
    except ValidationError as error:
        raise InvalidInput("Please enter an e-mail address such as name@example.com.", field="email") from error


def _valid_text(field: str, text: str | None) -> str | None:
    if text is None or not text.strip():
        return None
    longest = _LONGEST[field]
    if len(text) > longest:
        raise InvalidInput(f"The {field} can be at most {longest} characters long.", field=field)
    return _CONTROL.sub(" ", text).strip()


def _valid_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    if len(metadata) > _MOST_METADATA or any(len(key) > 40 or len(value) > 500 for key, value in metadata.items()):
        raise InvalidInput(
            f"Metadata can have at most {_MOST_METADATA} entries, keys of 40 and values of 500 characters.",
            field="metadata",
        )
    return dict(metadata)
