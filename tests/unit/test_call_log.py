"""The log of Stripe's calls: a short memory."""

from checkout_core.gateway.call_log import CallLog, StripeCall
from tests.support.builders import NOW


def call(number: int, session_id: str | None = None) -> StripeCall:
    return StripeCall(f"call {number}", session_id, NOW, 0.1, "ok")


def test_the_calls_of_a_session_are_found_among_all() -> None:
    log = CallLog()
    calls = [call(1), call(2, "cs_1"), call(3, "cs_2"), call(4, "cs_1")]
    for each in calls:
        log.add(each)
    assert log.all() == tuple(calls)
    assert log.of("cs_1") == (calls[1], calls[3])
    assert log.of("cs_3") == ()
    log.clear()
    assert log.all() == ()


def test_the_oldest_calls_are_forgotten() -> None:
    log = CallLog(size=2)
    for number in range(3):
        log.add(call(number))
    assert log.all() == (call(1), call(2))
