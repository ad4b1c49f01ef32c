"""What the simulator remembers: accounts and their objects, in memory and optionally in a file of JSON lines."""

import hashlib
import heapq
import json
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from .errors import JSON, missing

TABLES = (
    *("sessions", "payment_intents", "charges", "refunds", "disputes", "events", "products", "prices", "customers"),
    *("coupons", "promotion_codes", "shipping_rates", "webhook_endpoints", "lost"),
)
_ALPHABET = string.ascii_letters + string.digits


def random_id(prefix: str, length: int = 24) -> str:
    """An id as Stripe makes them: prefix and random letters and digits."""
    bits = secrets.randbits(length * 8)
    return prefix + "".join([_ALPHABET[(bits >> (8 * i) & 255) % 62] for i in range(length)])


def account_name(key: str) -> str:
    """The account of a test key, `sk_test_…`, `rk_test_…` or `pk_test_…`: whatever follows."""
    return key[8:]


@dataclass
class Account:
    """The objects behind one pair of test keys, newest last. Sessions are records: see `resources.sessions`."""

    name: str
    tables: dict[str, dict[str, JSON]] = field(default_factory=lambda: {table: {} for table in TABLES})

    @property
    def id(self) -> str:
        """A stable account id."""
        return "acct_" + hashlib.sha256(self.name.encode()).hexdigest()[:16]

    @property
    def publishable_key(self) -> str:
        """The key that the browser uses."""
        return f"pk_test_{self.name}"

    def get(self, table: str, id: str, kind: str, param: str = "id", status: int = 404) -> JSON:
        """One object; raises resource_missing."""
        try:
            return self.tables[table][id]
        except KeyError:
            raise missing(kind, id, param, status) from None


class State:
    """All accounts, an index of sessions, and what is due when."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.accounts: dict[str, Account] = {}
        self.owners: dict[str, Account] = {}
        self.due: list[tuple[float, int, str, str]] = []
        self.offset = 0.0
        self._order = 0
        self._file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._load(path)
            self._compact(path)
            self._file = path.open("a", encoding="utf-8")

    def account(self, name: str) -> Account:
        """The account of a key; every test key has one."""
        if name not in self.accounts:
            self.accounts[name] = Account(name)
        return self.accounts[name]

    def put(self, account: Account, table: str, id: str, value: JSON) -> None:
        """Keep an object, new or changed."""
        account.tables[table][id] = value
        if table == "sessions":
            self.owners[id] = account
        self._write(account.name, table, id, value)

    def remove(self, account: Account, table: str, id: str) -> None:
        """Forget one object."""
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

    def session(self, id: str) -> tuple[Account, JSON]:
        """A session by id alone, whoever owns it."""
        account = self.owners.get(id)
        if account is None:
            raise missing("checkout.session", id, "session")
        return account, account.tables["sessions"][id]

    def schedule(self, due: float, kind: str, id: str) -> None:
        """Remember to do something at a time of the simulated clock."""
        self._order += 1
        heapq.heappush(self.due, (due, self._order, kind, id))

    def take_due(self, now: float) -> Iterable[tuple[str, str]]:
        """What is due by now, oldest first."""
        while self.due and self.due[0][0] <= now:
            _, _, kind, id = heapq.heappop(self.due)
            yield kind, id

    def reset(self) -> None:
        """Forget everything."""
        self.accounts.clear()
        self.owners.clear()
        self.due.clear()
        self.offset = 0.0
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
            else:
                self.put(self.account(name), table, id, value)
        for id, account in self.owners.items():
            record = account.tables["sessions"][id]
            if record["session"]["status"] == "open":
                self.schedule(record["session"]["expires_at"], "expire", id)
            elif record["debit_due"] is not None:
                self.schedule(record["debit_due"], "debit", id)

    def _compact(self, path: Path) -> None:
        """Write the file anew with what is, without what was."""
        fresh = path.with_name(path.name + ".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(json.dumps(["", "clock", "offset", self.offset]) + "\n")
            for account in self.accounts.values():
                for table, objects in account.tables.items():
                    for id, value in objects.items():
                        file.write(json.dumps([account.name, table, id, value], separators=(",", ":")) + "\n")
        fresh.replace(path)
