"""Checkout sessions: https://docs.stripe.com/api/checkout/sessions/object.

A session is kept as a record: `session` is the object that travels, beside it what never does or only when expanded
(line items, products, the client secret of hosted pages, data for the payment intent).
"""

from typing import Any

from ..errors import JSON, invalid, not_simulated
from ..forms import Params
from ..state import Account, random_id
from . import discounts, shipping
from .catalog import currency, line_item
from .customers import email as email_of
from .customers import existing
from .payments import Shopper
from .session_fields import BLANK, CARD, KNOWN, METHODS, PAYMENT_KNOWN, PHONE
from .totals import priced

DAY = 24 * 3600
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
NO_DATA: dict[str, Any] = {}
UI_MODES = ("elements", "hosted_page", "embedded_page", "form")


def create(account: Account, params: Params, now: int, public_url: str) -> JSON:
    """A new record from the parameters of `POST /v1/checkout/sessions`."""
    id = random_id("cs_test_a1", 58)
    hosted = _ui_mode(params) == "hosted_page"
    pairs = [line_item(account, item, now) for item in params.items("line_items")]
    if not pairs:
        raise params.missing("line_items")
    if len(pairs) > 100:
        raise invalid("A session can have at most 100 line items.", "line_items")
    code, subtotal = _subtotal(params, [line for line, _ in pairs])
    payment_data, payment_metadata = _payment_data(params)
    customer, creation, email = _customer(account, params)
    customer_id = customer["id"] if customer else None
    codes = params.boolean("allow_promotion_codes")
    if codes and "discounts" in params:
        raise invalid(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.", "allow_promotion_codes"
        )
    chosen = discounts.chosen(account, params, subtotal, code, customer=customer_id, now=now)
    rates = shipping.options(account, params, code, now)
    secret = f"{id}_secret_{random_id('', 40)}"
    session: dict[str, Any] = {
        **{"id": id, "object": "checkout.session"},
        **BLANK,
        **{"allow_promotion_codes": codes, "amount_subtotal": subtotal, "amount_total": 0, "currency": code},
        **{"cancel_url": params.url("cancel_url"), "client_reference_id": params.text("client_reference_id", 200)},
        **{"client_secret": None if hosted else secret, "created": now},
        **{"customer": customer_id, "customer_creation": creation, "customer_email": None if customer else email},
        **{"customer_details": details(email) if email else None, "expires_at": _expiry(params, now)},
        **{"integration_identifier": params.text("integration_identifier"), "metadata": params.metadata()},
        **{"locale": _locale(params), "origin_context": params.choice("origin_context", ("mobile_app", "web"))},
        **_payment_methods(params, code),
        "phone_number_collection": PHONE[_enabled(params, "phone_number_collection")],
        **{"return_url": params.url("return_url"), "success_url": params.url("success_url")},
        **{"submit_type": params.choice("submit_type", ("auto", "book", "donate", "pay"))},
        "url": f"{public_url}/c/pay/{id}" if hosted else None,
    }
    _refuse(params)
    _check_urls(session, hosted)
    record = {
        **{"session": session, "secret": secret, "debit_due": None},
        **{"lines": [line for line, _ in pairs], "products": [sold for _, sold in pairs]},
        **{"payment_data": payment_data, "payment_metadata": payment_metadata, "last_error": None},
    }
    return priced(account, record, chosen=chosen, rates=rates)


def _enabled(params: Params, name: str) -> bool:
    given = params.mapping(name)
    if given is None:
        return False
    enabled = given.boolean("enabled")
    given.finish()
    return bool(enabled)


def _locale(params: Params) -> str | None:
    locale = params.text("locale")
    if locale not in (None, "auto", "en", "en-GB"):
        raise not_simulated(f"the locale `{locale}`: its pages are in English", "locale")
    return locale


def _payment_methods(params: Params, code: str) -> JSON:
    """What may be paid with in a currency, narrowed by the caller."""
    if "payment_method_types" in params:
        raise invalid(
            "The parameter payment_method_types is no longer accepted. Payment methods are chosen dynamically; "
            "use allowed_payment_method_types or excluded_payment_method_types to narrow them.",
            "payment_method_types",
            "parameter_unknown",
        )
    allowed, excluded = params.texts("allowed_payment_method_types"), params.texts("excluded_payment_method_types")
    types = METHODS.get(code, CARD)
    if allowed or excluded:
        types = [type for type in types if type in (allowed or types) and type not in excluded]
    if not types:
        raise not_simulated("a Checkout Session with other payment methods than cards and bank debits")
    return {
        "payment_method_types": types,
        "allowed_payment_method_types": allowed or None,
        "excluded_payment_method_types": excluded or None,
    }


def _refuse(params: Params) -> None:
    """Raise when something was asked for that is not simulated; to ask for nothing special is fine."""
    for name in ("automatic_tax", "adaptive_pricing", "invoice_creation", "tax_id_collection", "managed_payments"):
        if _enabled(params, name):
            raise not_simulated(f"the parameter {name}", f"{name}[enabled]")
    for name, usual in (("billing_address_collection", "auto"), ("redirect_on_completion", "always")):
        if params.text(name) not in (None, usual):
            raise not_simulated(f"other values of {name} than `{usual}`", name)
    params.finish(KNOWN)


def _ui_mode(params: Params) -> str:
    mode = params.choice("mode", ("payment", "setup", "subscription"))
    if mode is None:
        raise params.missing("mode")
    if mode != "payment":
        raise not_simulated(f"mode `{mode}`; only `payment`", "mode")
    ui_mode = params.choice("ui_mode", UI_MODES) or "hosted_page"
    if ui_mode in ("embedded_page", "form"):
        raise not_simulated(f"ui_mode `{ui_mode}`; use `elements` or `hosted_page`", "ui_mode")
    return ui_mode


def _customer(account: Account, params: Params) -> tuple[JSON | None, str | None, str | None]:
    """The customer, `customer_creation` and the e-mail address of a new session."""
    id, email = params.text("customer"), email_of(params, "customer_email")
    creation = params.choice("customer_creation", ("always", "if_required"))
    if id is None:
        return None, creation or "if_required", email
    if email is not None:
        raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer_email")
    if creation is not None:
        raise invalid("`customer_creation` can't be used together with `customer`.", "customer_creation")
    customer = existing(account, id)
    return customer, None, customer["email"]


def _subtotal(params: Params, lines: list[JSON]) -> tuple[str, int]:
    code = currency(params) if "currency" in params else lines[0]["currency"]
    if any(line["currency"] != code for line in lines):
        raise invalid("All line items of a session must have the same currency.", "line_items")
    return code, sum(line["amount_subtotal"] for line in lines)


UPDATABLE_ELSEWHERE = ("collected_information", "line_items", "payment_intent_data")


def updated(account: Account, record: JSON, params: Params, now: int) -> JSON:
    """The record after `POST /v1/checkout/sessions/{id}`."""
    session = record["session"]
    after = {**record, "session": {**session, "metadata": params.metadata(before=session["metadata"])}}
    if "shipping_options" in params:
        if session["status"] != "open":
            raise invalid("Only open Checkout Sessions can have their shipping options updated.", "shipping_options")
        rates = shipping.options(account, params, session["currency"], now)
        after = priced(account, after, chosen=session["discounts"], rates=rates)
    params.finish(UPDATABLE_ELSEWHERE)
    return after


def _payment_data(params: Params) -> tuple[JSON, dict[str, str]]:
    data = params.mapping("payment_intent_data")
    if data is None:
        return NO_DATA, NO_DATA
    metadata = data.metadata()
    names = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
    values = {name: text for name in names if (text := data.text(name)) is not None}
    data.finish(PAYMENT_KNOWN)
    return values, metadata


def _expiry(params: Params, now: int) -> int:
    at = params.integer("expires_at")
    if at is None:
        return now + DAY
    if not now + 1800 - 60 <= at <= now + DAY + 60:  # a minute of grace for clocks that differ
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation.",
            "expires_at",
        )
    return at


def _check_urls(session: JSON, hosted: bool) -> None:
    session["ui_mode"] = "hosted_page" if hosted else "elements"
    needed, refused = ("success_url", ("return_url",)) if hosted else ("return_url", ("success_url", "cancel_url"))
    for name in refused:
        if session[name]:
            raise invalid(f"`{name}` can't be used when `ui_mode` is `{session['ui_mode']}`; use `{needed}`.", name)
    if not session[needed]:
        raise invalid(
            f"You must provide `{needed}` when `ui_mode` is `{session['ui_mode']}`.", needed, "parameter_missing"
        )


def details(email: str | None, shopper: Shopper | None = None) -> JSON:
    """`customer_details`: what is known of the shopper."""
    names = ("address", "business_name", "individual_name", "name", "phone", "tax_exempt", "tax_ids")
    known = {} if shopper is None else {"name": shopper.name, "phone": shopper.phone, "address": shopper.address}
    return {**dict.fromkeys(names), "email": email, "tax_exempt": "none", "tax_ids": [], **known}


def with_customer(session: JSON, shopper: Shopper) -> JSON:
    """The session with the customer details that the shopper gave."""
    before = session["customer_details"] or {}
    email = session["customer_email"] or before.get("email") or shopper.email
    return {**session, "customer_details": details(email, shopper)}


def redirect_url(session: JSON) -> str:
    """Where the shopper goes after paying."""
    return filled(session["success_url"] or session["return_url"], session["id"])


def filled(url: str, id: str) -> str:
    """`url` with the session id in its place."""
    return url.replace(PLACEHOLDER, id).replace("%7BCHECKOUT_SESSION_ID%7D", id)
