"""Parameters of an application for a new session, merged with our own. Pure.

Ours always win: what a session charges, where its shopper returns, and whose it is are not the application's to change
here. Nothing is dropped in silence: another value for one of ours is refused.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..domain.errors import InvalidInput
from ..domain.ownership import is_reserved

_HINTS: Mapping[str, str] = {
    "mode": "A checkout is one payment.",
    "ui_mode": "Set CHECKOUT_UI_MODE.",
    "line_items": "They are made of the cart.",
    "return_url": "Give return_path, and set CHECKOUT_PUBLIC_URL.",
    "success_url": "Give return_path, and set CHECKOUT_PUBLIC_URL.",
    "cancel_url": "It follows from CHECKOUT_PUBLIC_URL.",
    "currency": "It is the one of the cart.",
    "subscription_data": "A checkout is one payment.",
    "setup_intent_data": "A checkout is one payment.",
}
_OF_THE_REQUEST = frozenset(
    [
        "api_key",
        "content_type",
        "headers",
        "idempotency_key",
        "max_network_retries",
        "stripe_account",
        "stripe_context",
        "stripe_version",
    ]
)
"""What the SDK's type has beside the session's parameters."""
_OURS = frozenset(_HINTS) - {"currency"}
"""Parameters that are ours also where we send none."""


def with_params(ours: Mapping[str, Any], defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a session.

    Args:
        ours: what is fixed.
        defaults: what the application may change.
        given: the application's.

    Raises:
        InvalidInput: `given` has another value for something that is ours, or what Stripe's session does not have; the
            sentence names it.
    """
    if not isinstance(given, Mapping):
        raise InvalidInput("params are those of stripe.params.checkout.SessionCreateParams.", field="params")
    for name in given:
        if name not in ours and _known() and name not in _known():
            raise InvalidInput(f"params: Stripe's session has no parameter {name}.", field=f"params.{name}")
    for name in (given.keys() & _OURS) - ours.keys():
        raise _ours(name)
    intent = given.get("payment_intent_data") or {}
    if isinstance(intent, Mapping) and intent.get("capture_method") == "manual":
        raise InvalidInput(
            "params: payment_intent_data.capture_method cannot be manual: an order is paid when its money is taken.",
            field="params.payment_intent_data.capture_method",
        )
    _require_one_customer({**given, **ours})
    free = {name: value for name, value in defaults.items() if name not in ours or isinstance(value, Mapping)}
    return _fixed(_defaulted(free, given), ours)


def _defaulted(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the application's parameters, and ours where it has none."""
    merged = {name: value for name, value in given.items() if value is not None}
    for name, value in defaults.items():
        if isinstance(value, Mapping) and isinstance(merged.get(name), Mapping):
            merged[name] = _defaulted(value, merged[name])
        else:
            merged.setdefault(name, value)
    return merged


def _fixed(given: Mapping[str, Any], ours: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return the parameters with ours in them.

    Raises:
        InvalidInput: one of ours has another value there.
    """
    merged = dict(given)
    in_metadata = path.endswith("metadata.")
    for name in given:
        if in_metadata and is_reserved(name) and name not in ours:
            raise _ours(path + name)
    for name, value in ours.items():
        there = merged.get(name)
        if name == "expand":
            merged[name] = [*value, *(each for each in there or () if each not in value)]
        elif isinstance(value, Mapping) and isinstance(there, Mapping):
            merged[name] = _fixed(there, value, f"{path}{name}.")
        elif there is None or there == value:
            merged[name] = value
        else:
            raise _ours(path + name)
    return merged


def _require_one_customer(params: Mapping[str, Any]) -> None:
    """Check that there is one customer at most (https://docs.stripe.com/api/checkout/sessions/create).

    Raises:
        InvalidInput: two parameters say who it is.
    """
    named = [name for name in ("customer", "customer_account", "customer_email") if params.get(name)]
    if len(named) > 1:
        raise InvalidInput(f"params: {named[0]} excludes {named[1]}. Give one of them.", field=f"params.{named[1]}")


def _ours(path: str) -> InvalidInput:
    hint = "Choose another key." if "metadata." in path else _HINTS.get(path, "It was given as an argument, too.")
    return InvalidInput(f"params: {path} is this checkout's own and has another value. {hint}", field=f"params.{path}")


@cache
def _known() -> frozenset[str]:
    """Return the parameters that the installed SDK knows; none where it has no such list."""
    try:
        from stripe.params.checkout import SessionCreateParams
    except ImportError:
        return frozenset()
    return frozenset(SessionCreateParams.__annotations__) - _OF_THE_REQUEST
