"""The service that prices a session anew when something changes what there is to pay."""

from collections.abc import Callable

from ...errors import invalid
from ...records import SessionRecord
from ...state import Account, State
from ...wire import JSON
from ..automatic_tax import is_located
from ..payment_intents import put_intent, reprice_intent
from .build import customer_location
from .totals import Location, apply_totals, compute_totals
from .view import asked_amounts


class Pricing:
    """Prices sessions anew.

    Args:
        state: where sessions, customers and payment intents are.
        now: the simulated time, in seconds since the epoch.
    """

    def __init__(self, state: State, now: Callable[[], float]) -> None:
        self._state = state
        self._now = now

    def reprice(
        self,
        account: Account,
        record: SessionRecord,
        *,
        lines: list[tuple[JSON, JSON]] | None = None,
        discounts: list[JSON] | None = None,
        rates: list[JSON] | None = None,
        rate_id: str | None = None,
    ) -> None:
        """Compute the totals anew; the payment intent follows, and a payment that was in progress is abandoned.

        Args:
            account: whose session it is.
            record: the session.
            lines: its lines, each with its product; None keeps those that it has.
            discounts: its discounts; None keeps them.
            rates: the shipping rates that it offers; None keeps them.
            rate_id: the shipping rate that is chosen; None keeps the one that was, or takes the first.

        Raises:
            StripeError: the total would be less or more than Stripe takes; nothing changes then.
        """
        session = record.session
        chosen = rate_id or (session["shipping_cost"] or {}).get("shipping_rate")
        location = self.location(account, record)
        totals = compute_totals(
            account,
            record.lines if lines is None else [line for line, _ in lines],
            asked_amounts(session).currency,
            discounts=session["discounts"] if discounts is None else discounts,
            rates=record.rates if rates is None else rates,
            rate_id=chosen,
            location=location,
        )
        apply_totals(record, totals)
        if lines is not None:
            record.products = [product for _, product in lines]
        if session["automatic_tax"]["enabled"]:
            status = "requires_location_inputs" if location is None else "complete"
            record.session["automatic_tax"] = {**session["automatic_tax"], "status": status}
        self._store_tax_rates(account, record)
        intent = account.payment_intent_of(record)
        if intent is not None and intent["amount"] != totals.amount_total:
            put_intent(self._state, account, reprice_intent(intent, totals.amount_total))
            record.challenge = None
        self._state.put_session(account, record)

    def location(self, account: Account, record: SessionRecord) -> Location | None:
        """Return where the shopper of a session is, when its tax is automatic and the place is known."""
        session = record.session
        if not session["automatic_tax"]["enabled"]:
            return None
        customer = None if session["customer"] is None else account.tables["customers"].get(session["customer"])
        now = int(self._now())
        shipping = record.typed.get("shipping") or (session["collected_information"] or {}).get("shipping_details")
        address = (shipping or {}).get("address") or record.typed.get("address")
        if address is not None and is_located(address):
            return Location(address, customer is not None and customer["tax_exempt"] != "none", now)
        return None if customer is None or customer.get("deleted") else customer_location(customer, now)

    def _store_tax_rates(self, account: Account, record: SessionRecord) -> None:
        """Store the tax rates that were chosen automatically, so that their ids lead somewhere."""
        for tax in (*(tax for line in record.lines for tax in line["taxes"]), *record.shipping_taxes):
            if tax["rate"]["id"] not in account.tables["tax_rates"]:
                self._state.put(account, "tax_rates", tax["rate"]["id"], tax["rate"])


def require_open(record: SessionRecord) -> None:
    """Raise when a session is no longer open."""
    status = record.session["status"]
    if status != "open":
        raise invalid(f"This Checkout Session is {status}; it can no longer be changed.")
