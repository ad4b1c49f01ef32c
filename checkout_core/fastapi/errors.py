"""From `CheckoutError` to HTTP: the only place that knows both."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..config.logging import get_logger
from ..domain import errors
from .error_codes import HTTP_CODES, status_of
from .pages import confirmation_url, is_after_payment, page, wants_page

log = get_logger(__name__)

_TITLES = {
    404: "We cannot find this page",
    422: "This address is incomplete",
    429: "One moment, please",
    503: "We cannot see your payment yet",
}
_FAULT = "This page cannot be shown"
INCOMPLETE_ADDRESS = "Something is missing at its end. Please open it once more from where you have it."

NOT_JSON = "The body is not valid JSON."


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
    """Make every error of `app` answer with `ErrorBody`, or with a page where a browser asks for one.

    For an application that has nothing but a checkout: elsewhere the routes of `checkout_router` answer so by themselves,
    and the errors of all other routes are the application's own.
    """
    for kind in (errors.CheckoutError, RequestValidationError, HTTPException):
        app.exception_handler(kind)(error_answer)

    @app.exception_handler(Exception)
    def _unexpected(request: Request, error: Exception) -> Response:
        return error_answer(request, error)


def error_answer(request: Request, error: Exception) -> Response:
    """Return the answer to a request that ended in an error, and log what is our fault."""
    match error:
        case errors.CheckoutError():
            return _checkout_error_answer(request, error)
        case RequestValidationError():
            return _answer(request, 422, "invalid_input", _in_one_sentence(error.errors()[0]))
        case HTTPException():
            if error.status_code == 400 and error.__cause__ is not None:  # a body that is not even text, or has no end
                return answer(422, "invalid_input", NOT_JSON)
            code = HTTP_CODES.get(error.status_code, "http_error")
            return _answer(request, error.status_code, code, str(error.detail), error.headers)
        case _:
            log.error("unexpected", error=type(error).__name__, exc_info=error)
            return _answer(request, 500, "internal_error", errors.CheckoutError.sentence)


def _checkout_error_answer(request: Request, error: errors.CheckoutError) -> Response:
    status = status_of(error)
    if isinstance(error, errors.ConfigurationError):
        log.error(f"misconfigured: {error.message}")
        return _answer(request, status, error.code, errors.CheckoutError.sentence)
    if isinstance(error, errors.StoreError):
        log.error("store_error", code=error.code, message=error.message, cause=str(error.__cause__ or ""))
    elif status >= 500:
        log.warning("checkout_error", code=error.code, cause=type(error.__cause__).__name__)
    if isinstance(error, errors.SessionAlreadyPaid):
        return already_paid(request, error)
    if isinstance(error, errors.SoldOut):
        return JSONResponse(
            {"error": {"code": error.code, "message": error.message, "left": dict(error.left)}}, status_of(error)
        )
    return _answer(request, status, error.code, error.public_message)


def already_paid(request: Request, error: errors.SessionAlreadyPaid) -> JSONResponse:
    """Return the answer to whoever wants to replace a session that was paid: where its confirmation is."""
    detail = {"code": error.code, "message": error.message}
    url = confirmation_url(request, error.session_id)
    return JSONResponse({"error": detail | ({"confirmation": url} if url else {})}, status_of(error))


def _answer(
    request: Request, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer a program with `ErrorBody` and a browser with a page.

    A shopper who may have paid is told of a fault of ours that the payment is not confirmed yet, and nothing else.
    """
    if status >= 500 and is_after_payment(request) and "not confirmed yet" not in message:
        status, code, message = 503, errors.PaymentUnconfirmed.code, errors.PaymentUnconfirmed.sentence
    told = answer(status, code, message, headers)
    if not wants_page(request):
        return told
    title, text = _TITLES.get(status, _FAULT), INCOMPLETE_ADDRESS if status == 422 else message
    kept = {"Retry-After": told.headers["retry-after"]} if "retry-after" in told.headers else headers
    return page(request, status, title, text, headers=kept, reload=status in (429, 503))


def _in_one_sentence(error: Mapping[str, Any]) -> str:
    """What is wrong with which field, without repeating what was sent."""
    if error["type"] == "json_invalid":
        return NOT_JSON
    field = ".".join(str(part) for part in error["loc"][1:]) or "body"
    return f"{field}: {error['msg']}."
