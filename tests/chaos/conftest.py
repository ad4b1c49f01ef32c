"""The PostgreSQL of the store's tests."""

from ..stores.conftest import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
