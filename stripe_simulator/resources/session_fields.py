"""The fields of a Checkout Session, and the parameters that are Stripe's but not simulated."""

from ..errors import JSON

KNOWN = frozenset(
    [
        "after_expiration",
        "branding_settings",
        "consent_collection",
        "custom_fields",
        "custom_text",
        "customer_account",
        "customer_update",
        "name_collection",
        "optional_items",
        "payment_method_collection",
        "payment_method_configuration",
        "payment_method_data",
        "payment_method_options",
        "permissions",
        "saved_payment_method_options",
        "setup_intent_data",
        "shipping_address_collection",
        "subscription_data",
        "wallet_options",
    ]
)
PAYMENT_KNOWN = frozenset(
    [
        "application_fee_amount",
        "capture_method",
        "on_behalf_of",
        "setup_future_usage",
        "shipping",
        "transfer_data",
        "transfer_group",
    ]
)
_NULL = [
    "adaptive_pricing",
    "after_expiration",
    "allow_promotion_codes",
    "amount_subtotal",
    "amount_total",
    "allowed_payment_method_types",
    "billing_address_collection",
    "branding_settings",
    "cancel_url",
    "client_reference_id",
    "client_secret",
    "collected_information",
    "consent",
    "consent_collection",
    "currency",
    "currency_conversion",
    "customer",
    "customer_account",
    "customer_creation",
    "customer_details",
    "customer_email",
    "excluded_payment_method_types",
    "integration_identifier",
    "invoice",
    "line_items",
    "locale",
    "managed_payments",
    "name_collection",
    "optional_items",
    "origin_context",
    "payment_intent",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "presentment_details",
    "recovered_from",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
    "subscription",
    "success_url",
    "tax_id_collection",
    "url",
    "wallet_options",
]
_TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
_INVOICE = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
BLANK: JSON = {
    **dict.fromkeys(_NULL),
    "adaptive_pricing": {"enabled": False},
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    **{"custom_fields": [], "custom_text": dict.fromkeys(_TEXTS), "discounts": [], "livemode": False},
    "invoice_creation": {"enabled": False, "invoice_data": {**dict.fromkeys(_INVOICE), "metadata": {}}},
    **{"mode": "payment", "payment_method_collection": "if_required", "payment_method_options": {}},
    **{"payment_status": "unpaid", "shipping_options": [], "status": "open", "total_details": None},
}
"""What every session has alike. The values are shared by all sessions, which saves 2 kB each: change none in place."""
NO_EXTRAS: JSON = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0, "breakdown": None}
NOTHING: list[JSON] = []
PHONE = {enabled: {"enabled": enabled} for enabled in (False, True)}
CARD = ["card"]
METHODS = {"usd": ["card", "us_bank_account"], "eur": ["card", "sepa_debit"]}
