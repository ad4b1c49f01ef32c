"""The parameters of payment intents: https://docs.stripe.com/api/payment_intents/create."""

from dataclasses import dataclass
from typing import Any

from .. import payment_methods
from ..errors import invalid
from ..http.params import Params
from ..http.shapes import SHIPPING, Choice, Fields, Flag, Link, Partly, Refused, Shape, Text, Words, take_given
from ..wire import JSON
from .checkout_sessions.payment_method_options import OPTIONS
from .fields import check_amount, take_amount, take_currency

CAPTURE_METHODS = ("automatic", "automatic_async", "manual")
DETAILS: dict[str, Shape] = {
    "capture_method": Choice(CAPTURE_METHODS),
    "description": Text(1000),
    "payment_method_options": Partly(Fields(OPTIONS)),
    "receipt_email": Text(800),
    "setup_future_usage": Choice(("off_session", "on_session")),
    "shipping": SHIPPING,
    "statement_descriptor": Text(22),
    "statement_descriptor_suffix": Text(22),
    "transfer_group": Text(),
    "confirmation_method": Choice(("automatic",), refused=("manual",)),
    "application_fee_amount": Refused(),
    "on_behalf_of": Refused(),
    "transfer_data": Refused(),
}
"""What an intent shows as it was given."""
AUTOMATIC = Fields({"allow_redirects": Choice(("always", "never")), "enabled": Flag()}, ("enabled",))
IGNORED: dict[str, Shape] = {
    "error_on_requires_action": Flag(),
    "off_session": Flag(),
    "return_url": Link(),
    "use_stripe_sdk": Flag(),
}
"""What says how a confirmation goes on."""
UNSUPPORTED = (
    "amount_details",
    "confirmation_token",
    "customer_account",
    "hooks",
    "managed_payments",
    "mandate",
    "mandate_data",
    "payment_details",
    "payment_method_configuration",
    "radar_options",
)
LATER_UNSUPPORTED = (
    *(name for name in UNSUPPORTED if name != "managed_payments"),
    *("allowed_payment_method_types", "excluded_payment_method_types", "payment_method_types"),
)
"""The same of an intent that is there already."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How an intent is confirmed: with what, and where the shopper comes back to.

    Attributes:
        payment_method: the id of a payment method, if one was named.
        given: the other parameters, by name.
    """

    payment_method: str | None
    given: JSON

    @classmethod
    def take(cls, params: Params) -> "Confirmation":
        """Take what belongs to a confirmation."""
        return cls(params.text("payment_method"), take_given(params, IGNORED))


@dataclass(frozen=True, slots=True)
class IntentParams:
    """The parameters of `POST /v1/payment_intents`."""

    amount: int
    currency: str
    customer: str | None
    confirm: bool
    fields: JSON
    confirmation: Confirmation

    @classmethod
    def parse(cls, params: Params) -> "IntentParams":
        """Read a form; `payment_method_data` is the caller's. Raises a 400 for what is wrong or not simulated."""
        amount = take_amount(params, "amount", 1)
        if amount is None:
            raise params.missing("amount")
        currency = take_currency(params)
        check_amount(params, "amount", amount, currency)
        fields: dict[str, Any] = take_given(params, DETAILS)
        fields["metadata"] = params.metadata()
        fields |= _take_types(params, currency)
        made = cls(
            amount=amount,
            currency=currency,
            customer=params.text("customer"),
            confirm=bool(params.boolean("confirm")),
            fields=fields,
            confirmation=Confirmation.take(params),
        )
        params.finish(UNSUPPORTED)
        if not made.confirm and made.confirmation.given.keys() & {
            "off_session",
            "return_url",
            "error_on_requires_action",
        }:
            name = next(iter(made.confirmation.given))
            raise invalid(f"You can only set `{name}` when `confirm` is true.", name)
        return made


def _take_types(params: Params, currency: str) -> JSON:
    """Take what the intent may be paid with: types that are named, or whatever the currency allows."""
    automatic = AUTOMATIC.take(params, "automatic_payment_methods")
    types = Words().take(params, "payment_method_types") if "payment_method_types" in params else []
    excluded = params.texts("excluded_payment_method_types")
    allowed = params.texts("allowed_payment_method_types")
    if types and automatic and automatic["enabled"]:
        message = "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
        raise invalid(message, "payment_method_types")
    if types:
        return {"automatic_payment_methods": None, "payment_method_types": types}
    fitting = [
        type
        for type in payment_methods.types_for(currency)
        if type not in excluded
        and (not allowed or type in allowed)
        and not (automatic and automatic.get("allow_redirects") == "never" and payment_methods.redirects(type))
    ]
    shown = {"allow_redirects": "always", "enabled": True, **(automatic or {})}
    return {
        "allowed_payment_method_types": allowed or None,
        "automatic_payment_methods": shown if shown["enabled"] else None,
        "excluded_payment_method_types": excluded or None,
        "payment_method_types": fitting if shown["enabled"] else ["card"],
    }
