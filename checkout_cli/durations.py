"""Lengths of time as options take them."""

import re
from datetime import UTC, datetime, timedelta

import typer


def duration(text: str, option: str) -> timedelta:
    """Read a length of time such as `90s`, `10m`, `2h` or `1d`; `option` is where it was given.

    Raises:
        typer.BadParameter: it is none.
    """
    parts = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if parts is None:
        raise typer.BadParameter("give a number and a unit, such as 90s, 10m, 2h or 1d", param_hint=option)
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[parts[2]]
    return timedelta(**{unit: int(parts[1])})


def since_moment(text: str, option: str) -> datetime:
    """Return the time that `90d` ago was, or the beginning of a day such as `2026-05-01` (UTC).

    Raises:
        typer.BadParameter: it is neither; `option` names it.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC) - duration(text, option)
