"""What can go wrong over HTTP: the status of each error, its code, and how both stand in the OpenAPI schema."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from ..domain import errors

STATUSES: Mapping[type[errors.CheckoutError], int] = {
    errors.CheckoutError: 500,
    errors.InvalidInput: 422,
    errors.SoldOut: 409,
    errors.SessionNotFound: 404,
    errors.SessionNotOpen: 400,
    errors.SessionNotComplete: 400,
    errors.PaymentUnconfirmed: 503,
    errors.SessionRefused: 409,
    errors.SessionAlreadyPaid: 409,
    errors.OrderNotFound: 404,
    errors.OrderLinkInvalid: 404,
    errors.ReceiptNotSent: 409,
    errors.HoldNotReleased: 409,
    errors.UnknownShop: 404,
    errors.RefundNotPossible: 409,
    errors.RefundInProgress: 409,
    errors.WebhookSignatureInvalid: 400,
    errors.StripeError: 502,
    errors.IdempotencyKeyReused: 409,
    errors.StripeUnavailable: 503,
    errors.StoreError: 503,
}
"""The HTTP status of a class of errors, and of its subclasses unless they have their own."""

HTTP_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 429: "rate_limited"}
"""The codes of what HTTP itself has against a request."""

_HTTP_SENTENCES = {
    401: "Give the operator password.",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "The request is larger than 256 KiB.",
    429: "Too many requests. Please wait a moment and try again.",
}


def status_of(error: errors.CheckoutError) -> int:
    """Return the HTTP status of an error."""
    return _status_of(type(error))


def _status_of(error: type[errors.CheckoutError]) -> int:
    return next(STATUSES[kind] for kind in error.__mro__ if kind in STATUSES)


def _tree(kind: type[errors.CheckoutError]) -> Iterator[type[errors.CheckoutError]]:
    """Give an error and all below it."""
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


def _codes() -> list[str]:
    """Return the codes of all errors that there are now: ours, and those that the application has defined."""
    codes = {kind.code for kind in _tree(errors.CheckoutError)}
    return sorted({*codes, *HTTP_CODES.values(), "http_error", "internal_error"})


class _Codes(StrEnum):
    """An enum whose schema is made when it is asked for: a generated client reads the application's own codes, too."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        handler.resolve_ref_schema(schema)["enum"] = _codes()
        return schema


if TYPE_CHECKING:
    ErrorCode = str
else:
    ErrorCode = _Codes("ErrorCode", {code: code for code in _codes()}, module=__name__)
    ErrorCode.__doc__ = "What went wrong, for programs. `http_error` is for statuses that have no code of their own."


class ErrorDetail(BaseModel):
    """What went wrong: `code` for programs, `message` for people.

    With `already_paid`, `confirmation` is the address of the confirmation page. With `sold_out`, `left` says how many
    are left of each product of which the cart has more.
    """

    code: ErrorCode
    message: str
    confirmation: str | None = None
    left: dict[str, int] | None = None


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"error": {"code": "empty_cart", "message": errors.EmptyCart.sentence}}]}
    )

    error: ErrorDetail


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how the errors of these statuses stand in the OpenAPI schema, each with its examples."""
    return {
        status: {"model": ErrorBody, "content": {"application/json": {"examples": _examples(status)}}}
        for status in statuses
    }


def _examples(status: int) -> dict[str, Any]:
    sentences = {HTTP_CODES[status]: _HTTP_SENTENCES[status]} if status in HTTP_CODES else {}
    for kind in _tree(errors.CheckoutError):
        if kind.__module__ == errors.__name__ and _status_of(kind) == status:
            sentences.setdefault(kind.code, kind.sentence)
    return {code: {"value": {"error": {"code": code, "message": said}}} for code, said in sorted(sentences.items())}
