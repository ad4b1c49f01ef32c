"""The log of Stripe's calls: a short memory."""

import pytest
import stripe

from checkout_core.domain.errors import SessionNotFound, StripeUnavailable
from checkout_core.gateway import CallLimits
from checkout_core.gateway.call_log import CallLog, StripeCall
from checkout_core.gateway.client import StripeClient
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


@pytest.mark.parametrize(
    ("error", "raised", "outcome"),
    [
        (None, None, "ok"),
        (stripe.APIConnectionError("No."), StripeUnavailable, "stripe_unavailable"),  # type: ignore[no-untyped-call]
        (SessionNotFound(), SessionNotFound, "session_not_found"),
        (ZeroDivisionError(), ZeroDivisionError, "checkout_error"),
        (KeyboardInterrupt(), KeyboardInterrupt, "checkout_error"),
    ],
)
def test_a_call_is_logged_however_it_ends(
    error: BaseException | None, raised: type[BaseException] | None, outcome: str
) -> None:
    client = StripeClient("sk_test_1", "http://127.0.0.1:9", CallLimits())
    caught: BaseException | None = None
    try:
        with client.call("sessions.create") as context:
            context.session_id = "cs_1"
            if error is not None:
                raise error
    except BaseException as other:
        caught = other
    assert (type(caught) if caught else None) is raised
    (logged,) = client.calls.of("cs_1")
    assert (logged.name, logged.outcome) == ("sessions.create", outcome)
    assert logged.seconds >= 0
