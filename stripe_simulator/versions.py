"""Stripe's API versions: what changed from 2022-11-15 to today, in one table. https://docs.stripe.com/changelog

A request says its version in `Stripe-Version`, a webhook endpoint in `api_version`. What a client of an older version sends
is turned into what today's parameters are, and what it is answered with into what its objects were. Everything inside
knows today's version only. Versions before 2022-11-15 are taken for that one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .errors import StripeError, invalid
from .state import Account
from .wire import API_VERSION, JSON

Asked = Callable[[JSON], JSON]
"""Turns the parameters of an older request into today's."""
Shown = Callable[[Account, JSON], JSON]
"""Turns an object of today into the older one; it returns a new object."""
DATE_LENGTH = len("2026-10-28")
PATTERN = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9](\.[a-z]+)?")
SESSIONS, INTENTS, PRODUCTS, CODES = (
    f"/v1/{path}" for path in ("checkout/sessions", "payment_intents", "products", "promotion_codes")
)


@dataclass(frozen=True)
class Change:
    """What a version changed.

    Attributes:
        since: the version.
        says: the change, as the documentation says it.
        asked: for `POST` to a path, what an older request means today.
        shown: for a kind of object, how it was before.
        gone: for `POST` to a path, the parameters that are no longer taken, and what to do instead.
    """

    since: str
    says: str
    asked: dict[str, Asked]
    shown: dict[str, Shown]
    gone: dict[str, dict[str, str]]


UI_MODES = {"custom": "elements", "embedded": "embedded_page", "hosted": "hosted_page"}
"""What `ui_mode` was called before dahlia."""
DYNAMICALLY = "Payment methods are chosen dynamically; use allowed_payment_method_types or excluded_payment_method_types to narrow them."


def _with_new_ui_mode(values: JSON) -> JSON:
    given = values.get("ui_mode")
    if given is None:
        return values
    if given not in UI_MODES:
        raise invalid(f"Invalid ui_mode: must be one of {', '.join(UI_MODES)}", "ui_mode")
    return {**values, "ui_mode": UI_MODES[given]}


def _with_old_ui_mode(account: Account, session: JSON) -> JSON:
    older = {new: old for old, new in UI_MODES.items()}
    return {**session, "ui_mode": older.get(session["ui_mode"], session["ui_mode"])}


def _with_promotion(values: JSON) -> JSON:
    if "promotion" in values:
        raise invalid("Received unknown parameter: promotion", "promotion", "parameter_unknown")
    if "coupon" not in values:
        raise invalid("Missing required param: coupon.", "coupon", "parameter_missing")
    rest = {name: value for name, value in values.items() if name != "coupon"}
    return {**rest, "promotion": {"type": "coupon", "coupon": values["coupon"]}}


def _coupon(account: Account, id: Any) -> Any:
    """Return the coupon behind an id, or what stands there already: an object, or nothing."""
    return account.tables["coupons"].get(id, id) if isinstance(id, str) else id


def _with_coupon_of_source(account: Account, discount: JSON) -> JSON:
    rest = {name: value for name, value in discount.items() if name != "source"}
    return {**rest, "coupon": _coupon(account, discount["source"]["coupon"])}


def _with_coupon_of_promotion(account: Account, code: JSON) -> JSON:
    rest = {name: value for name, value in code.items() if name != "promotion"}
    return {**rest, "coupon": _coupon(account, code["promotion"]["coupon"])}


def _with_shipping_details(account: Account, session: JSON) -> JSON:
    details = (session["collected_information"] or {}).get("shipping_details")
    if details is not None:
        phone = (session["customer_details"] or {}).get("phone")
        details = {**details, "carrier": None, "phone": phone, "tracking_number": None}
    return {**session, "shipping_details": details}


def _with_invoice(account: Account, paid: JSON) -> JSON:
    sessions = reversed(account.sessions.values())
    mine = {paid["id"], paid.get("payment_intent")} - {None}
    found = (one.session["invoice"] for one in sessions if one.session["payment_intent"] in mine)
    return {**paid, "invoice": next(found, None)}


def _with_payment(account: Account, invoice: JSON) -> JSON:
    sessions = reversed(account.sessions.values())
    record = next((one for one in sessions if one.session["invoice"] == invoice["id"]), None)
    intent = None if record is None else account.payment_intent_of(record)
    taxes = [
        {
            "amount": tax["amount"],
            "inclusive": tax["tax_behavior"] == "inclusive",
            "tax_rate": tax["tax_rate_details"]["tax_rate"],
            "taxability_reason": tax["taxability_reason"],
            "taxable_amount": tax["taxable_amount"],
        }
        for tax in invoice["total_taxes"]
    ]
    return {
        **invoice,
        "application_fee_amount": None,
        "charge": None if intent is None else intent["latest_charge"],
        "discount": None,
        "paid": invoice["status"] == "paid",
        "paid_out_of_band": False,
        "payment_intent": None if intent is None else intent["id"],
        "quote": None,
        "subscription": None,
        "subscription_details": None,
        "tax": sum(tax["amount"] for tax in taxes) if taxes else None,
        "total_tax_amounts": taxes,
        "transfer_data": None,
    }


def _with_aggregate_usage(account: Account, price: JSON) -> JSON:
    if price["recurring"] is None:
        return price
    return {**price, "recurring": {**price["recurring"], "aggregate_usage": None}}


def _with_marketing_features(values: JSON) -> JSON:
    rest = {name: value for name, value in values.items() if name != "features"}
    return {**rest, "marketing_features": values["features"]} if "features" in values else values


def _with_features(account: Account, product: JSON) -> JSON:
    return {**product, "features": product["marketing_features"]}


def _with_rendering_options(account: Account, invoice: JSON) -> JSON:
    rendering = invoice["rendering"]
    options = None if rendering is None else {"amount_tax_display": rendering["amount_tax_display"]}
    return {**invoice, "rendering_options": options}


def _captured_at_once(values: JSON) -> JSON:
    return {"capture_method": "automatic", **values}


def _paid_at_once(values: JSON) -> JSON:
    given = values.get("payment_intent_data", {})
    if values.get("mode") != "payment" or not isinstance(given, dict):
        return values
    return {**values, "payment_intent_data": _captured_at_once(given)}


def _by_card(values: JSON) -> JSON:
    if "automatic_payment_methods" in values or "payment_method_types" in values:
        return values
    return {**values, "payment_method_types": ["card"]}


CHANGES = (
    Change(
        "2023-08-16",
        "a payment intent takes the payment methods of its currency; before, cards only",
        asked={INTENTS: _by_card},
        shown={},
        gone={},
    ),
    Change(
        "2024-04-10",
        "money is captured asynchronously, before at once; `features` of products became `marketing_features`, "
        "`rendering_options` of invoices `rendering`",
        asked={INTENTS: _captured_at_once, SESSIONS: _paid_at_once, PRODUCTS: _with_marketing_features},
        shown={"product": _with_features, "invoice": _with_rendering_options},
        gone={},
    ),
    Change(
        "2025-03-31.basil",
        "`shipping_details` of sessions moved into `collected_information`; charges and payment intents no longer name "
        "their `invoice`, invoices no longer `charge`, `payment_intent`, `paid` and `tax`",
        asked={},
        shown={
            "checkout.session": _with_shipping_details,
            "charge": _with_invoice,
            "payment_intent": _with_invoice,
            "invoice": _with_payment,
            "price": _with_aggregate_usage,
        },
        gone={},
    ),
    Change(
        "2025-09-30.clover",
        "`coupon` of discounts became `source`, that of promotion codes `promotion`",
        asked={CODES: _with_promotion},
        shown={"discount": _with_coupon_of_source, "promotion_code": _with_coupon_of_promotion},
        gone={},
    ),
    Change(
        "2026-03-25.dahlia",
        "`ui_mode` `custom`, `embedded` and `hosted` became `elements`, `embedded_page` and `hosted_page`",
        asked={SESSIONS: _with_new_ui_mode},
        shown={"checkout.session": _with_old_ui_mode},
        gone={},
    ),
    Change(
        "2026-09-30.endive",
        "`payment_method_types` is gone from sessions and payment intents",
        asked={},
        shown={},
        gone={
            SESSIONS: {"payment_method_types": DYNAMICALLY},
            INTENTS: {"payment_method_types": DYNAMICALLY},
        },
    ),
)
"""Every change that a request or an answer of what is simulated meets, the oldest first."""
NEWEST = CHANGES[-1].since[:DATE_LENGTH]


def require_version(version: str) -> str:
    """Return a version. Raises a 400 when it does not look like one."""
    if not PATTERN.fullmatch(version):
        raise StripeError(400, f"Invalid Stripe API version: {version[:40]}", code="invalid_api_version")
    return version


def is_current(version: str) -> bool:
    """Return whether nothing changed since a version."""
    return version == API_VERSION or version[:DATE_LENGTH] >= NEWEST


def _later(version: str) -> Iterator[Change]:
    """Yield what changed after a version, the oldest first."""
    date = version[:DATE_LENGTH]
    return (change for change in CHANGES if change.since[:DATE_LENGTH] > date)


def current_values(version: str, path: str, values: JSON) -> JSON:
    """Return the parameters of a `POST` as today's version has them.

    Args:
        version: the request's version.
        path: where it is sent to; only what creates an object is changed.
        values: its parameters.

    Raises:
        StripeError: the version has no such parameter or value.
    """
    date = version[:DATE_LENGTH]
    for change in CHANGES:
        if change.since[:DATE_LENGTH] > date:
            asked = change.asked.get(path)
            values = values if asked is None else asked(values)
            continue
        for name, instead in change.gone.get(path, {}).items():
            if name in values:
                message = f"The parameter {name} is no longer accepted since {change.since}. {instead}"
                raise invalid(message, name, "parameter_unknown")
    return values


def older_answer(version: str, account: Account, answer: Any) -> Any:
    """Return an answer, or what is in an event, as an older version shows it.

    Args:
        version: the version of the request or of the webhook endpoint.
        account: whose objects they are.
        answer: an object, or a list of objects; it stays as it is.
    """
    if is_current(version):
        return answer
    changes = [change for change in reversed([*_later(version)]) if change.shown]
    return _older(changes, account, answer)


def _older(changes: list[Change], account: Account, value: Any) -> Any:
    if isinstance(value, list):
        return [_older(changes, account, one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("object")
    if isinstance(kind, str) and not value.get("deleted"):
        for change in changes:
            shown = change.shown.get(kind)
            value = value if shown is None else shown(account, value)
    return {name: one if name == "metadata" else _older(changes, account, one) for name, one in value.items()}
