"""The ledger: sessions as they are made, repriced and expired."""

from typing import TYPE_CHECKING

from .errors import JSON, invalid
from .resources import discounts, payments
from .resources.totals import priced
from .state import Account

if TYPE_CHECKING:
    from .state import State
    from .webhooks import Webhooks


class Ledger:
    """The part of the simulator that keeps sessions and what there is to pay."""

    state: "State"
    webhooks: "Webhooks"

    def now(self) -> float:
        """The simulated time, in seconds since the epoch."""
        raise NotImplementedError

    def emit(self, account: Account, type: str, object: JSON, before: JSON | None = None) -> None:
        """Record an event and put it in the outbox."""
        raise NotImplementedError

    def create_session(self, account: Account, record: JSON) -> None:
        """Keep a new session and its expiry."""
        session = record["session"]
        self.state.put(account, "sessions", session["id"], record)
        self.keep_rates(account, record)
        self.state.schedule(session["expires_at"], "expire", session["id"])

    def keep_rates(self, account: Account, record: JSON) -> None:
        """Keep the shipping rates that a session made for itself."""
        for rate in record.get("rates", ()):
            self.state.put(account, "shipping_rates", rate["id"], rate)

    def change(self, account: Account, record: JSON, **changes: object) -> None:
        """Change the session inside a record."""
        record["session"] = {**record["session"], **changes}
        self.state.put(account, "sessions", record["session"]["id"], record)

    def reprice(self, account: Account, record: JSON, after: JSON) -> None:
        """Change a record to `after`; a new total goes to the payment intent, if there is one."""
        self.keep_rates(account, after)
        begun = account.tables["payment_intents"].get(record["session"]["payment_intent"])
        if begun is not None and begun["amount"] != after["session"]["amount_total"]:
            self._put_intent(account, payments.repriced(begun, after["session"]["amount_total"]))
            after = {name: value for name, value in after.items() if name != "challenge"}
            record.pop("challenge", None)
        record |= after
        self.change(account, record)

    def enter_code(self, account: Account, record: JSON, code: str | None) -> None:
        """The shopper enters a promotion code, or takes it back (None). Raises why it cannot be used."""
        session = self._open(record)
        if not session["allow_promotion_codes"]:
            raise invalid("This Checkout Session does not take promotion codes: create it with allow_promotion_codes.")
        chosen = [] if code is None else discounts.entered(account, code, session, int(self.now()))
        rate = (session["shipping_cost"] or {}).get("shipping_rate")
        after = priced(account, record, chosen=chosen, rates=record.get("rates", []), rate=rate)
        self.reprice(account, record, after)

    def choose_shipping(self, account: Account, record: JSON, rate: str) -> None:
        """The shopper chooses one of the session's shipping options."""
        session = self._open(record)
        if rate not in {one["id"] for one in record.get("rates", [])}:
            raise invalid(f"No such shipping option: '{rate}'", "shipping_rate", "resource_missing")
        chosen = session["discounts"]
        self.reprice(account, record, priced(account, record, chosen=chosen, rates=record.get("rates", []), rate=rate))

    def _open(self, record: JSON) -> JSON:
        session: JSON = record["session"]
        if session["status"] != "open":
            raise invalid(f"This Checkout Session is {session['status']}; it can no longer be changed.")
        return session

    def expire(self, account: Account, record: JSON) -> None:
        """Expire a session on request; raises when it is not open."""
        status = record["session"]["status"]
        if status != "open":
            raise invalid(
                'Only Checkout Sessions with a status in ["open"] can be expired. '
                f"This Session has a status of `{status}`."
            )
        self._expire(account, record)

    def _expire(self, account: Account, record: JSON) -> None:
        self.change(account, record, status="expired", url=None, client_secret=None)
        record.pop("challenge", None)
        self._cancel(account, record)
        self.emit(account, "checkout.session.expired", record["session"])

    def _cancel(self, account: Account, record: JSON) -> None:
        """Cancel the payment intent that a session leaves behind unpaid."""
        begun = account.tables["payment_intents"].get(record["session"]["payment_intent"])
        if begun is not None:
            intent = payments.canceled(begun, int(self.now()))
            self._put_intent(account, intent)
            self.emit(account, "payment_intent.canceled", intent)

    def _put_intent(self, account: Account, intent: JSON) -> None:
        self.state.put(account, "payment_intents", intent["id"], intent)
