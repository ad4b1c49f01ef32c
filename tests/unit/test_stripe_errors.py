"""Stripe's refusals one by one: which error of ours each becomes, and which HTTP status that has."""

from collections.abc import Callable

import pytest
import stripe

from checkout_core.domain.errors import (
    CheckoutError,
    ConfigurationError,
    IdempotencyKeyReused,
    InvalidInput,
    RefundInProgress,
    RefundNotPossible,
    SessionNotFound,
    StripeRejected,
    StripeUnavailable,
)
from checkout_core.fastapi.error_codes import status_of
from checkout_core.gateway.errors import map_refund_errors, map_stripe_errors

SECRET = "sk_test_verysecret"


def invalid(code: str | None) -> Callable[[], stripe.StripeError]:
    return lambda: stripe.InvalidRequestError(f"No: {SECRET}", "param", code=code)  # type: ignore[no-untyped-call]


def missing(what: str) -> Callable[[], stripe.StripeError]:
    return lambda: stripe.InvalidRequestError(f"No such {what}: 'x_1'", "id", code="resource_missing")  # type: ignore[no-untyped-call]


def of(kind: type[stripe.StripeError], code: str | None = None) -> Callable[[], stripe.StripeError]:
    return lambda: kind(f"No: {SECRET}", code=code)


def card_declined() -> stripe.StripeError:
    return stripe.CardError("No.", "card", "card_declined")  # type: ignore[no-untyped-call]


REFUSALS: list[tuple[str, Callable[[], stripe.StripeError], type[CheckoutError], int]] = [
    ("wrong key", of(stripe.AuthenticationError), ConfigurationError, 500),
    ("unknown object", invalid("resource_missing"), SessionNotFound, 404),
    ("unknown charge of a known session", missing("charge"), RefundNotPossible, 409),
    ("unknown session", missing("checkout.session"), SessionNotFound, 404),
    ("unusable e-mail", invalid("email_invalid"), InvalidInput, 422),
    ("wrong parameter", invalid("parameter_unknown"), RefundNotPossible, 409),
    ("refused without a code", invalid(None), RefundNotPossible, 409),
    ("key in use", of(stripe.IdempotencyError, "idempotency_key_in_use"), StripeUnavailable, 503),
    ("key of another request", of(stripe.IdempotencyError, "idempotency_error"), IdempotencyKeyReused, 409),
    ("key without a code", of(stripe.IdempotencyError), IdempotencyKeyReused, 409),
    ("card", card_declined, StripeRejected, 502),
    ("permission", of(stripe.PermissionError), StripeRejected, 502),
    ("too many requests", of(stripe.RateLimitError, "rate_limit"), StripeUnavailable, 503),
    ("no connection", of(stripe.APIConnectionError), StripeUnavailable, 503),
    ("a fault of Stripe's", of(stripe.APIError), StripeUnavailable, 503),
    ("anything else", of(stripe.StripeError), StripeUnavailable, 503),
]


@pytest.mark.parametrize(("error", "ours", "status"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_every_refusal_of_stripe_has_an_error_and_a_status(
    error: Callable[[], stripe.StripeError], ours: type[CheckoutError], status: int
) -> None:
    cause = error()
    with pytest.raises(CheckoutError) as caught, map_stripe_errors(SessionNotFound, RefundNotPossible):
        raise cause
    assert type(caught.value) is ours
    assert status_of(caught.value) == status
    assert caught.value.__cause__ is cause
    assert SECRET not in str(caught.value)


def test_an_email_that_stripe_refuses_names_the_field() -> None:
    with pytest.raises(InvalidInput, match="e-mail") as caught, map_stripe_errors(StripeRejected, StripeRejected):
        raise invalid("email_invalid")()
    assert caught.value.field == "email"


def test_what_is_no_refusal_of_stripe_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), map_stripe_errors(StripeRejected, StripeRejected):
        raise ZeroDivisionError
    with map_stripe_errors(StripeRejected, StripeRejected):
        pass


def in_use() -> stripe.StripeError:
    return stripe.APIError("In progress.", http_status=409)


REFUND_REFUSALS: list[tuple[str, Callable[[], stripe.StripeError], type[CheckoutError], str | None]] = [
    ("disputed", invalid("charge_disputed"), RefundNotPossible, "charge_disputed"),
    ("refused without a code", invalid(None), RefundNotPossible, None),
    ("unknown payment", invalid("resource_missing"), RefundNotPossible, "resource_missing"),
    ("card", card_declined, RefundNotPossible, "card_declined"),
    ("permission", of(stripe.PermissionError), RefundNotPossible, None),
    ("key in use", in_use, RefundInProgress, None),
    ("key of another refund", of(stripe.IdempotencyError), InvalidInput, None),
    ("wrong key", of(stripe.AuthenticationError), ConfigurationError, None),
    ("too many requests", of(stripe.RateLimitError, "rate_limit"), StripeUnavailable, None),
    ("no connection", of(stripe.APIConnectionError), StripeUnavailable, None),
    ("a fault of Stripe's", of(stripe.APIError), StripeUnavailable, None),
]


@pytest.mark.parametrize(
    ("error", "ours", "reason"), [row[1:] for row in REFUND_REFUSALS], ids=[row[0] for row in REFUND_REFUSALS]
)
def test_what_stripe_has_against_a_refund_is_definite_in_progress_or_not_known(
    error: Callable[[], stripe.StripeError], ours: type[CheckoutError], reason: str | None
) -> None:
    with (
        pytest.raises(CheckoutError) as caught,
        map_stripe_errors(SessionNotFound, StripeRejected),
        map_refund_errors(),
    ):
        raise error()
    assert type(caught.value) is ours
    assert getattr(caught.value, "reason", None) == reason
    assert SECRET not in caught.value.message
