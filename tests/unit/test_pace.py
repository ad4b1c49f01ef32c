"""How fast Stripe is asked for what can wait."""

import pytest

from checkout_core.gateway.pace import (
    LEAST_PER_SECOND,
    MAX_PRECEDENCE_SECONDS,
    PAUSE_SECONDS,
    Pace,
    calls_that_can_wait,
)

PER_SECOND = 10.0


class Seconds:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def pace(seconds: Seconds) -> Pace:
    return Pace(seconds)


def waits(pace: Pace, count: int) -> list[float]:
    """Return how long each of so many calls at the same moment has to wait."""
    with calls_that_can_wait():
        return [round(pace.take(PER_SECOND), 3) for _ in range(count)]


def test_what_can_wait_begins_at_once_after_a_rest_and_then_at_its_pace(pace: Pace, seconds: Seconds) -> None:
    assert waits(pace, 13) == [0.0] * 11 + [0.1, 0.2]
    seconds.now += 0.3
    assert waits(pace, 2) == [0.0, 0.1]
    seconds.now += 60
    assert waits(pace, 12)[-1] == 0.1


def test_a_shopper_never_waits_and_goes_before_what_can(pace: Pace) -> None:
    waits(pace, 11)
    assert [pace.take(PER_SECOND) for _ in range(20)] == [0.0] * 20
    assert waits(pace, 1) == [2.1]


def test_any_number_of_shoppers_hold_up_what_can_wait_for_a_moment_only(pace: Pace) -> None:
    for _ in range(1_000):
        pace.take(PER_SECOND)
    assert waits(pace, 2) == [MAX_PRECEDENCE_SECONDS, MAX_PRECEDENCE_SECONDS + 0.1]
    for _ in range(1_000):
        pace.take(PER_SECOND)
    assert waits(pace, 1) == [MAX_PRECEDENCE_SECONDS + 0.2]


def test_stripe_is_left_to_shoppers_once_it_is_asked_too_often(pace: Pace) -> None:
    pace.pause()
    assert pace.take(PER_SECOND) == 0.0
    assert waits(pace, 1) == [pytest.approx(PAUSE_SECONDS + 0.1)]


@pytest.mark.parametrize(
    ("elsewhere", "left"), [(0.0, 10.0), (7.5, 2.5), (9.5, LEAST_PER_SECOND), (500.0, LEAST_PER_SECOND)]
)
def test_room_is_left_to_the_shoppers_of_other_processes_but_never_all_of_it(
    pace: Pace, elsewhere: float, left: float
) -> None:
    pace.elsewhere = elsewhere
    waited = waits(pace, 30)
    assert waited[-1] - waited[-2] == pytest.approx(1 / left, abs=0.002)


def test_calls_for_shoppers_are_counted_and_those_that_can_wait_are_not(pace: Pace) -> None:
    waits(pace, 5)
    for _ in range(3):
        pace.take(PER_SECOND)
    assert pace.calls_for_shoppers == 3
