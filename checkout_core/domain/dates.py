"""Dates and times as a person reads them: in the words of their locale, and on their own clock."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date as babel_date
from babel.dates import format_skeleton, get_datetime_format
from babel.dates import format_time as babel_time

DateWidth = Literal["short", "long", "full"]


def format_date(day: date, locale: str = "en_US", width: DateWidth = "long") -> str:
    """Return a day, such as `December 3, 2026` or `3. Dezember 2026`.

    Args:
        day: the day. Of a moment, the day where its own time zone is: see `format_moment`.
        locale: a language and country such as `de_DE`.
        width: `full` has the day of the week, too; `short` has it and no year: `Thu, Dec 3`.
    """
    if width == "short":
        return format_skeleton("MMMEd", datetime.combine(day, time()), locale=locale)
    return babel_date(day, width, locale=locale)


def format_time(at: time, locale: str = "en_US") -> str:
    """Return a time of day as the clock at the place shows it, such as `8:30 PM` or `20:30`.

    Args:
        at: the time.
        locale: a language and country such as `de_DE`.
    """
    return babel_time(at.replace(tzinfo=None), "short", locale=locale)


def format_moment(moment: datetime, locale: str = "en_US", zone: str | None = None) -> str:
    """Return day and time of day, such as `December 3, 2026, 8:30 PM`.

    Args:
        moment: with its time zone.
        locale: a language and country such as `de_DE`.
        zone: the reader's time zone, such as `Europe/Berlin`. When it is not known the time is UTC, and says so.
    """
    found = _zone(zone)
    local = moment.astimezone(found or UTC)
    glued = str(get_datetime_format("medium", locale=locale)).replace("'", "")
    text = glued.replace("{0}", format_time(local.time(), locale)).replace("{1}", format_date(local.date(), locale))
    return text if found else f"{text} UTC"


@lru_cache(maxsize=256)
def _zone(name: str | None) -> tzinfo | None:
    """Return the time zone of a name, None for a name that nobody knows: browsers send it, and anyone can be one."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):
        return None
