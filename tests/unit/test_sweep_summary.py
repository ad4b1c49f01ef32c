"""What a sweep found, and the sum of several shops' sweeps."""

from checkout_core.services.sweep import SweepSummary

FIRST = SweepSummary({"paid": 2, "pending": 1}, {"stripe_unavailable": 1}, 3, 4)
SECOND = SweepSummary({"paid": 1, "processing": 5, "expired": 1}, {"stripe_unavailable": 2, "store_busy": 1}, 30, 40)


def test_a_summary_counts_what_waits_what_is_finished_and_what_failed() -> None:
    assert (SECOND.asked, SECOND.waiting, SECOND.finished, SECOND.unavailable) == (10, 5, 2, 2)
    assert (SweepSummary().asked, SweepSummary().unavailable) == (0, 0)


def test_two_summaries_add_up_line_by_line() -> None:
    both = FIRST + SECOND
    assert both.outcomes == {"paid": 3, "pending": 1, "processing": 5, "expired": 1}
    assert both.problems == {"stripe_unavailable": 3, "store_busy": 1}
    assert (both.new_events, both.dispatched) == (33, 44)


def test_a_shop_whose_events_could_not_be_read_makes_the_sum_unknown() -> None:
    unread = SweepSummary(new_events=None)
    assert (FIRST + unread).new_events is None
    assert (unread + FIRST).new_events is None
    assert (unread + FIRST).problems == FIRST.problems
