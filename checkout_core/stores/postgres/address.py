"""Where a PostgreSQL server is: the address that libpq takes, and the schema that holds our tables."""

import re
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from ...domain.errors import ConfigurationError

_OURS = {
    "schema": (
        re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}"),
        "schema must be a name of letters, digits and underscores, such as ?schema=checkout.",
    ),
    "connections": (re.compile(r"[1-9][0-9]{0,3}"), "connections must be a number from 1 to 9999."),
    "prepare_threshold": (re.compile(r"off|[0-9]{1,4}"), "prepare_threshold must be a number from 0 to 9999, or off."),
}
"""The parameters of a URL that are ours: what each may be, and a sentence that says so."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address such as `postgresql://user:password@host/database?schema=checkout`.

    Args:
        conninfo: what libpq takes. It appears in no error.
        schema: where our tables are; None: wherever the server puts them, which is mostly `public`.
        connections: how many connections a store holds at most.
        prepare_threshold: after how many times a statement is prepared; None: never, as some poolers want it.
    """

    conninfo: str
    schema: str | None = None
    connections: int = 8
    prepare_threshold: int | None = 5

    @classmethod
    def of(cls, url: str) -> Self:
        """Read a URL; the driver in one of SQLAlchemy's (`postgresql+psycopg://`) and `_OURS` are not libpq's.

        Raises:
            ConfigurationError: what is ours cannot be used.
        """
        scheme, _, rest = url.partition("://")
        base, _, query = rest.partition("?")
        parameters = [parameter for parameter in query.split("&") if parameter]
        given = {name: unquote(value) for name, _, value in (each.partition("=") for each in parameters)}
        for name, (pattern, sentence) in _OURS.items():
            if name in given and not pattern.fullmatch(given[name]):
                raise ConfigurationError(f"CHECKOUT_DATABASE_URL: {sentence}")
        kept = "&".join(each for each in parameters if each.partition("=")[0] not in _OURS)
        prepare = given.get("prepare_threshold", "5")
        return cls(
            f"{scheme.partition('+')[0]}://{base}{'?' if kept else ''}{kept}",
            given.get("schema"),
            int(given.get("connections", "8")),
            None if prepare == "off" else int(prepare),
        )

    def connect(self, **options: Any) -> "psycopg.Connection[TupleRow]":
        """Connect, and use our schema."""
        connection = psycopg.connect(self.conninfo, **options)
        try:
            self.use_schema(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def use_schema(self, connection: "psycopg.Connection[TupleRow]") -> None:
        """Let a connection find our tables; what it had found before is what `DEFAULT` means to it."""
        if self.schema is not None:
            connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(self.schema)))
            if not connection.autocommit:
                connection.commit()
