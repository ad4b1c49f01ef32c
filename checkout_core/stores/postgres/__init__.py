"""Orders in PostgreSQL, for many machines."""
