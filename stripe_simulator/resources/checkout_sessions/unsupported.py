"""Parameters that Stripe has for a Checkout Session and the simulator does not: they are refused by name."""

SESSION = frozenset(
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
PAYMENT_INTENT_DATA = frozenset(
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
LINE_ITEM = frozenset(["adjustable_quantity", "dynamic_tax_rates"])
UPDATE = frozenset(["collected_information", "line_items", "payment_intent_data"])
