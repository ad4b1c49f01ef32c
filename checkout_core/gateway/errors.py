"""The SDK's errors, as ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import stripe

from ..config.logging import get_logger
from ..domain.errors import (
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

log = get_logger(__name__)


@contextmanager
def map_stripe_errors(
    on_missing: Callable[[], CheckoutError], on_refused: Callable[[], CheckoutError]
) -> Iterator[None]:
    """Turn the SDK's errors into ours, where they arise (https://docs.stripe.com/error-handling).

    Args:
        on_missing: makes the error when Stripe does not know what was named. SessionNotFound is only taken for a
            session: a session of which Stripe cannot find the charge is one that Stripe knows.
        on_refused: makes the error when Stripe refuses the request.
    """
    try:
        with read_answer():
            yield
    except stripe.AuthenticationError as error:
        raise ConfigurationError(
            "Stripe does not accept STRIPE_SECRET_KEY. Copy the key again from the Stripe dashboard."
        ) from error
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing" and (
            on_missing is not SessionNotFound or not _is_about_another_object(error)
        ):
            raise on_missing() from error
        if error.code in ("email_invalid",):
            raise InvalidInput("This e-mail address cannot be used.", field="email") from error
        raise on_refused() from error
    except stripe.IdempotencyError as error:
        raise (StripeUnavailable if error.code == "idempotency_key_in_use" else IdempotencyKeyReused) from error
    except (stripe.CardError, stripe.PermissionError) as error:
        raise StripeRejected from error
    except stripe.StripeError as error:
        raise StripeUnavailable from error


@contextmanager
def read_answer() -> Iterator[None]:
    """Read an answer; one that cannot be read, such as a list for an object, is as good as none: StripeUnavailable."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        log.error("Stripe's answer cannot be read", error=type(error).__name__, exc_info=error)
        raise StripeUnavailable from error


def _is_about_another_object(error: stripe.InvalidRequestError) -> bool:
    """Whether Stripe misses something else than a session: `No such charge: ch_…`, not `No such checkout.session: cs_…`."""
    return "No such " in str(error) and "No such checkout" not in str(error)


def is_about(error: StripeRejected, param: str) -> bool:
    """Whether Stripe refused a request for one of its parameters."""
    return isinstance(error.__cause__, stripe.InvalidRequestError) and error.__cause__.param == param


@contextmanager
def map_refund_errors() -> Iterator[None]:
    """Turn what Stripe has against a refund into ours; the rest is left to `map_stripe_errors`.

    Every answer but a 429 and a key in use is definite: nothing was refunded (https://docs.stripe.com/error-low-level).
    """
    try:
        yield
    except stripe.APIError as error:
        if error.http_status == 409:  # the SDK has no error of its own for a key in use
            raise RefundInProgress from error
        raise
    except stripe.IdempotencyError as error:
        raise InvalidInput("This key was used for another refund. Use a new one.", field="idempotency_key") from error
    except stripe.CardError as error:
        raise RefundNotPossible(reason=error.code or "declined") from error
    except stripe.PermissionError as error:
        raise RefundNotPossible("The Stripe key may not refund. Give it the permission to write refunds.") from error
    except stripe.InvalidRequestError as error:
        raise RefundNotPossible(reason=error.code) from error
