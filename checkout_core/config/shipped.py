"""The catalogue of the application that is installed beside this library. The library itself brings none."""

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from ..domain.errors import ConfigurationError

GROUP = "checkout_core.catalog"
"""An application names its catalogue by an entry point of this group, whose value is a `Path`."""


@cache
def shipped_catalog() -> Path | None:
    """Return the `catalog.toml` that the installed application ships, or None without such an application.

    Raises:
        ConfigurationError: two applications ship one; which of them sells is not for chance to say.
    """
    entries = {entry.value: entry for entry in entry_points(group=GROUP)}
    if len(entries) > 1:
        names = sorted(entry.dist.name if entry.dist else entry.value for entry in entries.values())
        raise ConfigurationError(
            f"{' and '.join(names)} are installed in one environment, and each ships a catalogue. Uninstall one, or put "
            "a catalog.toml into CHECKOUT_DATA_DIR."
        )
    for entry in entries.values():
        path: Path = entry.load()
        return path
    return None
