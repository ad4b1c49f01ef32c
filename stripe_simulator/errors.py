"""Errors as Stripe words them: https://docs.stripe.com/api/errors."""

from typing import Any

from .wire import JSON


class StripeError(Exception):
    """An error response.

    Args:
        status: the HTTP status.
        message: a sentence for the caller.
        type: Stripe's type of error.
        code: Stripe's code, which links to its documentation.
        fields: what else the `error` object has; those that are None are left out.
    """

    def __init__(
        self, status: int, message: str, *, type: str = "invalid_request_error", code: str | None = None, **fields: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: JSON = {"type": type, "message": message, **{k: v for k, v in fields.items() if v is not None}}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"

    def body(self) -> JSON:
        """Return the JSON body of the response."""
        return {"error": self.error}


def invalid(message: str, param: str | None = None, code: str | None = None, **fields: Any) -> StripeError:
    """Return the 400 for a request that Stripe would refuse."""
    return StripeError(400, message, param=param, code=code, **fields)


def not_simulated(what: str, param: str | None = None) -> StripeError:
    """Return the 400 for what the real Stripe does and this simulator does not."""
    return StripeError(400, f"The Stripe simulator does not simulate {what}.", param=param)


def not_found(kind: str, id: str, param: str = "id", status: int = 404) -> StripeError:
    """Return the error for an id that this account does not know."""
    return StripeError(status, f"No such {kind}: '{id}'", param=param, code="resource_missing")


def unauthorized(message: str, code: str | None = None) -> StripeError:
    """Return the 401 for a key that is missing or does not fit."""
    return StripeError(401, message, code=code)


def card_error(code: str, message: str, decline_code: str | None = None, **fields: object) -> StripeError:
    """Return the 402 for a payment method that does not work."""
    return StripeError(402, message, type="card_error", code=code, decline_code=decline_code, **fields)
