"""The till: what happens to a session when it is paid, declined, challenged or settled."""

import asyncio

from . import cards
from .cards import Decline, Method
from .errors import JSON, invalid
from .ledger import Ledger
from .resources import customers, payments, sessions
from .resources.payments import Shopper
from .state import Account


class Till(Ledger):
    """The part of the simulator that takes money."""

    public_url: str
    debit_delay: float
    _finishing: dict[str, asyncio.Task[None]]

    async def confirm(
        self,
        account: Account,
        record: JSON,
        method: Method | None,
        shopper: Shopper,
        *,
        authenticated: bool = False,
    ) -> bool:
        """Try to pay an open session. False: the shopper's bank wants to see them first.

        The state changes at once, before anything is awaited, so a second call finds the session complete.
        Raises a card error when the card is declined.
        """
        session = record["session"]
        if session["status"] == "expired":
            raise invalid("This Checkout Session has expired.", code="checkout_session_expired")
        if session["status"] == "complete":
            await self.finished(session["id"])
            return True
        if session["amount_total"] == 0:
            self._cancel(account, record)
            self._complete(account, record, shopper)
            await self.finished(session["id"])
            return True
        if method is None:
            raise invalid("A payment method is required.", "payment_method")
        if method.type not in session["payment_method_types"]:
            raise invalid(f"This Checkout Session cannot be paid by {method.type}.", "payment_method")
        now = int(self.now())
        intent = self._intent(account, record, now)
        if method.challenged and not authenticated:
            record["challenge"] = {"method": vars(method).copy(), "shopper": shopper}
            intent = payments.challenged(intent)
            self._put_intent(account, intent)
            self.emit(account, "payment_intent.requires_action", intent)
            self.webhooks.flush()
            return False
        charge = payments.charge(intent, method, shopper, now, self.public_url)
        self.state.put(account, "charges", charge["id"], charge)
        if method.decline:
            intent = payments.declined(intent, charge, method)
            self._put_intent(account, intent)
            record["last_error"] = {"message": method.decline.message}
            self.change(account, record)
            self.emit(account, "charge.failed", charge)
            self.emit(account, "payment_intent.payment_failed", intent)
            self.webhooks.flush()
            raise payments.decline_error(method, charge["id"], intent)
        intent = payments.taken(intent, charge)
        self._put_intent(account, intent)
        record["last_error"] = None
        if method.is_debit:
            record["debit_due"] = now + self.debit_delay
            record["debit_succeeds"] = method.succeeds
            self.state.schedule(record["debit_due"], "debit", session["id"])
            self.emit(account, "charge.pending", charge)
            self.emit(account, "payment_intent.processing", intent)
        else:
            self.emit(account, "charge.succeeded", charge)
            self.emit(account, "payment_intent.succeeded", intent)
        self._complete(account, record, shopper, paid=not method.is_debit)
        await self.finished(session["id"])
        return True

    async def authenticate(self, account: Account, record: JSON, succeeded: bool) -> None:
        """The shopper completed or failed the bank's challenge."""
        if record["session"]["status"] == "complete":
            await self.finished(record["session"]["id"])
            return
        challenge = record.pop("challenge", None)
        if record["session"]["status"] == "expired":
            raise invalid("This Checkout Session has expired.", code="checkout_session_expired")
        if challenge is None:
            raise invalid("This Checkout Session is not waiting for authentication.")
        method = Method(**challenge["method"])
        if succeeded:
            await self.confirm(account, record, method, Shopper(*challenge["shopper"]), authenticated=True)
            return
        decline = Decline("payment_intent_authentication_failure", cards.AUTHENTICATION_FAILED)
        intent = self._intent(account, record, int(self.now()))
        error = payments.payment_error(method.type, decline, None)
        intent = {**intent, "status": "requires_payment_method", "next_action": None, "last_payment_error": error}
        self._put_intent(account, intent)
        self.emit(account, "payment_intent.payment_failed", intent)
        self.webhooks.flush()
        raise cards.card_error(decline.code, decline.message)

    async def finished(self, session_id: str) -> None:
        """Wait until the webhooks of a payment were answered, at most ten seconds."""
        task = self._finishing.get(session_id)
        if task is not None:
            await asyncio.wait({task}, timeout=10.0)

    async def settle(self, account: Account, record: JSON, succeeded: bool) -> None:
        """Settle a pending bank debit now."""
        if record["debit_due"] is None:
            raise invalid("This Checkout Session has no bank debit that is waiting to settle.")
        self._settle(account, record, succeeded)
        await self.webhooks.deliver()

    def _complete(self, account: Account, record: JSON, shopper: Shopper, *, paid: bool = True) -> None:
        session = sessions.with_customer(record["session"], shopper)
        if session["customer_creation"] == "always" and session["customer"] is None:
            customer = customers.shopper(session["customer_details"], int(self.now()))
            self.state.put(account, "customers", customer["id"], customer)
            self.emit(account, "customer.created", customer)
            session["customer"] = customer["id"]
        for table, id in record.get("redeemed", ()):
            redeemed = account.tables[table][id]
            self.state.put(account, table, id, {**redeemed, "times_redeemed": redeemed["times_redeemed"] + 1})
        changes = {"status": "complete", "url": None, "client_secret": None}
        if session["amount_total"]:
            changes["payment_status"] = "paid" if paid else "unpaid"
        record["session"] = session
        self.change(account, record, **changes)
        self.emit(account, "checkout.session.completed", record["session"])
        task = self.webhooks.flush()
        if task is not None:
            id = session["id"]
            self._finishing[id] = task
            task.add_done_callback(lambda _: self._finishing.pop(id, None))

    def _settle(self, account: Account, record: JSON, succeeded: bool) -> None:
        session = record["session"]
        intent = account.tables["payment_intents"][session["payment_intent"]]
        charge = account.tables["charges"][intent["latest_charge"]]
        record["debit_due"] = None
        if succeeded:
            charge = payments.settled(charge)
            intent = payments.taken(intent, charge)
            self.change(account, record, payment_status="paid")
        else:
            charge = payments.returned(charge)
            error = payments.payment_error("bank_debit", payments.RETURNED, charge["id"])
            intent = {**intent, "status": "requires_payment_method", "last_payment_error": error}
            self.change(account, record)
        self.state.put(account, "charges", charge["id"], charge)
        self._put_intent(account, intent)
        outcome = "succeeded" if succeeded else "failed"
        self.emit(account, f"charge.{outcome}", charge)
        self.emit(account, "payment_intent.succeeded" if succeeded else "payment_intent.payment_failed", intent)
        self.emit(account, f"checkout.session.async_payment_{outcome}", record["session"])

    def _intent(self, account: Account, record: JSON, now: int) -> JSON:
        id = record["session"]["payment_intent"]
        if id is not None:
            return account.tables["payment_intents"][id]
        intent = payments.intent(record, now)
        self._put_intent(account, intent)
        self.change(account, record, payment_intent=intent["id"])
        self.emit(account, "payment_intent.created", intent)
        return intent
