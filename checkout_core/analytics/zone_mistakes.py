"""SQL that runs and gives another day than it says: times that are converted twice, too late, or not at all."""

import re
from collections.abc import Sequence

from ..domain.errors import InvalidInput

TIMES = (
    "created_at",
    "updated_at",
    "paid_at",
    "opened_at",
    "closed_at",
    "first_paid_at",
    "last_paid_at",
    "dispute_evidence_due_at",
    "at",
)
"""The columns of the views that are times with a time zone. `at` is a keyword: it is one in quotes, or after a point."""
DAYS = ("day", "cohort", "first_day", "last_day", "evidence_due_by")
"""The columns of the views that are days."""

GAP = r"(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)"
"""What may stand between two words of SQL."""


def _column(names: Sequence[str]) -> str:
    words = "|".join(name for name in names if name != "at")
    keyword = r'|(?:\w+\.)"?at"?(?!\w)|"at"' if "at" in names else ""
    return rf'(?:(?<![\w."])(?:[\w"]+\.)?"?(?:{words})"?(?!\w){keyword})'


_ZONE = r"(?:'[^']*'|\$\w+|\?)"
_AT_ZONE = rf"{GAP}+AT{GAP}+TIME{GAP}+ZONE{GAP}+"
_TIME, _DAY = _column(TIMES), _column(DAYS)
_WITHOUT_ZONE = (
    rf"(?:{_TIME}{_AT_ZONE}{_ZONE}|timezone{GAP}*\({GAP}*{_ZONE}{GAP}*,{GAP}*{_TIME}{GAP}*\)"
    rf"|local_time{GAP}*\({GAP}*{_TIME}{GAP}*\)|{_TIME}{GAP}*::{GAP}*(?:TIMESTAMP|DATETIME)"
    rf"|CAST{GAP}*\({GAP}*{_TIME}{GAP}+AS{GAP}+(?:TIMESTAMP|DATETIME){GAP}*\))"
)
"""A time of a view after its zone was taken from it."""
_CONVERTED = rf"(?:{_WITHOUT_ZONE}|\({GAP}*{_WITHOUT_ZONE}{GAP}*\))"
_SAID_TWICE = re.compile(rf"(?P<what>[\w.\"]+){_AT_ZONE}{_ZONE}{_AT_ZONE}(?P<zone>{_ZONE})", re.I)
_TWICE = re.compile(
    rf"{_CONVERTED}{_AT_ZONE}(?P<zone>{_ZONE})|\btimezone{GAP}*\({GAP}*(?P<first>{_ZONE}){GAP}*,{GAP}*{_CONVERTED}",
    re.I,
)
_TOO_LATE = re.compile(
    rf"(?:\bdate_?trunc{GAP}*\([^()]*\)|\btime_bucket{GAP}*\([^()]*\)|\bCAST{GAP}*\([^()]*\bAS{GAP}+DATE{GAP}*\)"
    rf"|::{GAP}*DATE|{_DAY}){_AT_ZONE}",
    re.I,
)
_BUCKETS = re.compile(rf"\btime_bucket{GAP}*\([^(),]*(?:\([^()]*\)[^(),]*)?,{GAP}*(?P<what>{_TIME}){GAP}*\)", re.I)
_FORMATTED = re.compile(rf"\bstrftime{GAP}*\({GAP}*(?P<form>'[^']*'){GAP}*,{GAP}*(?P<what>{_TIME}){GAP}*\)", re.I)


def require_one_zone(query: str, zone: str) -> None:
    """Refuse what gives another day or hour than it says.

    Args:
        query: the SQL.
        zone: the time zone of the orders. Some functions count in UTC whatever it is.

    Raises:
        InvalidInput: with the form that is right.
    """
    if mistake := _mistake(query, zone):
        raise InvalidInput(mistake, field="query")


def _mistake(query: str, zone: str) -> str | None:
    if found := _SAID_TWICE.search(query):
        return (
            f"{found['what']} has a time zone already, so AT TIME ZONE once is enough: "
            f"{found['what']} AT TIME ZONE {found['zone']}. For a time without a zone put the first one in parentheses."
        )
    if found := _TWICE.search(query):
        what = re.search(_TIME, found[0], re.I)
        assert what is not None
        return (
            f"{what[0]} has a time zone already, so AT TIME ZONE once is enough: "
            f"{what[0]} AT TIME ZONE {found['zone'] or found['first']}."
        )
    if _TOO_LATE.search(query):
        return (
            "AT TIME ZONE stands after the day was cut. Convert first, then cut: "
            "date_trunc('day', paid_at AT TIME ZONE 'Europe/Berlin')."
        )
    if zone != "UTC" and (found := _BUCKETS.search(query)):
        return f"time_bucket counts in UTC, and these orders are in {zone}: write local_time({found['what']}) in it."
    if zone != "UTC" and (found := _FORMATTED.search(query)):
        return (
            f"strftime with the format first writes UTC, and these orders are in {zone}: "
            f"write strftime({found['what']}, {found['form']})."
        )
    return None
