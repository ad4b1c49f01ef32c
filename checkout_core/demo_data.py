"""Seeded, realistic orders in any number, for demos, notebooks and benchmarks.

A shop's year: evenings and weekends are busy, some shoppers come back, some look and leave, cards are declined, bank
debits take days, some money goes back. Every choice is a hash of the seed and the order's number, so the same
arguments give the same orders whatever the batch size, and no state is carried from one order to the next.
"""

import hashlib
import json
import random
import time
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import duckdb
import numpy as np
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray
from psycopg import sql

from .catalog import Catalog
from .errors import ConfigurationError, StoreUnavailable
from .money import LARGEST_AMOUNT, exponent
from .orders import OrderStatus, Source
from .settings import Settings
from .stores import duckdb_path, is_postgres, open_store
from .stores.lease import Lease, translated

Ints = NDArray[np.int64]
Bits = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Text = NDArray[np.uint8]
"""Strings of one width: a row of bytes each."""

BATCH = 125_000
"""Orders in one transaction: smaller ones pay for more checkpoints, larger ones keep the file from others for longer."""
DAYS = 365
MOST_ORDERS = 2**31
MOST_LINES = 3

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_NEVER = np.int64(2**62)
"""When something happens that does not happen."""

_BY_HOUR = (12, 8, 5, 3, 2, 2, 4, 8, 14, 20, 26, 32, 38, 36, 32, 32, 36, 46, 62, 78, 82, 68, 44, 24)
_BY_WEEKDAY = (0.75, 0.8, 0.9, 1.0, 1.3, 1.35, 1.1)
_BY_MONTH = (1.0, 0.95, 0.95, 0.9, 0.85, 0.8, 0.75, 0.8, 0.95, 1.05, 1.2, 1.45)
_GROWTH = 0.5

_PER_EUR = {"eur": 1.0, "usd": 1.1, "gbp": 0.85, "chf": 0.95, "jpy": 165.0}
_ABROAD = (0.11, 0.09, 0.04, 0.03)
_POPULARITY = 0.8

_RETURNING = 0.4
_LEFT_BEFORE_ORDER = 0.55
"""Sessions that never became an order, for each one that did."""

_FATES = (0.745, 0.145, 0.08, 0.03)
_PAYS, _ABANDONS, _DEBITS, _GIVES_UP = range(4)
_DECLINED_ONCE = 0.06
_DEBIT_FAILS = 0.07
_REFUNDED = 0.05
_IN_PART = 0.4
_DECLINES = ("insufficient_funds", "generic_decline", "expired_card", "incorrect_cvc")

_FIRST = [
    "Anna",
    "Ben",
    "Carla",
    "David",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jan",
    "Keiko",
    "Lena",
    "Milan",
    "Noor",
    "Olga",
    "Pablo",
    "Quynh",
    "Rosa",
    "Samuel",
    "Tomáš",
    "Ursula",
    "Viktor",
    "Wanda",
    "Xavi",
    "Yusuf",
    "Zoé",
    "Émile",
    "Björn",
    "Chloé",
    "Dara",
]
_LAST = [
    "Adler",
    "Bianchi",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fischer",
    "García",
    "Horvat",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novák",
    "Okafor",
    "Petrov",
    "Quint",
    "Rossi",
    "Schmidt",
    "Tanaka",
    "Ueda",
    "Virtanen",
    "Weber",
    "Xu",
    "Yılmaz",
    "Zeman",
]
_DOMAINS = ("example.com", "example.org", "example.net")

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = np.frombuffer("".join(one + two for one in _LETTERS for two in _LETTERS).encode(), dtype=np.uint16)


class Batch(NamedTuple):
    """Orders and their events as Arrow tables, with the columns of `stores/schema.py`; times are naive UTC."""

    orders: pa.Table
    events: pa.Table


def orders(
    count: int, *, seed: int = 1, catalog: Catalog, until: datetime, days: int = DAYS, batch: int = BATCH
) -> Iterator[Batch]:
    """`count` orders of the `days` before `until`, oldest first, and the events of their checkouts.

    Beside them are the events of sessions that never became an order. What would happen after `until` has not happened
    yet: the last orders are still pending or processing.

    Raises:
        ValueError: a negative or impossible count, or `until` without a time zone.
    """
    if not 0 <= count <= MOST_ORDERS:
        raise ValueError(f"count must be 0 to {MOST_ORDERS}")
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    plan = _Plan(count, seed, catalog, until.astimezone(UTC), days)
    for first in range(0, count, batch):
        yield _batch(plan, np.arange(first, min(first + batch, count), dtype=np.int64))


def seed_store(
    url: str,
    count: int,
    seed: int = 1,
    progress: Callable[[int], None] = lambda written: None,
    *,
    settings: Settings | None = None,
    until: datetime | None = None,
) -> int:
    """Write `count` demo orders of the year before `until` (default: today 00:00 UTC); gives how many were written.

    Each batch is one transaction, and one that is there is not written again: an interrupted run is finished by
    repeating it. `progress` hears how many orders are done.

    Raises:
        ConfigurationError: the settings hold a live key: demo orders never mix with real ones.
        StoreBusy, StoreUnavailable
    """
    settings = settings or Settings.load()
    if "_live_" in settings.secret_key:
        raise ConfigurationError(
            "Demo orders are never written beside real ones: STRIPE_SECRET_KEY is a live key. Use a test key or none."
        )
    until = until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    catalog = Catalog.read(settings.catalog_path)
    write = _write_postgres if is_postgres(url) else _write_duckdb
    with open_store(url) as store:
        store.find(limit=1)  # makes the tables
    done = written = 0
    for batch in _ahead(orders(count, seed=seed, catalog=catalog, until=until)):
        written += batch.orders.num_rows if write(url, batch) else 0
        done += batch.orders.num_rows
        progress(done)
    return written


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one made while this one is written."""
    with ThreadPoolExecutor(1, thread_name_prefix="demo orders") as thread:
        coming = thread.submit(next, batches, None)
        while batch := coming.result():
            coming = thread.submit(next, batches, None)
            yield batch


def _write_duckdb(url: str, batch: Batch) -> bool:
    """One transaction in a lease of its own, so that a shop that is open gets in between."""
    path = duckdb_path(url)
    lease = Lease(path, wait=60.0, settings={"wal_autocheckpoint": "1GB"})
    try:
        connection = lease.connection()
        return _insert(connection, batch)
    except duckdb.Error as error:
        raise translated(error, path) from error
    finally:
        lease.release()
        time.sleep(random.uniform(0.01, 0.02))  # noqa: S311  others get in


def _insert(connection: duckdb.DuckDBPyConnection, batch: Batch) -> bool:
    first = batch.orders["stripe_checkout_session_id"][0].as_py()
    known = "SELECT 1 FROM orders WHERE stripe_checkout_session_id = ?"
    if connection.execute(known, [first]).fetchone():
        return False
    connection.execute("BEGIN")
    for table, rows in (("orders", batch.orders), ("order_events", batch.events)):
        names = ", ".join(f'"{name}"' for name in rows.column_names)
        connection.register("demo_rows", rows)
        connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM demo_rows")
        connection.unregister("demo_rows")
    connection.execute("COMMIT")
    return True


def _write_postgres(url: str, batch: Batch) -> bool:
    """One transaction, through COPY."""
    from pyarrow import csv

    known = "SELECT 1 FROM orders WHERE stripe_checkout_session_id = %s"
    try:
        with psycopg.connect(url) as connection:
            if connection.execute(known, [batch.orders["stripe_checkout_session_id"][0].as_py()]).fetchone():
                return False
            for table, rows in (("orders", _flat(batch.orders)), ("order_events", _flat(batch.events))):
                text = pa.BufferOutputStream()
                csv.write_csv(rows, text, csv.WriteOptions(include_header=False))
                statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
                    sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
                )
                with connection.cursor() as cursor, cursor.copy(statement) as copy:
                    copy.write(memoryview(text.getvalue()))
    except psycopg.Error as error:
        raise StoreUnavailable from error
    return True


def _flat(table: pa.Table) -> pa.Table:
    """The table as CSV can carry it: times with their zone, nested columns as JSON."""
    for position, field in enumerate(table.schema):
        column = table.column(position)
        if pa.types.is_dictionary(field.type):
            column = column.cast(pa.string())
        elif pa.types.is_timestamp(field.type):
            column = pc.assume_timezone(column, "UTC")
        elif pa.types.is_nested(field.type):
            column = pa.array([json.dumps(value) for value in column.to_pylist()])
        table = table.set_column(position, field.name, column)
    return table


@dataclass(frozen=True)
class _Plan:
    """What all orders of one run share."""

    count: int
    seed: int
    catalog: Catalog
    until: datetime
    days: int

    def bits(self, name: str, index: Ints) -> Bits:
        """64 random bits for each index: the same for the same seed and name (splitmix64)."""
        start = (self.seed * 0x9E3779B97F4A7C15 + zlib.crc32(name.encode()) * 0xD1B54A32D192ED03) % 2**64
        mixed = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (32, 0xD6E8FEB86659FD93)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        return mixed ^ (mixed >> np.uint64(31))

    def chance(self, name: str, index: Ints) -> NDArray[np.float64]:
        """A number from 0 up to 1 for each index."""
        return (self.bits(name, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, name: str, index: Ints, most: int) -> Ints:
        """An integer from 0 up to `most` for each index."""
        return (self.bits(name, index) % np.uint64(most)).astype(np.int64)

    def pick(self, name: str, index: Ints, weights: Sequence[float]) -> Ints:
        """A position in `weights` for each index."""
        edges = np.cumsum(weights) / np.sum(weights)
        return np.searchsorted(edges[:-1], self.chance(name, index), side="right").astype(np.int64)

    def exponential(self, name: str, index: Ints, mean: int) -> Ints:
        """A waiting time in microseconds."""
        return (-np.log1p(-self.chance(name, index)) * mean).astype(np.int64)

    def lognormal(self, name: str, index: Ints, median: int, sigma: float) -> Ints:
        """A time that a person takes, in microseconds: four seconds to twenty hours."""
        radius = np.sqrt(-2 * np.log1p(-self.chance(name, index)))
        normal = radius * np.cos(2 * np.pi * self.chance(f"{name} angle", index))
        taken = median * np.exp(sigma * normal)
        return np.asarray(np.clip(taken, 4 * _SECOND, 72_000 * _SECOND), dtype=np.int64)

    @cached_property
    def end(self) -> int:
        """`until` in microseconds since 1970."""
        return (self.until - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    @cached_property
    def tag(self) -> int:
        """30 bits that set the ids of this run apart from those of any other."""
        content = f"{self.seed}/{self.count}/{self.end}/{self.days}/{sorted(self.catalog)}"
        return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=4).digest()) >> 2

    @cached_property
    def busyness(self) -> NDArray[np.float64]:
        """What part of all orders has been made by the end of each hour."""
        hours = [self.until - timedelta(days=self.days) + timedelta(hours=n) for n in range(self.days * 24)]
        weights = [
            _BY_HOUR[hour.hour]
            * _BY_WEEKDAY[hour.weekday()]
            * _BY_MONTH[hour.month - 1]
            * (1 + _GROWTH * n / len(hours))
            for n, hour in enumerate(hours)
        ]
        edges = np.concatenate([[0.0], np.cumsum(weights)])
        return np.asarray(edges / edges[-1], dtype=np.float64)

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        """The catalogue's own currency, and where visitors are from when its prices can be converted."""
        own = self.catalog.currency
        dearest = max(product.unit_amount for product in self.catalog.values())
        if own not in _PER_EUR or dearest > LARGEST_AMOUNT // 1000:
            return (own,)
        return (own, *[code for code in _PER_EUR if code != own])

    @cached_property
    def prices(self) -> Ints:
        """Minor units by product and currency; abroad rounded to ten of them."""
        own = self.currencies[0]
        table = np.array([[p.unit_amount] * len(self.currencies) for p in self.catalog.values()], dtype=np.int64)
        for column, code in enumerate(self.currencies[1:], start=1):
            rate = _PER_EUR[code] / _PER_EUR[own] * 10.0 ** (exponent(code) - exponent(own))
            table[:, column] = np.maximum(np.round(table[:, 0] * rate / 10), table[:, 0] > 0) * 10
        return table

    @cached_property
    def most(self) -> Ints:
        """How many of each product one order may have."""
        fits = LARGEST_AMOUNT // MOST_LINES // np.maximum(self.prices.max(axis=1), 1)
        allowed = np.array([product.max_quantity for product in self.catalog.values()], dtype=np.int64)
        return np.asarray(np.minimum(allowed, np.maximum(fits, 1)), dtype=np.int64)

    @cached_property
    def lines(self) -> int:
        """How many different products one order may have."""
        fits = LARGEST_AMOUNT // max(int(self.prices.max()), 1)
        return max(1, min(MOST_LINES, len(self.catalog), fits))


@dataclass(frozen=True)
class _Carts:
    """What is bought: lines by order, of which the first `used` count. Amounts in minor units."""

    currency: Ints
    product: Ints
    quantity: Ints
    unit_amount: Ints
    used: Flags

    @cached_property
    def total(self) -> Ints:
        """What the order costs."""
        return np.asarray((self.unit_amount * self.quantity * self.used).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True)
class _Fates:
    """When what happens to each order, in microseconds since 1970, `_NEVER` included."""

    started: Ints
    created: Ints
    declined: Ints
    processing: Ints
    paid: Ints
    failed: Ints
    expired: Ints
    refund: Ints
    given_back: Ints
    whole: Flags

    @cached_property
    def moves(self) -> Ints:
        """The times at which the order changed, one row for each kind of change."""
        return np.stack([self.processing, self.paid, self.failed, self.expired, self.refund])

    @cached_property
    def status(self) -> pa.Array:
        """Where each order stands now."""
        happened = [
            ((self.refund != _NEVER) & self.whole, OrderStatus.refunded),
            (self.paid != _NEVER, OrderStatus.paid),
            (self.failed != _NEVER, OrderStatus.failed),
            (self.expired != _NEVER, OrderStatus.expired),
            (self.processing != _NEVER, OrderStatus.processing),
        ]
        names = [*(str(status) for _, status in happened), str(OrderStatus.pending)]
        code = np.select([flags for flags, _ in happened], range(len(happened)), default=len(happened))
        return _take(names, code)


@dataclass(frozen=True)
class _Checkouts:
    """What the tables of one batch are built from: one row for each order."""

    index: Ints
    shopper: Ints
    carts: _Carts
    fates: _Fates
    order_ids: Text
    session_ids: Text


def _batch(plan: _Plan, index: Ints) -> Batch:
    shopper = _shoppers(plan, index)
    carts = _carts(plan, "order", index, _currency(plan, shopper))
    fates = _fates(plan, index, carts)
    made = _Checkouts(
        index=index,
        shopper=shopper,
        carts=carts,
        fates=fates,
        order_ids=_ids("order_", plan, fates.created, index, 0),
        session_ids=_ids("cs_test_demo", plan, fates.started, index, 1),
    )
    return Batch(_order_table(plan, made), _event_table(plan, made))


def _created(plan: _Plan, index: Ints) -> Ints:
    part = (index + plan.chance("moment", index)) / plan.count
    hour = np.interp(part, plan.busyness, np.arange(len(plan.busyness)))
    return np.asarray(plan.end - plan.days * _DAY + (hour * 3600 * _SECOND).astype(np.int64) - 1, dtype=np.int64)


def _shoppers(plan: _Plan, index: Ints) -> Ints:
    """The number of the shopper: that of the order, or of an earlier one when the shopper comes back.

    Those who come back are every third of the earlier ones, so that some come often.
    """
    earlier = (index * np.sqrt(plan.chance("earlier", index))).astype(np.int64)
    return np.where(plan.chance("returns", index) < _RETURNING, earlier - earlier % 3, index)


def _currency(plan: _Plan, shopper: Ints) -> Ints:
    abroad = _ABROAD[: len(plan.currencies) - 1]
    return plan.pick("currency", shopper, (1 - sum(abroad), *abroad))


def _carts(plan: _Plan, name: str, index: Ints, currency: Ints) -> _Carts:
    weights = [(rank + 1) ** -_POPULARITY for rank in range(len(plan.catalog))]
    first = plan.pick(f"{name} product", index, weights)
    product = np.stack([(first + step) % len(weights) for step in range(plan.lines)], axis=1)
    if plan.lines > 1:  # the others follow the first at a stride, so that none comes twice
        others = max((len(weights) - 1) // (plan.lines - 1), 1)
        stride = 1 + plan.below(f"{name} stride", index, others)
        product = (first[:, None] + stride[:, None] * np.arange(plan.lines)) % len(weights)
    wanted = [1 + plan.pick(f"{name} quantity {line}", index, (0.4, 0.42, 0.1, 0.08)) for line in range(plan.lines)]
    used = np.arange(plan.lines) <= plan.pick(f"{name} lines", index, (0.6, 0.28, 0.12))[:, None]
    return _Carts(
        currency=currency,
        product=product,
        quantity=np.minimum(np.stack(wanted, axis=1), plan.most[product]),
        unit_amount=plan.prices[product, currency[:, None]],
        used=used,
    )


def _fates(plan: _Plan, index: Ints, carts: _Carts) -> _Fates:
    def when(happens: Flags, at: Ints) -> Ints:
        return np.where(happens & (at <= plan.end), at, _NEVER)

    created = _created(plan, index)
    fate = plan.pick("fate", index, _FATES)
    started = created - plan.lognormal("browse", index, 95 * _SECOND, 0.9).clip(max=6 * 3600 * _SECOND)
    tried = created + plan.lognormal("pay", index, 48 * _SECOND, 0.8).clip(max=12 * 3600 * _SECOND)
    stumbles = (fate == _GIVES_UP) | ((fate == _PAYS) & (plan.chance("declined", index) < _DECLINED_ONCE))
    retried = tried + plan.lognormal("retry", index, 70 * _SECOND, 0.7).clip(max=4 * 3600 * _SECOND)
    processing = when(fate == _DEBITS, tried)
    cleared = tried + _DAY + plan.exponential("debit", index, 2 * _DAY).clip(max=9 * _DAY)
    bounces = plan.chance("bounces", index) < _DEBIT_FAILS
    by_card = when(fate == _PAYS, np.where(stumbles, retried, tried))
    paid = np.minimum(by_card, when((fate == _DEBITS) & ~bounces, cleared))
    sent_back = paid + 600 * _SECOND + plan.exponential("refund time", index, 6 * _DAY)
    refund = when((paid != _NEVER) & (plan.chance("refund", index) < _REFUNDED) & (carts.total > 0), sent_back)
    one = carts.unit_amount[:, 0]
    whole = (plan.chance("in part", index) >= _IN_PART) | (one >= carts.total) | (one == 0)
    return _Fates(
        started=started,
        created=created,
        declined=when(stumbles, tried),
        processing=processing,
        paid=paid,
        failed=when((fate == _DEBITS) & bounces, cleared),
        expired=when((fate == _ABANDONS) | (fate == _GIVES_UP), started + _DAY),
        refund=refund,
        given_back=np.where(refund != _NEVER, np.where(whole, carts.total, one), 0),
        whole=whole,
    )


def _order_table(plan: _Plan, made: _Checkouts) -> pa.Table:
    index, shopper, carts, fates = made.index, made.shopper, made.carts, made.fates
    size = len(index)
    first, last = (plan.below(f"name {part}", shopper, len(names)) for part, names in enumerate((_FIRST, _LAST)))
    names = [f"{one} {two}" for one in _FIRST for two in _LAST]
    locals_ = [f"{_plain(one)}.{_plain(two)}." for one in _FIRST for two in _LAST]
    whose = first * len(_LAST) + last
    number = pa.array(shopper).cast(pa.string())
    domain = _take([f"@{name}" for name in _DOMAINS], plan.below("domain", shopper, len(_DOMAINS)))
    digits = pa.array(1_000_000 + plan.below("phone", shopper, 9_000_000)).cast(pa.string())
    phone = _join("+4930", digits)
    moves = fates.moves
    happened = moves != _NEVER
    began = (fates.processing != _NEVER) | (fates.paid != _NEVER)
    payment_ids = _ids("pi_demo", plan, fates.created, index, 2)
    changed = np.maximum(fates.created, np.where(happened, moves, 0).max(axis=0))
    return pa.table(
        {
            "id": _strings(made.order_ids),
            "shop": pa.repeat("default", size),
            "stripe_checkout_session_id": _strings(made.session_ids),
            "stripe_payment_intent_id": _strings(payment_ids, began),
            "status": fates.status,
            "email": _join(_take(locals_, whose), number, domain),
            "name": _take(names, whose),
            "phone": _only(plan.chance("has phone", shopper) < 0.3, phone),
            "items": _items(plan, carts),
            "currency": _take(plan.currencies, carts.currency),
            "amount_total": carts.total,
            "amount_refunded": fates.given_back,
            "metadata": pa.repeat('{"demo": "true"}', size),
            "created_at": _times(fates.created),
            "updated_at": _times(changed),
            "paid_at": _times(fates.paid),
            "version": 1 + happened.sum(axis=0),
        }
    )


def _items(plan: _Plan, carts: _Carts) -> pa.Array:
    offsets = np.concatenate([[0], carts.used.sum(axis=1).cumsum()]).astype(np.int32)
    product = carts.product[carts.used]
    lines = {
        "product": _take(list(plan.catalog), product),
        "name": _take([p.name for p in plan.catalog.values()], product),
        "unit_amount": pa.array(carts.unit_amount[carts.used]),
        "quantity": pa.array(carts.quantity[carts.used]),
    }
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(lines.values(), names=list(lines)))


class _Kind(NamedTuple):
    """One kind of event: when, by whom, with which detail, for which of the rows."""

    name: str
    at: Ints
    source: Ints
    detail: pa.Array


def _event_table(plan: _Plan, made: _Checkouts) -> pa.Table:
    """All that happened, by time. What takes long to copy is made only when the order of the rows is known."""
    kinds = [*_kinds(plan, made.index, made.carts, made.fates), _left_before_order(plan, made)]
    happened = [np.flatnonzero(kind.at != _NEVER) for kind in kinds]
    at = np.concatenate([kind.at[rows] for kind, rows in zip(kinds, happened, strict=True)])
    source = np.concatenate([kind.source[rows] for kind, rows in zip(kinds, happened, strict=True)])
    detail = pa.concat_arrays([kind.detail.take(pa.array(rows)) for kind, rows in zip(kinds, happened, strict=True)])
    step = np.repeat(np.arange(len(kinds)), [len(rows) for rows in happened])
    by_time = np.argsort(at, kind="stable")
    at, source, step, row = at[by_time], source[by_time], step[by_time], np.concatenate(happened)[by_time]
    index = made.index[row]
    left = step == len(kinds) - 1
    session_ids = made.session_ids[row]
    session_ids[left] = _ids("cs_test_demo", plan, at[left], index[left], 3)
    webhook = source == _code(Source.webhook)
    webhook_ids = np.zeros((len(row), 34), dtype=np.uint8)
    webhook_ids[webhook] = _ids("evt_demo", plan, at[webhook], index[webhook], 32 + step[webhook])
    return pa.table(
        {
            "id": _strings(_ids("event_", plan, at, index, 16 + step)),
            "order_id": _strings(made.order_ids[row], (step > 0) & ~left),  # step 1 knows no order
            "stripe_checkout_session_id": _strings(session_ids),
            "kind": _take([kind.name for kind in kinds], step),
            "source": _take([str(one) for one in Source], source),
            "stripe_event_id": _strings(webhook_ids, webhook),
            "at": _times(at),
            "detail": detail.take(pa.array(by_time)),
        }
    )


def _left_before_order(plan: _Plan, made: _Checkouts) -> _Kind:
    """Sessions of shoppers who looked at the checkout and never reached step 2."""
    at = made.fates.started - plan.below("left at", made.index, 60 * _SECOND)
    leaves = plan.chance("left", made.index) < _LEFT_BEFORE_ORDER
    carts = _carts(plan, "left", made.index, _currency(plan, plan.count + made.index))
    return _Kind("session_created", np.where(leaves, at, _NEVER), _by(Source.storefront, at), _opened(plan, carts))


def _kinds(plan: _Plan, index: Ints, carts: _Carts, fates: _Fates) -> list[_Kind]:
    """What can happen to an order, in the order in which it does."""
    nothing = pa.repeat("{}", len(index))
    storefront = _by(Source.storefront, index)
    webhook = _by(Source.webhook, index)
    returned = plan.pick("brought by", index, (0.0, 0.88, 0.1, 0.02))
    by_hand = np.where(plan.chance("by hand", index) < 0.8, _by(Source.operator, index), webhook)
    reason = _take(_DECLINES, plan.pick("reason", index, (4, 3, 1, 2)))
    declined = _join('{"decline_code": "', reason, '"}')
    amount = _join('{"amount": ', pa.array(fates.given_back).cast(pa.string()), "}")
    paid_by = np.where(fates.processing != _NEVER, webhook, returned)
    return [
        _Kind("session_created", fates.started, storefront, _opened(plan, carts)),
        _Kind("pending", fates.created, storefront, nothing),
        _Kind("payment_declined", fates.declined, webhook, declined),
        _Kind("processing", fates.processing, returned, nothing),
        _Kind("paid", fates.paid, paid_by, nothing),
        _Kind("failed", fates.failed, webhook, nothing),
        _Kind("expired", fates.expired, webhook, nothing),
        _Kind("partially_refunded", np.where(fates.whole, _NEVER, fates.refund), by_hand, amount),
        _Kind("refunded", np.where(fates.whole, fates.refund, _NEVER), by_hand, amount),
    ]


def _opened(plan: _Plan, carts: _Carts) -> pa.Array:
    """The detail that step 1 records."""
    quoted = pa.array([json.dumps(product) for product in plan.catalog])
    none = pa.scalar(None, pa.string())
    products = [
        pc.if_else(carts.used[:, line], quoted.take(pa.array(carts.product[:, line])), none)
        for line in range(plan.lines)
    ]
    return _join(
        '{"amount_total": ',
        pa.array(carts.total).cast(pa.string()),
        ', "currency": "',
        _take(plan.currencies, carts.currency),
        '", "products": [',
        pc.binary_join_element_wise(*products, ", ", null_handling="skip"),
        "]}",
    )


def _code(source: Source) -> int:
    return list(Source).index(source)


def _by(source: Source, like: Ints) -> Ints:
    return np.full(len(like), _code(source), dtype=np.int64)


def _ids(prefix: str, plan: _Plan, at: Ints, number: Ints, sort: Ints | int) -> Text:
    """TypeIDs of a UUID version 8, sortable by time. Real ones are version 7, so they never meet (RFC 9562, 5.8).

    Unique within a run by `number` and `sort` (12 bits), between runs by the plan's tag.
    """
    scrambled = (number.astype(np.uint64) * np.uint64(0x9E3779B1)) & np.uint64(0xFFFFFFFF)
    low = np.uint64(2 << 62 | plan.tag << 32) | scrambled
    milliseconds = np.where(at == _NEVER, 0, at // 1000).astype(np.uint64)
    high = (milliseconds << np.uint64(16)) | np.uint64(8 << 12) | np.asarray(sort).astype(np.uint64)
    pairs = np.empty((len(number), 13), dtype=np.uint16)
    for position in range(13):  # ten bits, two letters, at a time
        shift = 120 - 10 * position
        if shift >= 64:
            ten = high >> np.uint64(shift - 64)
        elif shift > 54:  # across the two halves
            ten = (high << np.uint64(64 - shift)) | (low >> np.uint64(shift))
        else:
            ten = low >> np.uint64(shift)
        pairs[:, position] = _PAIRS[(ten & np.uint64(1023)).astype(np.intp)]
    text = np.empty((len(number), len(prefix) + 26), dtype=np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    text[:, len(prefix) :] = pairs.view(np.uint8)
    return text


def _strings(text: Text, known: Flags | None = None) -> pa.Array:
    """Strings of one width as Arrow has them; null where not `known`."""
    size, width = text.shape
    offsets = pa.py_buffer(np.arange(size + 1, dtype=np.int32) * width)
    valid = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.StringArray.from_buffers(size, offsets, pa.py_buffer(np.ascontiguousarray(text)), valid)


def _take(names: Sequence[str], code: Any) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(code, pa.int32()), pa.array(names, pa.string()))


def _join(*parts: Any) -> pa.Array:
    """Columns and constants, one after the other."""
    plain = [part.dictionary_decode() if isinstance(part, pa.DictionaryArray) else part for part in parts]
    return pc.binary_join_element_wise(*plain, "")


def _only(flags: Flags, values: pa.Array) -> pa.Array:
    return pc.if_else(flags, values, pa.scalar(None, pa.string()))


def _times(at: Ints) -> pa.Array:
    return pa.array(at, mask=at == _NEVER).cast(pa.timestamp("us"))


def _plain(name: str) -> str:
    """A name as an e-mail address has it: lower case, without accents."""
    folded = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in folded if "a" <= letter <= "z")
