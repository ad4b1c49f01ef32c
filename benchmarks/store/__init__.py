"""What the stores can do, side by side on this machine.

    python -m benchmarks.store [--seconds 3] [--callers 1,8,64] [--rows 10000,1000000] [--large] [--json]
    python -m benchmarks.store --processes --seconds 30
    python -m benchmarks.store --kill 50

One operation is one durable commit: make a pending order, then make it paid. Callers are threads that wait for each
answer. The stores take turns, so that a busy machine is unfair to none; each is opened and warmed up before its turn is
measured, and closed after it.
"""

STORES = ("duckdb_naive", "duckdb", "postgres_before", "pgbench", "postgres", "sqlmodel_postgres", "sqlmodel_sqlite")
"""Ours are `duckdb` and `postgres`; `postgres_before.py` has what `postgres` was, `pgbench.py` the same without Python, and
`contenders.py` the others."""
