"""Errors as Stripe words them: https://docs.stripe.com/api/errors."""

from typing import Any

JSON = dict[str, Any]


class StripeError(Exception):
    """An error response: HTTP status and the fields of the `error` object."""

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
        """The JSON body of the response."""
        return {"error": self.error}


def invalid(message: str, param: str | None = None, code: str | None = None, **fields: Any) -> StripeError:
    """A request that Stripe would refuse: 400."""
    return StripeError(400, message, param=param, code=code, **fields)


def not_simulated(what: str, param: str | None = None) -> StripeError:
    """Something that the real Stripe does and this simulator does not: 400."""
    return StripeError(400, f"The Stripe simulator does not simulate {what}.", param=param)


def missing(kind: str, id: str, param: str = "id", status: int = 404) -> StripeError:
    """An id that this account does not know."""
    return StripeError(status, f"No such {kind}: '{id}'", param=param, code="resource_missing")


def unauthorized(message: str, code: str | None = None) -> StripeError:
    """No key, or one that does not fit: 401."""
    return StripeError(401, message, code=code)
