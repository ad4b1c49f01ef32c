"""The service that completes a session once it is paid, or needs no payment."""

from collections.abc import Callable

from ...events import EventLog, changed_fields
from ...records import PaymentMethod, SessionRecord, Shopper
from ...state import Account, State
from ..customers import customer_from_details, updated_by_checkout
from ..invoices import invoice_of
from .answers import answered
from .method_rules import saves, usage_of


class Completion:
    """Completes sessions.

    Args:
        state: where sessions, customers, invoices and payment methods are.
        events: what tells of each step.
        now: the simulated time, in seconds since the epoch.
        public_url: the address under which a browser reaches the simulator.
    """

    def __init__(self, state: State, events: EventLog, now: Callable[[], float], public_url: str) -> None:
        self._state = state
        self._events = events
        self._now = now
        self._public_url = public_url

    def complete(
        self,
        account: Account,
        record: SessionRecord,
        shopper: Shopper,
        payment_status: str,
        *,
        method: PaymentMethod | None = None,
    ) -> None:
        """Complete a session: its shopper's answers, its customer, its invoice, and the event that tells of it.

        Args:
            account: whose session it is.
            record: the session.
            shopper: who paid, and what they said.
            payment_status: what became of the payment.
            method: what was paid with, where it may be saved.
        """
        record.session = {**record.session, **answered(record.session, shopper)}  # type: ignore[typeddict-item]
        customer_id = self._customer_of(account, record, shopper)
        for table, id in record.redeemed:
            redeemed = account.tables[table].get(id)
            if redeemed is None:  # deleted since
                continue
            self._state.put(account, table, id, {**redeemed, "times_redeemed": redeemed["times_redeemed"] + 1})
        record.session = {
            **record.session,
            "client_secret": None,
            "customer": customer_id,
            "payment_status": payment_status,
            "status": "complete",
            "url": None,
        }
        self._keep_method(account, record, method, shopper)
        if record.session["mode"] == "payment" and record.session["invoice_creation"]["enabled"]:
            self._invoice(account, record)
        self._state.put_session(account, record)
        self._events.emit(account, "checkout.session.completed", record.session)

    def _customer_of(self, account: Account, record: SessionRecord, shopper: Shopper) -> str | None:
        """Return the session's customer: a new one where it asks for one, with what the shopper lets it keep."""
        session, now = record.session, int(self._now())
        details = session["customer_details"] or {}
        if session["customer"] is None:
            always = session["customer_creation"] == "always" or session["mode"] == "subscription"
            if not (always or session["invoice_creation"]["enabled"] or usage_of(record)):
                return None
            customer = customer_from_details(details, shopper, now)
            self._state.put(account, "customers", customer["id"], customer)
            self._events.emit(account, "customer.created", customer)
            return str(customer["id"])
        before = account.tables["customers"][session["customer"]]
        if before.get("deleted"):
            return session["customer"]
        after = updated_by_checkout(before, details, shopper, record.options.get("customer_update", {}))
        if after != before:
            self._state.put(account, "customers", after["id"], after)
            self._events.emit(account, "customer.updated", after, changed_fields(before, after))
        return session["customer"]

    def _keep_method(
        self, account: Account, record: SessionRecord, method: PaymentMethod | None, shopper: Shopper
    ) -> None:
        """Save what was paid with for the session's customer, where the session or the shopper says so."""
        customer = record.session["customer"]
        if customer is None or method is None or method.id is None:
            return
        if not (saves(record, method, shopper) or record.session["mode"] == "setup"):
            return
        shown = account.tables["payment_methods"][method.id]
        if shown["customer"] != customer:
            shown = {**shown, "customer": customer}
            self._state.put(account, "payment_methods", method.id, shown)
        self._events.emit(account, "payment_method.attached", shown)

    def _invoice(self, account: Account, record: SessionRecord) -> None:
        """Make the invoice of a session that was paid once."""
        invoice = invoice_of(account, record, int(self._now()), self._public_url)
        self._state.put(account, "invoices", invoice["id"], invoice)
        record.session = {**record.session, "invoice": invoice["id"]}
        for type in ("created", "finalized", "paid", "payment_succeeded"):
            self._events.emit(account, f"invoice.{type}", invoice)
