"""What a Checkout Session says of the payment method that it is paid with: captured how, challenged, saved, blocked."""

from ... import payment_methods
from ...records import Decline, PaymentMethod, SessionRecord, Shopper


def usage_of(record: SessionRecord) -> str | None:
    """Return `setup_future_usage` of a session's payment, whatever it is paid with."""
    usage: str | None = record.payment_data.get("setup_future_usage")
    return usage


def option_of(record: SessionRecord, method: PaymentMethod, name: str) -> str | None:
    """Return one of `payment_method_options` for a payment method.

    Args:
        record: the session.
        method: what it is paid with.
        name: the option.
    """
    options = record.options.get("payment_method_options", {}).get(method.type) or {}
    value: str | None = options.get(name)
    return value


def capture_method_of(record: SessionRecord, method: PaymentMethod) -> str | None:
    """Return how the money is captured; what the options of the method say counts for more."""
    given: str | None = option_of(record, method, "capture_method") or record.payment_data.get("capture_method")
    return None if given == "manual" and payment_methods.is_delayed(method.type) else given


def challenge_asked(record: SessionRecord, method: PaymentMethod) -> str | None:
    """Return whether the session wants the shopper's bank to ask; only the banks of cards do."""
    return option_of(record, method, "request_three_d_secure") if method.type == "card" else None


def saves(record: SessionRecord, method: PaymentMethod, shopper: Shopper) -> bool:
    """Return whether a payment method is saved for the customer.

    Args:
        record: the session, which may say so.
        method: what it is paid with.
        shopper: who pays, and may say so, too.
    """
    own = option_of(record, method, "setup_future_usage")
    return (own or usage_of(record)) not in (None, "none") or bool(shopper.saves)


BLOCKED = {"visa": "visa", "mastercard": "mastercard", "american_express": "amex"}
"""The names of brands in `restrictions[brands_blocked]`, and those of cards."""
GLOBAL_NETWORK = ("discover", "diners", "jcb", "unionpay")


def why_blocked(record: SessionRecord, method: PaymentMethod) -> Decline | None:
    """Return why a session does not take a card whose brand or funding it blocks, or None."""
    if method.type != "card":
        return None
    card = record.options.get("payment_method_options", {}).get("card") or {}
    restrictions = card.get("restrictions") or {}
    brands = {BLOCKED.get(name) for name in restrictions.get("brands_blocked", [])}
    if "discover_global_network" in restrictions.get("brands_blocked", []):
        brands |= set(GLOBAL_NETWORK)
    funding = method.facts.get("funding", "credit")
    if method.facts["brand"] in brands or funding in restrictions.get("funding_types_blocked", []):
        return Decline("card_declined", "This card is not accepted here. Try another card.", "card_not_supported")
    return None
