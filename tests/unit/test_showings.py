"""What is bought, as a session's metadata at Stripe keeps it."""

from datetime import UTC, datetime

import pytest

from checkout_core.domain.metadata import MAX_VALUE_LENGTH
from checkout_core.domain.ownership import own_metadata
from checkout_core.domain.showings import SHOWINGS, Showing, showings_from_stripe, showings_metadata

HALL = Showing(starts=datetime.fromisoformat("2026-12-03T20:30:00"), place="Hall 1 “Ω”")
OPEN_AIR = Showing(starts=datetime(2026, 7, 1, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    "showings", [{}, {"film": HALL}, {f"film-{number}": (HALL, OPEN_AIR)[number % 2] for number in range(40)}]
)
def test_showings_are_read_as_they_were_written(showings: dict[str, Showing]) -> None:
    kept = showings_metadata(showings)
    assert all(len(text) <= MAX_VALUE_LENGTH for text in kept.values())
    assert showings_from_stripe({"mine": "7", **kept}) == showings
    assert own_metadata({"mine": "7", **kept}) == {"mine": "7"}


def test_more_showings_than_stripe_has_room_for_leave_no_entry() -> None:
    assert showings_metadata({f"film-{number}": HALL for number in range(500)}) == {}


@pytest.mark.parametrize("text", ["", "{}", "7", '["film"]', '[["film", "soon", ""]]', '[["film", null, 7]]', "[["])
def test_what_somebody_has_edited_at_stripe_is_no_showing(text: str) -> None:
    assert showings_from_stripe({SHOWINGS: text}) == {}
