"""The catalogue of the application that is installed beside this library. The library itself brings none."""

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

GROUP = "checkout_core.catalog"
"""An application names its catalogue by an entry point of this group, whose value is a `Path`."""


@cache
def shipped_catalog() -> Path | None:
    """Return the `catalog.toml` that the installed application ships, or None without such an application."""
    for entry in entry_points(group=GROUP):
        path: Path = entry.load()
        return path
    return None
