"""From `CheckoutError` to HTTP: the only place that knows both."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from ..config.logging import get_logger
from ..domain import errors

log = get_logger(__name__)

STATUSES: Mapping[type[errors.CheckoutError], int] = {
    errors.CheckoutError: 500,
    errors.InvalidInput: 422,
    errors.ProductSoldOut: 409,
    errors.SessionNotFound: 404,
    errors.SessionNotOpen: 400,
    errors.SessionNotComplete: 400,
    errors.OrderNotFound: 404,
    errors.UnknownShop: 404,
    errors.RefundNotPossible: 409,
    errors.WebhookSignatureInvalid: 400,
    errors.StripeError: 502,
    errors.StripeUnavailable: 503,
    errors.StoreError: 503,
}
"""The HTTP status of a class of errors, and of its subclasses unless they have their own."""


def status_of(error: errors.CheckoutError) -> int:
    """Return the HTTP status of an error."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 429: "rate_limited"}
"""The codes of what HTTP itself has against a request."""

NOT_JSON = "The body is not valid JSON."


class ErrorDetail(BaseModel):
    """What went wrong: `code` for programs, `message` for people."""

    code: str
    message: str


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorDetail


def answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error as every route answers it.

    Args:
        status: of HTTP.
        code: for programs.
        message: for people.
        headers: of the answer; with 503 it is `Retry-After`.
    """
    if status == 503:
        headers = {"Retry-After": "2"}
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def install_error_answers(app: FastAPI) -> None:
    """Make every error of `app` answer with `ErrorBody`."""

    @app.exception_handler(errors.CheckoutError)
    def _checkout(_request: Request, error: errors.CheckoutError) -> JSONResponse:
        status = status_of(error)
        if isinstance(error, errors.ConfigurationError):
            log.error("misconfigured", message=error.message)
            return answer(status, error.code, errors.CheckoutError.sentence)
        if isinstance(error, errors.StoreError):
            log.error("store_error", code=error.code, message=error.message, cause=str(error.__cause__ or ""))
        elif status >= 500:
            log.warning("checkout_error", code=error.code, cause=type(error.__cause__).__name__)
        return answer(status, error.code, error.public_message)

    @app.exception_handler(RequestValidationError)
    def _validation(_request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(422, "invalid_input", _in_one_sentence(error.errors()[0]))

    @app.exception_handler(HTTPException)
    def _http(_request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 400 and isinstance(error.__cause__, ValueError):  # a body that is not even text
            return answer(422, "invalid_input", NOT_JSON)
        return answer(error.status_code, CODES.get(error.status_code, "http_error"), str(error.detail), error.headers)

    @app.exception_handler(Exception)
    def _unexpected(_request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected", error=type(error).__name__, exc_info=error)
        return answer(500, "internal_error", errors.CheckoutError.sentence)


def _in_one_sentence(error: Mapping[str, Any]) -> str:
    """What is wrong with which field, without repeating what was sent."""
    if error["type"] == "json_invalid":
        return NOT_JSON
    field = ".".join(str(part) for part in error["loc"][1:]) or "body"
    return f"{field}: {error['msg']}."
