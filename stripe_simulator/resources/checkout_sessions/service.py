"""The service that stores, changes and expires sessions."""

from collections.abc import Callable
from dataclasses import replace

from ...errors import invalid
from ...events import EventLog
from ...http.params import Params
from ...records import SessionRecord
from ...state import Account, State
from ...wire import JSON, PaymentIntent
from ..payment_intents import cancel_intent, reprice_intent
from .build import build_session, offered_rates
from .discounts import find_discount
from .nested_params import ShippingOptionParams
from .params import SessionParams
from .totals import apply_totals, compute_totals
from .unsupported import UPDATE
from .view import asked_amounts, overlay


class SessionService:
    """Creates, changes and expires sessions.

    Args:
        state: where sessions are stored.
        events: what tells of an expiry.
        now: the simulated time, in seconds since the epoch.
        public_url: the address under which a browser reaches the simulator.

    Attributes:
        keeps_unsupported: whether parameters that are not simulated are kept on the session instead of refused.
    """

    def __init__(self, state: State, events: EventLog, now: Callable[[], float], public_url: str) -> None:
        self._state = state
        self._events = events
        self._now = now
        self._public_url = public_url
        self.keeps_unsupported = False

    def set_reading(self, params: Params) -> None:
        """Let the parameters of a session be read as this service is set."""
        params.reading = replace(params.reading, keeps_unsupported=self.keeps_unsupported)

    def create(self, account: Account, given: SessionParams) -> SessionRecord:
        """Build and store a session, and schedule its expiry. Raises what Stripe refuses."""
        record = build_session(account, given, int(self._now()), self._public_url)
        self._state.put_session(account, record)
        self._store_rates(account, record)
        self._state.schedule(record.session["expires_at"], "expire", record.session["id"])
        return record

    def update(self, account: Account, record: SessionRecord, params: Params) -> None:
        """Change metadata and shipping options, as `POST /v1/checkout/sessions/{id}` does."""
        session = record.session
        metadata = params.metadata(before=session["metadata"])
        has_options = "shipping_options" in params
        options = ShippingOptionParams.parse_list(params)
        kept = params.finish(UPDATE, keep="line_items" not in params)  # other lines are another price
        if has_options:
            if session["status"] != "open":
                message = "Only open Checkout Sessions can have their shipping options updated."
                raise invalid(message, "shipping_options")
            rates = offered_rates(account, options, asked_amounts(session).currency, int(self._now()))
            self._reprice(account, record, discounts=session["discounts"], rates=rates)
        record.session = overlay({**record.session, "metadata": metadata}, kept)
        self._state.put_session(account, record)

    def apply_code(self, account: Account, record: SessionRecord, code: str | None) -> None:
        """Redeem the promotion code that the shopper entered.

        Args:
            account: whose session it is.
            record: the session.
            code: what was typed; None takes the discount away.

        Raises:
            StripeError: the session takes no codes, or this one cannot be redeemed.
        """
        session = record.session
        _require_open(record)
        if not session["allow_promotion_codes"]:
            raise invalid("This Checkout Session does not take promotion codes: create it with allow_promotion_codes.")
        discounts = [] if code is None else find_discount(account, code, session, int(self._now()))
        chosen = (session["shipping_cost"] or {}).get("shipping_rate")
        self._reprice(account, record, discounts=discounts, rates=record.rates, rate_id=chosen)

    def choose_shipping(self, account: Account, record: SessionRecord, rate_id: str) -> None:
        """Let the shopper choose one of the session's shipping options.

        Args:
            account: whose session it is.
            record: the session.
            rate_id: the shipping rate of the option.

        Raises:
            StripeError: the session is not open, or does not offer this rate.
        """
        _require_open(record)
        if rate_id not in {rate["id"] for rate in record.rates}:
            raise invalid(f"No such shipping option: '{rate_id}'", "shipping_rate", "resource_missing")
        discounts = record.session["discounts"]
        self._reprice(account, record, discounts=discounts, rates=record.rates, rate_id=rate_id)

    def _reprice(
        self,
        account: Account,
        record: SessionRecord,
        *,
        discounts: list[JSON],
        rates: list[JSON],
        rate_id: str | None = None,
    ) -> None:
        """Compute the totals anew; the payment intent follows, and a payment that was in progress is abandoned."""
        currency = asked_amounts(record.session).currency
        totals = compute_totals(account, record.lines, currency, discounts=discounts, rates=rates, rate_id=rate_id)
        apply_totals(record, totals)
        intent = account.payment_intent_of(record)
        if intent is not None and intent["amount"] != totals.amount_total:
            self.put_intent(account, reprice_intent(intent, totals.amount_total))
            record.challenge = None
        self._store_rates(account, record)
        self._state.put_session(account, record)

    def _store_rates(self, account: Account, record: SessionRecord) -> None:
        """Store the shipping rates that a session made for itself."""
        for rate in record.rates:
            self._state.put(account, "shipping_rates", rate["id"], rate)

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
            "client_secret": None,
            "status": "expired",
            "url": None,
        }
        record.challenge = None
        self._state.put_session(account, record)
        self.cancel_intent(account, record)
        self._events.emit(account, "checkout.session.expired", record.session)

    def cancel_intent(self, account: Account, record: SessionRecord) -> None:
        """Cancel the payment intent that a session leaves behind unpaid, if there is one."""
        begun = account.payment_intent_of(record)
        if begun is not None:
            intent = cancel_intent(begun, int(self._now()))
            self.put_intent(account, intent)
            self._events.emit(account, "payment_intent.canceled", intent)

    def put_intent(self, account: Account, intent: PaymentIntent) -> None:
        """Store a payment intent, new or changed."""
        self._state.put(account, "payment_intents", intent["id"], intent)


def _require_open(record: SessionRecord) -> None:
    status = record.session["status"]
    if status != "open":
        raise invalid(f"This Checkout Session is {status}; it can no longer be changed.")
