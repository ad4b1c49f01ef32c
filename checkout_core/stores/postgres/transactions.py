"""A handler of an application in the transaction that notes it in its outbox entry: both happen, or neither."""

from collections.abc import Callable

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ...domain.errors import InvalidHandler
from .address import Address
from .schema import entry


class HandlerTransaction:
    """One attempt to run a handler. `failure` is what the handler raised.

    Args:
        address: of the server, and of our schema there.
        event_id: the outbox entry's.
        handler: its name.
        session_id: the entry's session, by which the server finds it sooner.
    """

    def __init__(self, address: Address, event_id: str, handler: str, session_id: str | None = None) -> None:
        self.failure: Exception | None = None
        self._address = address
        self._entry = {"event_id": event_id, "session_id": session_id}
        self._where = entry(session_id)
        self._handler = handler

    def run(self, work: Callable[["psycopg.Connection[TupleRow]"], None], *, connect_timeout: int) -> None:
        """Do `work`, unless the entry is finished or the handler is noted in it.

        The entry is locked meanwhile, so whoever claims it as well waits, and then finds the handler there.

        Args:
            work: finds the application's tables as any other connection does.
            connect_timeout: seconds.

        Raises:
            InvalidHandler: the handler ended the transaction, which then holds one half only.
            Exception: what `work` or the server raises; nothing was done.
        """
        with (
            psycopg.connect(self._address.conninfo, connect_timeout=connect_timeout, autocommit=True) as connection,
            connection.transaction(),
        ):
            if self._address.schema is not None:
                connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(self._address.schema)))
            ours = connection.execute("SELECT current_setting('search_path')").fetchone()
            assert ours is not None
            row = connection.execute(
                f"SELECT handled FROM outbox WHERE {self._where} FOR UPDATE", self._entry
            ).fetchone()
            if row is None or self._handler in row[0]:
                return
            if self._address.schema is not None:
                connection.execute("SET LOCAL search_path TO DEFAULT")
            try:
                work(connection)
            except Exception as error:
                self.failure = error
                raise
            if connection.info.transaction_status not in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                raise InvalidHandler(f"The handler {self._handler} ended the transaction. Leave COMMIT to the outbox.")
            connection.execute("SELECT set_config('search_path', %s, true)", ours)
            connection.execute(
                f"UPDATE outbox SET handled = handled || %(handler)s WHERE {self._where}",
                {**self._entry, "handler": Jsonb([self._handler])},
            )
