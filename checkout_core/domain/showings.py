"""Showings: the day, the hour and the place for which a product is a ticket. Pure."""

from datetime import datetime

from babel.dates import format_date, format_time
from pydantic import BaseModel, ConfigDict, Field


class Showing(BaseModel):
    """When and where what was bought takes place.

    `starts` is what the clock at the place shows; a time zone may be given, and changes nothing of what is shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    starts: datetime
    place: str = Field(default="", max_length=80)

    def day(self, locale: str = "en_US") -> str:
        """Return the day in full, such as `Thursday 3 December 2026`."""
        if locale.startswith("en"):
            return f"{self.starts:%A} {self.starts.day} {self.starts:%B %Y}"
        return format_date(self.starts, "full", locale=locale)

    def hour(self, locale: str = "en_US") -> str:
        """Return the time of day, such as `20:30`."""
        if locale.startswith("en"):
            return f"{self.starts:%H:%M}"
        return format_time(self.starts.timetz(), "short", locale=locale)

    def words(self, locale: str = "en_US") -> str:
        """Return day, hour and place in one line."""
        return " · ".join(filter(None, (self.day(locale), self.hour(locale), self.place)))

    @property
    def short(self) -> str:
        """The same as a programme writes it: `Thu 3 Dec · 20:30 · Hall 1`."""
        return " · ".join(
            filter(None, (f"{self.starts:%a} {self.starts.day} {self.starts:%b}", self.hour(), self.place))
        )
