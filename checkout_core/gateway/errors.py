"""The SDK's errors, as ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import stripe

from ..domain.errors import CheckoutError, ConfigurationError, InvalidInput, StripeRejected, StripeUnavailable


@contextmanager
def translated(missing: Callable[[], CheckoutError], refused: Callable[[], CheckoutError]) -> Iterator[None]:
    """Turn the SDK's errors into ours, where they arise (https://docs.stripe.com/error-handling)."""
    try:
        yield
    except stripe.AuthenticationError as error:
        raise ConfigurationError(
            "Stripe does not accept STRIPE_SECRET_KEY. Copy the key again from the Stripe dashboard."
        ) from error
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            raise missing() from error
        if error.code in ("email_invalid",):
            raise InvalidInput("This e-mail address cannot be used.", field="email") from error
        raise refused() from error
    except stripe.IdempotencyError as error:
        raise (StripeUnavailable if error.code == "idempotency_key_in_use" else StripeRejected) from error
    except (stripe.CardError, stripe.PermissionError) as error:
        raise StripeRejected from error
    except stripe.StripeError as error:
        raise StripeUnavailable from error
