"""Orders in a DuckDB file that several processes share."""
