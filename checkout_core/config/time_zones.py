"""Names of time zones."""

from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


def time_zone(name: object) -> str:
    """Return the name of a time zone when there is one.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        if isinstance(name, str) and name:
            return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    near = get_close_matches(str(name).title(), available_timezones(), n=1)
    hint = f"; {near[0]} is one" if near else ""
    raise ValueError(f"there is no time zone {name}. Name one such as Europe/Berlin or UTC{hint}")
