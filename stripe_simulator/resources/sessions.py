"""Checkout sessions: https://docs.stripe.com/api/checkout/sessions/object.

A session is kept as a record: `session` is the object that travels, beside it what never does or only when expanded
(line items, products, the client secret of hosted pages, data for the payment intent).
"""

from typing import Any

from ..amounts import MAXIMUM, display, minimum
from ..errors import JSON, invalid, not_simulated
from ..forms import Params
from ..state import Account, random_id
from . import discounts, shipping
from .catalog import currency, line_item
from .customers import email as email_of
from .customers import existing
from .lists import list_object
from .session_fields import KNOWN, NULL, PAYMENT_KNOWN

DAY = 24 * 3600
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
UI_MODES = ("elements", "hosted_page", "embedded_page", "form")


def create(account: Account, params: Params, now: int, public_url: str) -> JSON:
    """A new record from the parameters of `POST /v1/checkout/sessions`."""
    id = random_id("cs_test_a1", 58)
    ui_mode = _ui_mode(params)
    hosted = ui_mode == "hosted_page"
    pairs = [line_item(account, item, now) for item in params.items("line_items")]
    if not pairs:
        raise params.missing("line_items")
    if len(pairs) > 100:
        raise invalid("A session can have at most 100 line items.", "line_items")
    code, subtotal = _subtotal(params, [line for line, _ in pairs])
    payment_data, payment_metadata = _payment_data(params)
    customer, creation, email = _customer(account, params)
    chosen = discounts.chosen(account, params, subtotal, code, customer=customer["id"] if customer else None, now=now)
    rates = shipping.options(account, params, code, now)
    redeemed = discounts.redeemed(account, chosen)
    coupon = account.tables["coupons"][redeemed[-1][1]] if redeemed else None
    discount = discounts.taken_off(coupon, subtotal) if coupon else 0
    lines = discounts.spread([line for line, _ in pairs], discount) if discount else [line for line, _ in pairs]
    secret = f"{id}_secret_{random_id('', 40)}"
    methods = ["card", *{"usd": ["us_bank_account"], "eur": ["sepa_debit"]}.get(code, [])]
    phone = params.mapping("phone_number_collection")
    tax = params.mapping("automatic_tax")
    if tax is not None and tax.boolean("enabled"):
        raise not_simulated("automatic tax", "automatic_tax[enabled]")
    if params.boolean("allow_promotion_codes"):
        raise not_simulated("promotion codes", "allow_promotion_codes")
    session: dict[str, Any] = {
        "id": id,
        "object": "checkout.session",
        **dict.fromkeys(NULL),
        **{"adaptive_pricing": {"enabled": False}, "amount_subtotal": subtotal, "currency": code},
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.choice("billing_address_collection", ("auto", "required")),
        **{"cancel_url": params.url("cancel_url"), "client_reference_id": params.text("client_reference_id", 200)},
        **{
            "client_secret": None if hosted else secret,
            "created": now,
            "custom_fields": [],
            "customer_email": None if customer else email,
        },
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        **{"customer": customer["id"] if customer else None, "customer_creation": creation},
        **{"customer_details": _details(email) if email else None, "discounts": chosen},
        **{"expires_at": _expiry(params, now), "livemode": False, "locale": params.text("locale")},
        "integration_identifier": params.text("integration_identifier"),
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                **dict.fromkeys(("account_tax_ids", "custom_fields", "description", "footer", "issuer")),
                **{"metadata": {}, "rendering_options": None},
            },
        },
        **{"metadata": params.metadata(), "mode": "payment", "payment_method_collection": "if_required"},
        **{"origin_context": params.choice("origin_context", ("mobile_app", "web")), "payment_method_options": {}},
        **{"payment_method_types": methods},
        "phone_number_collection": {"enabled": bool(phone and phone.boolean("enabled"))},
        "redirect_on_completion": params.choice("redirect_on_completion", ("always", "if_required", "never")),
        **{"return_url": params.url("return_url"), "success_url": params.url("success_url")},
        **{"status": "open", "submit_type": params.choice("submit_type", ("auto", "book", "donate", "pay"))},
        **_totals(code, subtotal, discount, rates),
        "url": f"{public_url}/c/pay/{id}" if hosted else None,
        "allowed_payment_method_types": params.texts("allowed_payment_method_types") or None,
        "excluded_payment_method_types": params.texts("excluded_payment_method_types") or None,
    }
    adaptive = params.mapping("adaptive_pricing")
    if adaptive is not None and adaptive.boolean("enabled"):
        raise not_simulated("adaptive pricing", "adaptive_pricing[enabled]")
    if "payment_method_types" in params:
        raise invalid(
            "The parameter payment_method_types is no longer accepted. Payment methods are chosen dynamically; "
            "use allowed_payment_method_types or excluded_payment_method_types to narrow them.",
            "payment_method_types",
            "parameter_unknown",
        )
    params.finish(KNOWN)
    _check_urls(session, hosted)
    return {
        **{"session": session, "secret": secret, "debit_due": None},
        **{"lines": lines, "redeemed": redeemed, "products": [sold for _, sold in pairs]},
        **{"payment_data": payment_data, "payment_metadata": payment_metadata, "last_error": None},
        "rates": rates,
    }


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


def _totals(code: str, subtotal: int, discount: int, rates: list[JSON]) -> JSON:
    """The fields of a session that say what there is to pay. Raises when that is too little or too much."""
    cost = shipping.cost(rates)
    delivery = cost["amount_total"] if cost else 0
    total = subtotal - discount + delivery
    if total > MAXIMUM:
        raise invalid(
            f"The Checkout Session's total amount must be no more than {display(MAXIMUM, code)}.",
            "line_items",
            "amount_too_large",
        )
    if 0 < total < minimum(code):
        raise invalid(
            f"The Checkout Session's total amount must convert to at least {display(minimum(code), code)}.",
            "line_items",
            "amount_too_small",
        )
    details = {"amount_discount": discount, "amount_shipping": delivery, "amount_tax": 0, "breakdown": None}
    return {
        **{"amount_total": total, "payment_status": "unpaid" if total else "no_payment_required"},
        **{"shipping_cost": cost, "shipping_options": shipping.offered(rates), "total_details": details},
    }


UPDATABLE_ELSEWHERE = ("collected_information", "line_items", "payment_intent_data")


def updated(account: Account, record: JSON, params: Params, now: int) -> tuple[JSON, list[JSON]]:
    """What `POST /v1/checkout/sessions/{id}` changes, and the shipping rates that are offered afterwards."""
    session, rates = record["session"], record.get("rates", [])
    changes: JSON = {"metadata": params.metadata(before=session["metadata"])}
    if "shipping_options" in params:
        if session["status"] != "open":
            raise invalid("Only open Checkout Sessions can have their shipping options updated.", "shipping_options")
        if session["payment_intent"] is not None:
            raise not_simulated("new shipping options after a first attempt to pay", "shipping_options")
        rates = shipping.options(account, params, session["currency"], now)
        discount = session["total_details"]["amount_discount"]
        changes |= _totals(session["currency"], session["amount_subtotal"], discount, rates)
    params.finish(UPDATABLE_ELSEWHERE)
    return changes, rates


def _payment_data(params: Params) -> tuple[JSON, dict[str, str]]:
    data = params.mapping("payment_intent_data")
    if data is None:
        return {}, {}
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


def _details(email: str | None) -> JSON:
    names = ("address", "business_name", "individual_name", "name", "phone", "tax_exempt", "tax_ids")
    return {**dict.fromkeys(names), "email": email, "tax_exempt": "none", "tax_ids": []}


def with_customer(session: JSON, email: str | None, name: str | None) -> JSON:
    """The session with the customer details that the shopper gave."""
    before = session["customer_details"] or {}
    details = {**_details(session["customer_email"] or before.get("email") or email), "name": name}
    return {**session, "customer_details": details}


def redirect_url(session: JSON) -> str:
    """Where the shopper goes after paying."""
    return filled(session["success_url"] or session["return_url"], session["id"])


def filled(url: str, id: str) -> str:
    """`url` with the session id in its place."""
    return url.replace(PLACEHOLDER, id).replace("%7BCHECKOUT_SESSION_ID%7D", id)


def line_items(record: JSON) -> JSON:
    """The session's line items as the expanded list."""
    return list_object(record["lines"], f"/v1/checkout/sessions/{record['session']['id']}/line_items")
