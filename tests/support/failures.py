"""What Stripe, or whatever stands between, may answer in place of what was asked."""

from typing import Any

from .changed_answers import Answer

Said = tuple[int, Answer | list[Any] | bytes]


def _error(status: int, type_: str, code: str | None = None, message: str = "SECRET of the account") -> Said:
    return status, {"error": {"type": type_, "code": code, "message": message}}


FAILURES: dict[str, Said] = {
    "400": _error(400, "invalid_request_error"),
    "400 for the e-mail address": _error(400, "invalid_request_error", "email_invalid"),
    "400 for the idempotency key": _error(400, "idempotency_error"),
    "401": _error(401, "invalid_request_error"),
    "402": _error(402, "card_error", "card_declined"),
    "403": _error(403, "invalid_request_error"),
    "404 of something else": _error(404, "invalid_request_error", "resource_missing", "No such charge: 'ch_1'"),
    "404 of this session": _error(404, "invalid_request_error", "resource_missing", "No such checkout.session: cs_1"),
    "404 without a code": (404, {"error": {}}),
    "409": _error(409, "idempotency_error", "idempotency_key_in_use"),
    "429": _error(429, "invalid_request_error", "rate_limit"),
    "500": _error(500, "api_error"),
    "503": (503, b""),
    "an error that is a text": (400, {"error": "no"}),
    "an error that is a list": (400, []),
    "a list": (200, []),
    "a list of sessions": (200, {"object": "list", "data": [], "has_more": False, "url": "/v1/checkout/sessions"}),
    "a number": (200, b"1"),
    "null": (200, b"null"),
    "nothing": (200, b""),
    "a page": (200, b"<!doctype html><title>Sign in to the hotel's Wi-Fi</title>"),
    "bytes that are no text": (200, b"\xff\xfe\x00"),
    "half an answer": (200, b'{"id": "cs_1", "object": "checkout.session", "sta'),
    "an empty object": (200, {}),
    "another object": (200, {"id": "cus_1", "object": "customer"}),
    "a status that does not exist": (200, {"id": "cs_1", "object": "checkout.session", "status": "half open"}),
}
"""By what it is. None of them says whether the shopper has paid."""

WITHOUT = ("id", "status", "payment_status", "expires_at", "line_items", "payment_intent", "metadata", "currency")
"""Fields without which a session is not one."""
