"""Dates and times in words: each locale's order, the reader's clock, and what is said when that is not known."""

from datetime import UTC, date, datetime

import pytest

from checkout_core.domain.dates import format_date, format_moment

SHOWTIME = datetime(2026, 12, 3, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_US", "December 3, 2026, 9:30\N{NARROW NO-BREAK SPACE}PM"),
        ("en_GB", "3 December 2026, 21:30"),
        ("de_DE", "3. Dezember 2026, 21:30"),
        ("ja_JP", "2026年12月3日 21:30"),
        ("vi_VN", "21:30 3 tháng 12, 2026"),
        ("he_IL", "3 בדצמבר 2026, 21:30"),
    ],
)
def test_a_moment_is_written_as_the_locale_writes_it_on_the_readers_clock(locale: str, text: str) -> None:
    assert format_moment(SHOWTIME, locale, "Europe/Berlin") == text


@pytest.mark.parametrize("zone", [None, "", "Atlantis/Capital", "../../etc/passwd", "/etc/localtime", "\x00"])
def test_a_zone_that_nobody_knows_gives_utc_and_says_so(zone: str | None) -> None:
    assert format_moment(SHOWTIME, "en_GB", zone) == "3 December 2026, 20:30 UTC"


def test_a_moment_is_the_day_where_the_reader_is() -> None:
    assert format_moment(SHOWTIME, "en_GB", "Asia/Tokyo") == "4 December 2026, 05:30"


def test_a_day_has_no_clock() -> None:
    assert format_date(date(2026, 12, 3), "de_DE") == "3. Dezember 2026"
