"""What becomes of an abandoned session: https://docs.stripe.com/payments/checkout/abandoned-carts."""

from dataclasses import replace

from ...errors import invalid
from ...ids import random_id
from ...records import SessionRecord
from .lines import with_quantity
from .params import DAY_SECONDS

RECOVERY_SECONDS = 30 * DAY_SECONDS


def recovered_session(record: SessionRecord, id: str, now: int, public_url: str) -> SessionRecord:
    """Return a new open session with the lines of one that expired.

    Args:
        record: the session that expired.
        id: the id of the new one.
        now: the simulated time, in seconds since the epoch.
        public_url: the address under which a browser reaches the simulator.

    Raises:
        StripeError: the session has no recovery, or it is over.
    """
    session = record.session
    recovery = (session["after_expiration"] or {}).get("recovery") or {}
    if not recovery.get("url") or recovery["expires_at"] <= now:
        raise invalid("This Checkout Session cannot be recovered.", code="checkout_session_expired")
    lines = [{**with_quantity(line, line["quantity"]), "id": random_id("li_1", 23)} for line in record.lines]
    fresh = replace(
        record,
        secret=f"{id}_secret_{random_id('', 40)}",
        lines=lines,
        last_error=None,
        challenge=None,
        forced_outcome=None,
        optional_lines={},
        typed={},
    )
    fresh.session = {
        **session,
        "id": id,
        "after_expiration": None,
        "allow_promotion_codes": recovery["allow_promotion_codes"] or session["allow_promotion_codes"],
        "client_secret": fresh.secret if session["ui_mode"] != "hosted_page" else None,
        "created": now,
        "expires_at": now + DAY_SECONDS,
        "payment_intent": None,
        "recovered_from": session["id"],
        "status": "open",
        "url": f"{public_url}/c/pay/{id}" if session["ui_mode"] == "hosted_page" else None,
    }
    return fresh
