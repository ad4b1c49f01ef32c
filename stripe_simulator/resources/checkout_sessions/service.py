"""The service that stores, changes, expires and recovers sessions."""

from collections.abc import Callable
from dataclasses import replace

from ...errors import invalid
from ...events import EventLog
from ...http.params import Params
from ...ids import random_id
from ...records import SessionRecord
from ...state import Account, State
from ...wire import JSON, PaymentIntent
from ..payment_intents import cancel_intent, put_intent
from ..setup_intents import build_setup_intent
from ..shipping_rates import store_rate
from .build import MadeRates, build_session, offered_rates
from .choices import ShopperChoices
from .params import SessionParams
from .pricing import Pricing
from .recovery import RECOVERY_SECONDS, recovered_session
from .updates import SessionUpdate, updated_lines
from .view import asked_amounts


class SessionService:
    """Creates, changes and expires sessions.

    Args:
        state: where sessions are stored.
        events: what tells of an expiry.
        now: the simulated time, in seconds since the epoch.
        public_url: the address under which a browser reaches the simulator.

    Attributes:
        keeps_unsupported: whether parameters that are not simulated are kept on the session instead of refused.
        pricing: what prices sessions anew.
        choices: what shoppers choose on the page of a session.
    """

    def __init__(self, state: State, events: EventLog, now: Callable[[], float], public_url: str) -> None:
        self._state = state
        self._events = events
        self._now = now
        self._public_url = public_url
        self.keeps_unsupported = False
        self.pricing = Pricing(state, now)
        self.choices = ShopperChoices(state, self.pricing, now)

    def set_reading(self, params: Params) -> None:
        """Let the parameters of a session be read as this service is set."""
        params.reading = replace(params.reading, keeps_unsupported=self.keeps_unsupported)

    def create(self, account: Account, given: SessionParams) -> SessionRecord:
        """Build and store a session, and schedule its expiry. Raises what Stripe refuses."""
        now = int(self._now())
        record, rates = build_session(account, given, now, self._public_url)
        for rate, others in rates:
            store_rate(self._state, account, rate, others)
        if given.mode == "setup":
            intent = build_setup_intent(record, given.options.get("setup_intent_data", {}), now)
            self._state.put(account, "setup_intents", intent["id"], intent)
            record.session["setup_intent"] = intent["id"]
        self._store_new(account, record)
        return record

    def _store_new(self, account: Account, record: SessionRecord) -> None:
        self._state.put_session(account, record)
        self._state.schedule(record.session["expires_at"], "expire", record.session["id"])

    def update(self, account: Account, record: SessionRecord, params: Params) -> None:
        """Change a session, as `POST /v1/checkout/sessions/{id}` does. Raises what Stripe refuses."""
        session, now = record.session, int(self._now())
        given = SessionUpdate.parse(params, session)
        if given.line_items is not None or given.shipping_options is not None:
            lines = None if given.line_items is None else updated_lines(account, record, given.line_items, now)
            rates: list[JSON] | None = None
            made: MadeRates = []
            if given.shipping_options is not None:
                currency = asked_amounts(session).currency
                rates, made = offered_rates(account, given.shipping_options, currency, now)
            self.pricing.reprice(account, record, lines=lines, rates=rates)
            for rate, others in made:
                store_rate(self._state, account, rate, others)
        if given.shipping_details is not None:
            collected = {"business_name": None, "individual_name": None, **(session["collected_information"] or {})}
            collected["shipping_details"] = given.shipping_details
            record.session = {**record.session, "collected_information": collected}
            record.typed = {**record.typed, "shipping": given.shipping_details}
            self.pricing.reprice(account, record)
        if given.payment_data is not None:
            self._change_payment_data(account, record, given.payment_data)
        record.session = {**record.session, "metadata": given.metadata}
        self._state.put_session(account, record)

    def _change_payment_data(self, account: Account, record: SessionRecord, changes: JSON) -> None:
        """Change what the payment intent gets, or has already; an attempt to pay that is in progress is abandoned."""
        changes = dict(changes)
        metadata = changes.pop("metadata", None)
        if metadata is not None:
            record.payment_metadata = metadata
        record.payment_data = {**record.payment_data, **changes}
        intent = account.payment_intent_of(record)
        if intent is None:
            return
        waiting = intent["status"] in ("requires_action", "requires_confirmation")
        status = "requires_payment_method" if waiting else intent["status"]
        after: PaymentIntent = {**intent, "metadata": record.payment_metadata, "next_action": None, "status": status}
        after.update(changes)  # type: ignore[typeddict-item]
        record.challenge = None
        put_intent(self._state, account, after)

    def expire(self, account: Account, record: SessionRecord) -> None:
        """Expire a session. Raises a 400 when it is not open."""
        status = record.session["status"]
        if status != "open":
            raise invalid(
                'Only Checkout Sessions with a status in ["open"] can be expired. '
                f"This Session has a status of `{status}`."
            )
        record.session = {
            **record.session,
            "after_expiration": self._after_expiration(record),
            "client_secret": None,
            "status": "expired",
            "url": None,
        }
        record.challenge = None
        self._state.put_session(account, record)
        self.cancel_intent(account, record)
        self._events.emit(account, "checkout.session.expired", record.session)

    def _after_expiration(self, record: SessionRecord) -> JSON | None:
        """Return `after_expiration` of a session that just expired: where a copy of it is made, and how long."""
        given = record.session["after_expiration"]
        if given is None or not given["recovery"]["enabled"]:
            return given
        url = f"{self._public_url}/r/{record.session['id']}"
        return {"recovery": {**given["recovery"], "expires_at": int(self._now()) + RECOVERY_SECONDS, "url": url}}

    def recover(self, account: Account, record: SessionRecord) -> SessionRecord:
        """Return a new session like one that expired. Raises a 400 when it has no recovery, or not any more."""
        now = int(self._now())
        recovered = recovered_session(record, random_id("cs_test_a1", 58), now, self._public_url)
        self._store_new(account, recovered)
        self.pricing.reprice(account, recovered)
        return recovered

    def cancel_intent(self, account: Account, record: SessionRecord) -> None:
        """Cancel the payment intent that a session leaves behind unpaid, if there is one."""
        begun = account.payment_intent_of(record)
        if begun is not None:
            intent = cancel_intent(begun, int(self._now()), "expired")
            self.put_intent(account, intent)
            self._events.emit(account, "payment_intent.canceled", intent)

    def put_intent(self, account: Account, intent: PaymentIntent) -> None:
        """Store a payment intent, new or changed."""
        put_intent(self._state, account, intent)
