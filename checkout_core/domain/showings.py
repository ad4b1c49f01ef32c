"""Showings: the day, the hour and the place for which a product is a ticket. Pure."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .dates import format_date, format_time
from .metadata import JsonValue, in_parts, joined_parts

SHOWINGS = "checkout_showings"
"""The metadata key of an order, and of its session at Stripe, under which stands what was bought, by product."""
MAX_PARTS = 15
"""Entries of a session's metadata that showings may take; Stripe has 50 for all (https://docs.stripe.com/metadata)."""


class Showing(BaseModel):
    """When and where what was bought takes place.

    `starts` is what the clock at the place shows; a time zone may be given, and changes nothing of what is shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    starts: datetime
    place: str = Field(default="", max_length=80)

    def day(self, locale: str = "en_US") -> str:
        """Return the day in full, such as `Thursday, December 3, 2026`."""
        return format_date(self.starts.date(), locale, "full")

    def hour(self, locale: str = "en_US") -> str:
        """Return the time of day, such as `8:30 PM` or `20:30`."""
        return format_time(self.starts.time(), locale)

    def words(self, locale: str = "en_US") -> str:
        """Return day, hour and place in one line."""
        return " · ".join(filter(None, (self.day(locale), self.hour(locale), self.place)))

    def short(self, locale: str = "en_US") -> str:
        """Return the same as a programme writes it: `Thu, Dec 3 · 8:30 PM · Hall 1`."""
        day = format_date(self.starts.date(), locale, "short")
        return " · ".join(filter(None, (day, self.hour(locale), self.place)))


def with_showings(metadata: Mapping[str, JsonValue], showings: Mapping[str, Showing]) -> dict[str, JsonValue]:
    """Return metadata of an order that says what was bought, whatever becomes of the catalogue.

    Args:
        metadata: the order's.
        showings: by product; none leaves no entry.
    """
    others = {key: value for key, value in metadata.items() if key != SHOWINGS}
    bought: dict[str, JsonValue] = {
        product: showing.model_dump(mode="json", exclude_defaults=True) for product, showing in sorted(showings.items())
    }
    return {**others, SHOWINGS: bought} if bought else others


def bought_showings(metadata: Mapping[str, JsonValue]) -> dict[str, Showing]:
    """Return what an order with this metadata was bought for, by product; empty where it does not say."""
    bought = metadata.get(SHOWINGS)
    try:
        return (
            {product: Showing.model_validate(each) for product, each in bought.items()}
            if isinstance(bought, dict)
            else {}
        )
    except ValidationError:  # written by a later version
        return {}


def showings_metadata(showings: Mapping[str, Showing]) -> dict[str, str]:
    """Return what is bought as metadata of a session, so that an order can be made of the payment alone.

    Args:
        showings: by product; those of a cart that are too many for Stripe leave no entry.
    """
    if not showings:
        return {}
    parts = in_parts(
        SHOWINGS, [[product, each.starts.isoformat(), each.place] for product, each in sorted(showings.items())]
    )
    return parts if len(parts) <= MAX_PARTS else {}


def showings_from_stripe(metadata: Mapping[str, str]) -> dict[str, Showing]:
    """Return what `showings_metadata` was given; empty where the session does not say, or somebody has edited it."""
    listed = joined_parts(SHOWINGS, metadata)
    try:
        return {
            str(product): Showing.model_validate({"starts": starts, "place": place})
            for product, starts, place in (listed if isinstance(listed, list) else ())
        }
    except (TypeError, ValueError):
        return {}
