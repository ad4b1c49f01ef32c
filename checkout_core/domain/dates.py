"""Dates and times as a person reads them: in the words of their locale, and on their own clock."""

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date as babel_date
from babel.dates import format_time as babel_time
from babel.dates import get_datetime_format


def format_date(day: date, locale: str = "en_US") -> str:
    """Return a day, such as `December 3, 2026` or `3. Dezember 2026`.

    Args:
        day: the day. Of a moment, the day where its own time zone is: see `format_moment`.
        locale: a language and country such as `de_DE`.
    """
    return babel_date(day, "long", locale=locale)


def format_moment(moment: datetime, locale: str = "en_US", zone: str | None = None) -> str:
    """Return day and time of day, such as `December 3, 2026, 8:30 PM`.

    Args:
        moment: with its time zone.
        locale: a language and country such as `de_DE`.
        zone: the reader's time zone, such as `Europe/Berlin`. When it is not known the time is UTC, and says so.
    """
    found = _zone(zone)
    local = moment.astimezone(found or UTC)
    time = babel_time(local, "short", tzinfo=local.tzinfo, locale=locale)
    glued = str(get_datetime_format("medium", locale=locale)).replace("'", "")
    text = glued.replace("{0}", time).replace("{1}", format_date(local.date(), locale))
    return text if found else f"{text} UTC"


@lru_cache(maxsize=256)
def _zone(name: str | None) -> tzinfo | None:
    """Return the time zone of a name, None for a name that nobody knows: browsers send it, and anyone can be one."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):
        return None
