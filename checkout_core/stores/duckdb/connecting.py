"""Opening DuckDB: the one place that calls `duckdb.connect`.

With no free descriptor DuckDB ends the process instead of raising an error, also for a database in memory. So some are
kept back for it (`config/descriptors.py`), and without them nothing is opened.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from ...config.descriptors import FOR_ONE_OPENING, NoDescriptorLeft, reserve
from ...domain.errors import StoreBusy

TOO_MANY_FILES = (
    "This program has too many files and connections open, so the order database cannot be opened. "
    "Raise the limit (`ulimit -n`, or LimitNOFILE= of its systemd unit), or close connections."
)


def connect(
    path: Path | None = None, *, read_only: bool = False, config: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file, or a database in memory.

    Args:
        path: the file; None: in memory.
        read_only: whether the file is only read.
        config: DuckDB's settings.

    Raises:
        StoreBusy: this process has too many files open.
        duckdb.Error: DuckDB cannot open it.
    """
    try:
        with reserve.given_up(FOR_ONE_OPENING):
            return duckdb.connect(
                ":memory:" if path is None else str(path), read_only=read_only, config=dict(config or {})
            )
    except NoDescriptorLeft as error:
        raise StoreBusy(TOO_MANY_FILES) from error
