"""Where a shopper goes after payment, when it is not the confirmation page: a path of the shop's own. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from .errors import InvalidInput
from .metadata import MAX_VALUE_LENGTH, JsonValue

RETURN = "checkout_return"
"""The metadata key of sessions and orders that holds the path to which the shopper returns."""
SESSION_ID = "{CHECKOUT_SESSION_ID}"
"""What Stripe replaces by the session's id (https://docs.stripe.com/payments/checkout/custom-success-page)."""

_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
"""Browsers drop some of these, and read a backslash as a slash: `/\t/evil.example` would lead to another host."""
_SAFE = "/?#[]@!$&'()*+,;=:%-._~{}"


def valid_return_path(path: str) -> str:
    """Return a path on the shop's public address, with what is not ASCII percent-encoded.

    Args:
        path: begins with one slash, may have a query, and may hold `{CHECKOUT_SESSION_ID}`.

    Raises:
        InvalidInput: it leads to another host, or is no path.
    """
    if not isinstance(path, str) or not path.startswith("/"):
        raise _refused("begins with a slash, such as /premium: the shop's public address goes before it")
    if path.startswith("//") or _UNSAFE.search(path) or urlsplit(path).netloc:
        raise _refused("leads to a page of the shop, never to another host, and has no spaces or backslashes")
    if set(re.findall(r"\{[^}]*\}?|\}", path)) - {SESSION_ID}:
        raise _refused(f"may hold {SESSION_ID}, and no other braces")
    try:
        encoded = quote(path, safe=_SAFE)
    except UnicodeEncodeError as error:
        raise _refused("is text that an address can hold") from error
    if len(encoded) > MAX_VALUE_LENGTH:
        raise _refused(f"has at most {MAX_VALUE_LENGTH} characters")
    return encoded


def return_path_of(metadata: Mapping[str, JsonValue]) -> str | None:
    """Return the path that a session or an order carries; None where there is none, or somebody edited it at Stripe."""
    path = metadata.get(RETURN)
    try:
        return valid_return_path(path) if isinstance(path, str) else None
    except InvalidInput:
        return None


def _refused(rule: str) -> InvalidInput:
    return InvalidInput(f"A return_path {rule}.", field="return_path")
