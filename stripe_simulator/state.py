"""What the simulator remembers: accounts and their objects, in memory and optionally in a file of JSON lines."""

import hashlib
import heapq
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from .errors import not_found
from .records import SessionRecord
from .upgrade import upgraded_object
from .wire import JSON, Charge, PaymentIntent

LATER_SECONDS = 60.0
"""A refund that does not end at once ends after so many seconds."""
TABLES = (
    "sessions",
    "payment_intents",
    "charges",
    "refunds",
    "disputes",
    "balance_transactions",
    "events",
    "products",
    "prices",
    "customers",
    "coupons",
    "promotion_codes",
    "shipping_rates",
    "tax_rates",
    "webhook_endpoints",
    "payment_methods",
    "setup_intents",
    "invoices",
    "tax_ids",
    "product_features",
    "event_destinations",
    "hidden",
    "lost",
)
"""`sessions` has `SessionRecord`s, `lost` the ids of events that are never delivered, `hidden` the fields of objects that
only an expansion shows, every other table Stripe's objects."""


CONNECTED = "|"
"""Stands in the name of a connected account between the name of its platform and its id."""


def account_name(key: str) -> str:
    """Return the account of a test key, `sk_test_…`, `rk_test_…` or `pk_test_…`: whatever follows."""
    return key[8:]


@dataclass
class Account:
    """The objects behind one pair of test keys: tables by name, in each the objects by id, the newest last."""

    name: str
    tables: dict[str, dict[str, Any]] = field(default_factory=lambda: {table: {} for table in TABLES})

    @property
    def id(self) -> str:
        """The account's id, which depends on nothing but its name; that of a connected account is in its name."""
        platform, connected, id = self.name.partition(CONNECTED)
        return id if connected else "acct_" + hashlib.sha256(platform.encode()).hexdigest()[:16]

    @property
    def is_connected(self) -> bool:
        """Whether it is a connected account, which a platform acts for with `Stripe-Account`."""
        return CONNECTED in self.name

    @property
    def publishable_key(self) -> str:
        """The key that the browser uses; for a connected account it is that of its platform."""
        return f"pk_test_{self.name.partition(CONNECTED)[0]}"

    @property
    def sessions(self) -> dict[str, SessionRecord]:
        """The records of all sessions by id."""
        return self.tables["sessions"]

    @property
    def payment_intents(self) -> dict[str, PaymentIntent]:
        """All payment intents by id."""
        return self.tables["payment_intents"]

    @property
    def charges(self) -> dict[str, Charge]:
        """All charges by id."""
        return self.tables["charges"]

    def payment_method(self, id: str | None, type: str) -> JSON:
        """Return the object of a payment method.

        Args:
            id: its id; None, or one without an object, in a state file of an earlier version.
            type: its type, which is all that is left then.
        """
        found: JSON = self.tables["payment_methods"].get(id or "", {"object": "payment_method", "type": type})
        return found

    def payment_intent_of(self, record: SessionRecord) -> PaymentIntent | None:
        """Return the payment intent of a session, or None while nobody tried to pay."""
        id = record.session["payment_intent"]
        return None if id is None else self.payment_intents.get(id)

    def charge_of(self, record: SessionRecord) -> Charge | None:
        """Return the newest charge of a session, or None while there is none."""
        intent = self.payment_intent_of(record)
        id = None if intent is None else intent["latest_charge"]
        return None if id is None else self.charges.get(id)

    def get(self, table: str, id: str, kind: str, param: str = "id", status: int = 404) -> JSON:
        """Return one of Stripe's objects.

        Args:
            table: where the object is.
            id: its id.
            kind: how the error calls the object.
            param: the parameter that named it.
            status: the HTTP status of the error.

        Raises:
            StripeError: there is no such object (`resource_missing`).
        """
        try:
            found: JSON = self.tables[table][id]
        except KeyError:
            raise not_found(kind, id, param, status) from None
        return found

    def given_inline(self, id: str) -> JSON | None:
        """Return a product or a price that was given inline with a line of a session, or None; no table has it."""
        for record in self.sessions.values():
            for one in (*record.products, *(line["price"] for line in record.lines)):
                if (
                    one["id"] == id and not one["active"]
                ):  # a product that can be sold again is in its table, or deleted
                    found: JSON = one
                    return found
        return None

    def get_session(self, id: str) -> SessionRecord:
        """Return the record of a session. Raises `resource_missing` when there is no such session."""
        try:
            return self.sessions[id]
        except KeyError:
            raise not_found("checkout.session", id, "session") from None


class State:
    """All accounts, an index of sessions, what is due when, and whether there is money to refund with.

    Args:
        path: a file that outlives the process; None keeps everything in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.accounts: dict[str, Account] = {}
        self.owners: dict[str, Account] = {}
        self.due: list[tuple[float, int, str, str]] = []
        self.offset = 0.0
        self.balance_is_empty = False
        self._order = 0
        self._file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._load(path)
            self._compact(path)
            self._file = path.open("a", encoding="utf-8")

    def account(self, name: str) -> Account:
        """Return the account of a key; every test key has one."""
        if name not in self.accounts:
            self.accounts[name] = Account(name)
        return self.accounts[name]

    def connected(self, platform: Account, id: str) -> Account:
        """Return the account that a platform acts for: its own, or one that is connected to it; each id is one."""
        return platform if id == platform.id else self.account(f"{platform.name}{CONNECTED}{id}")

    def put(self, account: Account, table: str, id: str, value: Any) -> None:
        """Store an object, new or changed.

        Args:
            account: whose object it is.
            table: where it belongs.
            id: its id.
            value: the object; it is written to the file at once.
        """
        account.tables[table][id] = value
        if self._file is not None:
            self._write(account.name, table, id, value)

    def put_session(self, account: Account, record: SessionRecord) -> None:
        """Store the record of a session, new or changed."""
        id = record.session["id"]
        account.sessions[id] = record
        self.owners[id] = account
        if self._file is not None:
            self._write(account.name, "sessions", id, record.to_json())

    def remove(self, account: Account, table: str, id: str) -> None:
        """Remove one object."""
        account.tables[table].pop(id, None)
        self._write(account.name, table, id, None)

    def move_clock(self, seconds: float) -> None:
        """Move the simulated clock away from the real one; a file remembers how far."""
        self.offset += seconds
        self._write("", "clock", "offset", self.offset)

    def _write(self, *line: object) -> None:
        if self._file is not None:
            self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
            self._file.flush()

    def session(self, id: str) -> tuple[Account, SessionRecord]:
        """Return a session by its id alone, and whose it is. Raises `resource_missing`."""
        account = self.owners.get(id)
        if account is None:
            raise not_found("checkout.session", id, "session")
        return account, account.sessions[id]

    def schedule(self, due: float, kind: str, id: str) -> None:
        """Remember to do something.

        Args:
            due: the moment by the simulated clock, in seconds since the epoch.
            kind: what to do.
            id: for what.
        """
        self._order += 1
        heapq.heappush(self.due, (due, self._order, kind, id))

    def take_due(self, now: float) -> Iterable[tuple[str, str]]:
        """Yield kind and id of what is due by `now`, the oldest first, and forget it."""
        while self.due and self.due[0][0] <= now:
            _, _, kind, id = heapq.heappop(self.due)
            yield kind, id

    def reset(self) -> None:
        """Forget everything."""
        self.accounts.clear()
        self.owners.clear()
        self.due.clear()
        self.offset = 0.0
        self.balance_is_empty = False
        if self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _load(self, path: Path) -> None:
        if not path.exists():
            return
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                name, table, id, value = json.loads(line)
            except ValueError:  # the last line of a process that was killed
                continue
            if table == "clock":
                self.offset = value
            elif value is None:
                self.remove(self.account(name), table, id)
            elif table == "sessions":
                self.put_session(self.account(name), SessionRecord.from_json(value))
            else:
                self.put(self.account(name), table, id, upgraded_object(table, value))
        self._schedule_all()

    def _schedule_all(self) -> None:
        """Remember what the objects of a file still wait for."""
        for id, account in self.owners.items():
            record = account.sessions[id]
            if record.session["status"] == "open":
                self.schedule(record.session["expires_at"], "expire", id)
            elif record.debit_due is not None:
                self.schedule(record.debit_due, "debit", id)

        for account in self.accounts.values():
            for dispute in account.tables["disputes"].values():
                self.schedule(dispute["evidence_details"]["due_by"], "dispute", dispute["id"])
            for refund in account.tables["refunds"].values():
                self.schedule(refund["created"] + LATER_SECONDS, "refund", refund["id"])

    def _compact(self, path: Path) -> None:
        """Write the file anew with what is, without what was."""
        fresh = path.with_name(path.name + ".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(json.dumps(["", "clock", "offset", self.offset]) + "\n")
            for account in self.accounts.values():
                for table, objects in account.tables.items():
                    for id, value in objects.items():
                        written = value.to_json() if isinstance(value, SessionRecord) else value
                        file.write(json.dumps([account.name, table, id, written], separators=(",", ":")) + "\n")
        fresh.replace(path)
