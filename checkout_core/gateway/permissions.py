"""What a restricted key may do: asked without writing anything (https://docs.stripe.com/keys/restricted-api-keys)."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

import stripe

from ..domain.errors import StripeRejected
from .client import StripeClient
from .sessions import EXPAND

_UNKNOWN_SESSION, _UNKNOWN_PAYMENT = "cs_test_doctor_asks", "pi_doctor_asks"
"""Nobody has these. Stripe looks at the key's permissions before it looks for what is named."""
_MAX_EXPAND_DEPTH = 4
"""https://docs.stripe.com/api/expanding_objects"""
_NAMED = re.compile(r"\brak_\w+")

Ask = Callable[[], Awaitable[object]]


async def missing_permissions(client: StripeClient) -> list[str]:
    """Return what the key may not do of what a checkout needs, by the names of Stripe's dashboard.

    Sessions are asked for exactly as `reconcile` asks for them: a key that may not read what is expanded cannot complete
    an order.

    Raises:
        ConfigurationError: Stripe does not take the key at all.
        StripeUnavailable: no answer.
    """
    v1, sessions = client.v1, client.v1.checkout.sessions
    listed: list[str] = []

    async def list_sessions() -> None:
        page = await sessions.list_async({"limit": 1})
        listed.extend(session.id for session in page.data)

    async def list_expanded() -> None:
        paths = [f"data.{path}" for path in EXPAND if path.count(".") + 2 <= _MAX_EXPAND_DEPTH]
        await sessions.list_async({"limit": 1, "expand": paths})

    async def retrieve_expanded() -> None:
        for session_id in listed:
            await sessions.retrieve_async(session_id, {"expand": [*EXPAND]})

    expanded = f"Checkout Sessions: Read, with {' and '.join(EXPAND)}"
    asked: list[tuple[str, str, Ask]] = [
        ("Checkout Sessions: Read", "sessions.list", list_sessions),
        ("Charges and Refunds: Read", "charges.list", lambda: v1.charges.list_async({"limit": 1})),
        ("Charges and Refunds: Read", "refunds.list", lambda: v1.refunds.list_async({"limit": 1})),
        ("PaymentIntents: Read", "payment_intents.list", lambda: v1.payment_intents.list_async({"limit": 1})),
        ("Disputes: Read", "disputes.list", lambda: v1.disputes.list_async({"limit": 1})),
        ("Events: Read", "events.list", lambda: v1.events.list_async({"limit": 1})),
        (expanded, "sessions.list", list_expanded),
        (expanded, "sessions.retrieve", retrieve_expanded),
        ("Checkout Sessions: Write", "sessions.expire", lambda: sessions.expire_async(_UNKNOWN_SESSION)),
        (
            "Charges and Refunds: Write",
            "refunds.create",
            lambda: v1.refunds.create_async(cast("Any", {"payment_intent": _UNKNOWN_PAYMENT})),
        ),
    ]
    missing: dict[str, None] = {}  # a set that keeps its order
    for permission, name, ask in asked:
        try:
            with client.call(name):
                await ask()
        except StripeRejected as error:
            if isinstance(error.__cause__, stripe.PermissionError):
                named = _NAMED.search(str(error.__cause__))
                missing[f"{permission} ({named.group()})" if named else permission] = None
    return list(missing)
