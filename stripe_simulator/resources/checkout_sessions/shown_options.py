"""The fields of a Checkout Session that its options decide, before the shopper did anything."""

from ...http.shapes import filled
from ...wire import JSON
from . import shared_values as shared
from .lines import shown_bounds

LENGTHS = ("default_value", "maximum_length", "minimum_length", "value")
BRANDING = ("background_color", "border_style", "button_color", "display_name", "font_family", "icon", "logo")
INVOICE_DATA = (
    "account_tax_ids",
    "custom_fields",
    "description",
    "footer",
    "issuer",
    "metadata",
    "rendering_options",
)
KEPT = ("customer_account", "subscription_data")
"""What is not simulated and is kept as it was given, where `unsupported="ignore"` says so."""


def shown_options(options: JSON, *, ui_mode: str, mode: str, has_customer: bool) -> JSON:
    """Return what a new session shows of its options.

    Args:
        options: those of `parameters.SHAPED` that were given, as they were read.
        ui_mode: the session's page.
        mode: the session's mode.
        has_customer: whether it has a customer from the start.

    Returns:
        Fields of the session; what Stripe leaves out until it is used is absent.
    """
    given = options.get
    items: list[JSON] = given("optional_items") or []
    tax_ids: JSON | None = given("tax_id_collection")
    shown: JSON = {
        "adaptive_pricing": shared.ADAPTIVE_PRICING[bool(given("adaptive_pricing", {}).get("enabled"))],
        "after_expiration": _recovery(given("after_expiration")),
        "automatic_tax": _automatic_tax(given("automatic_tax")),
        "billing_address_collection": given("billing_address_collection"),
        "consent_collection": _consent_collection(given("consent_collection")),
        "custom_fields": [_custom_field(field) for field in given("custom_fields", [])] or shared.NO_FIELDS,
        "custom_text": {**shared.CUSTOM_TEXT, **given("custom_text", {})}
        if given("custom_text")
        else shared.CUSTOM_TEXT,
        "invoice_creation": _invoice_creation(given("invoice_creation")),
        "locale": given("locale"),
        "managed_payments": given("managed_payments"),
        "origin_context": given("origin_context"),
        "payment_method_collection": given("payment_method_collection") or _collection(mode),
        "payment_method_configuration_details": _configuration(given("payment_method_configuration")),
        "payment_method_options": _method_options(given("payment_method_options")),
        "permissions": filled(given("permissions"), ("update_shipping_details",)),
        "saved_payment_method_options": _saving(given("saved_payment_method_options"), has_customer),
        "shipping_address_collection": given("shipping_address_collection"),
        "wallet_options": given("wallet_options"),
    }
    for name in KEPT:
        if name in options:
            shown[name] = options[name]
    if ui_mode != "elements":
        shown["branding_settings"] = _branding(given("branding_settings"))
    names: JSON = given("name_collection") or {}
    if names:
        shown["name_collection"] = _name_collection(names)
    if ui_mode == "embedded_page":
        shown["redirect_on_completion"] = given("redirect_on_completion") or "always"
    if tax_ids:
        shown["tax_id_collection"] = {"required": "never", **tax_ids}
    if items:
        shown["optional_items"] = [_optional_item(item) for item in items]
    return shown


def _collection(mode: str) -> str:
    return "if_required" if mode == "payment" else "always"


def _recovery(given: JSON | None) -> JSON | None:
    recovery = (given or {}).get("recovery")
    if recovery is None:
        return None
    shown = {"allow_promotion_codes": bool(recovery.get("allow_promotion_codes")), "enabled": recovery["enabled"]}
    return {"recovery": {**shown, "expires_at": None, "url": None}}


def _automatic_tax(given: JSON | None) -> JSON:
    if given is None or not given["enabled"]:
        return shared.AUTOMATIC_TAX
    return {
        "enabled": True,
        "liability": given.get("liability") or {"type": "self"},
        "provider": "stripe",
        "status": "requires_location_inputs",
    }


def _branding(given: JSON | None) -> JSON:
    if not given:
        return shared.BRANDING
    chosen = {name: value for name, value in given.items() if value is not None}
    return {**shared.BRANDING, **chosen}


def _consent_collection(given: JSON | None) -> JSON | None:
    if not given:
        return None
    return {"payment_method_reuse_agreement": None, "promotions": "none", "terms_of_service": "none", **given}


def _custom_field(field: JSON) -> JSON:
    type = field["type"]
    shown = {name: field[name] for name in ("key", "label", "type")}
    details = field.get(type)
    if type == "dropdown":
        inner = filled(details, ("default_value", "options", "value"))
    else:
        inner = filled(details or {}, LENGTHS)
    return {**shown, "optional": bool(field.get("optional")), type: inner}


def _invoice_creation(given: JSON | None) -> JSON:
    if given is None or not (given["enabled"] or given.get("invoice_data")):
        return shared.INVOICE_CREATION
    data = given.get("invoice_data") or {}
    rendering = filled(data.get("rendering_options"), ("amount_tax_display", "template"))
    shown = {**dict.fromkeys(INVOICE_DATA), "metadata": {}, **data, "rendering_options": rendering}
    return {"enabled": given["enabled"], "invoice_data": shown}


def _name_collection(given: JSON) -> JSON:
    return {name: {"optional": False, **asked} for name, asked in given.items() if asked}


def _configuration(id: str | None) -> JSON | None:
    return None if id is None else {"id": id, "parent": None}


def _method_options(given: JSON | None) -> JSON:
    if not given:
        return shared.USUAL_METHOD_OPTIONS
    card = {**shared.USUAL_METHOD_OPTIONS["card"], **given.get("card", {})}
    return {**given, "card": card}


def _saving(given: JSON | None, has_customer: bool) -> JSON | None:
    if not given and not has_customer:
        return None
    shown: JSON = {
        "allow_redisplay_filters": ["always"],
        "payment_method_remove": "disabled",
        "payment_method_save": None,
    }
    return {**shown, **(given or {})}


def _optional_item(item: JSON) -> JSON:
    return {
        "adjustable_quantity": shown_bounds(item.get("adjustable_quantity")),
        "price": item["price"],
        "quantity": item["quantity"],
    }
