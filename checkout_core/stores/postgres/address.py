"""Where a PostgreSQL server is: the address that libpq takes, and the schema that holds our tables."""

import re
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from ...domain.errors import ConfigurationError

_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Address:
    """An address such as `postgresql://user:password@host/database?schema=checkout`.

    Args:
        conninfo: what libpq takes. It appears in no error.
        schema: where our tables are; None: wherever the server puts them, which is mostly `public`.
    """

    conninfo: str
    schema: str | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """Read a URL; the driver in one of SQLAlchemy's (`postgresql+psycopg://`) and `schema` are not libpq's.

        Raises:
            ConfigurationError: the schema has no name that can be used.
        """
        scheme, _, rest = url.partition("://")
        base, _, query = rest.partition("?")
        parameters = [parameter for parameter in query.split("&") if parameter]
        named = [unquote(each.partition("=")[2]) for each in parameters if each.partition("=")[0] == "schema"]
        kept = "&".join(each for each in parameters if each.partition("=")[0] != "schema")
        schema = named[-1] if named else None
        if schema is not None and not _SCHEMA.fullmatch(schema):
            raise ConfigurationError(
                "CHECKOUT_DATABASE_URL: schema must be a name of letters, digits and underscores, such as ?schema=checkout."
            )
        return cls(f"{scheme.partition('+')[0]}://{base}{'?' if kept else ''}{kept}", schema)

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
