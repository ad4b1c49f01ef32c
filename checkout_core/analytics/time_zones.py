"""Local time for the views: when a time zone's clocks change, as SQL.

DuckDB asks its calendar for each value, which takes longer than most questions. The views make days, hours and months of
millions of times, so they add the offset themselves, found by comparing with the moments at which it changes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 2010, 2045
"""Between these changes of the clock are known; before and after, the offset is that of the nearest year."""

_STEP = timedelta(days=7)


@cache
def local_time(zone: str) -> str:
    """Return a macro that makes local wall-clock time of a moment: a TIMESTAMP without a zone.

    `ts` may have a zone or be naive UTC, as a store keeps it.
    """
    changes, offsets = _changes(ZoneInfo(zone))
    if not any(offsets):
        return "local_time(ts) AS make_timestamp(epoch_us(ts))"
    return f"local_time(ts) AS make_timestamp(epoch_us(ts) + {_offset(changes, offsets)})"


def _offset(changes: Sequence[int], offsets: Sequence[int]) -> str:
    """Return SQL for the offset of `ts` in microseconds: halving, so that it takes few comparisons."""
    if not changes:
        return str(offsets[0])
    middle = len(changes) // 2
    before = _offset(changes[:middle], offsets[: middle + 1])
    after = _offset(changes[middle + 1 :], offsets[middle + 1 :])
    return f"CASE WHEN epoch_us(ts) < {changes[middle]} THEN {before} ELSE {after} END"


def _changes(zone: ZoneInfo) -> tuple[list[int], list[int]]:
    """Return when the offset changes and the offsets before, between and after, in microseconds."""
    moment, last = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 1, 1, tzinfo=UTC)
    changes, offsets = [], [_offset_at(moment, zone)]
    while moment < last:
        following = moment + _STEP
        if _offset_at(following, zone) != offsets[-1]:
            changes.append(_first_of(moment, following, zone))
            offsets.append(_offset_at(following, zone))
        moment = following
    return changes, offsets


def _first_of(before: datetime, after: datetime, zone: ZoneInfo) -> int:
    """Return the first second, in microseconds, at which the offset is that of `after`."""
    low, high = int(before.timestamp()), int(after.timestamp())
    wanted = _offset_at(after, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset_at(datetime.fromtimestamp(middle, UTC), zone) == wanted else (middle, high)
    return high * 1_000_000


def _offset_at(moment: datetime, zone: ZoneInfo) -> int:
    return moment.astimezone(zone).utcoffset() // timedelta(microseconds=1)  # type: ignore[operator]
