"""What can be expanded: fields with an id, and fields that are absent until they are asked for.

https://docs.stripe.com/api/expanding_objects
"""

NOTHING_BEHIND = None
"""Stands for the table of what is not simulated: such a field is always null, and expands to null."""
TABLES: dict[str, dict[str, str | None]] = {
    "checkout.session": {
        "customer": "customers",
        "invoice": "invoices",
        "payment_intent": "payment_intents",
        "payment_link": NOTHING_BEHIND,
        "setup_intent": "setup_intents",
        "subscription": NOTHING_BEHIND,
    },
    "payment_intent": {
        "application": NOTHING_BEHIND,
        "customer": "customers",
        "latest_charge": "charges",
        "on_behalf_of": NOTHING_BEHIND,
        "payment_method": "payment_methods",
        "payment_record": NOTHING_BEHIND,
        "review": NOTHING_BEHIND,
        "source": NOTHING_BEHIND,
    },
    "charge": {
        "application": NOTHING_BEHIND,
        "application_fee": NOTHING_BEHIND,
        "balance_transaction": "balance_transactions",
        "customer": "customers",
        "failure_balance_transaction": "balance_transactions",
        "on_behalf_of": NOTHING_BEHIND,
        "payment_intent": "payment_intents",
        "review": NOTHING_BEHIND,
        "source_transfer": NOTHING_BEHIND,
        "transfer": NOTHING_BEHIND,
    },
    "refund": {
        "balance_transaction": "balance_transactions",
        "charge": "charges",
        "customer": "customers",
        "failure_balance_transaction": "balance_transactions",
        "payment_intent": "payment_intents",
        "payment_method": "payment_methods",
        "source_transfer_reversal": NOTHING_BEHIND,
        "transfer_reversal": NOTHING_BEHIND,
    },
    "dispute": {"charge": "charges", "payment_intent": "payment_intents"},
    "payment_method": {"customer": "customers"},
    "setup_intent": {
        "application": NOTHING_BEHIND,
        "customer": "customers",
        "latest_attempt": NOTHING_BEHIND,
        "mandate": NOTHING_BEHIND,
        "on_behalf_of": NOTHING_BEHIND,
        "payment_method": "payment_methods",
        "single_use_mandate": NOTHING_BEHIND,
    },
    "customer": {"default_source": "payment_methods", "test_clock": NOTHING_BEHIND},
    "invoice": {
        "account_tax_ids": "tax_ids",
        "application": NOTHING_BEHIND,
        "customer": "customers",
        "default_payment_method": "payment_methods",
        "default_source": NOTHING_BEHIND,
        "discounts": NOTHING_BEHIND,
        "latest_revision": NOTHING_BEHIND,
        "on_behalf_of": NOTHING_BEHIND,
        "test_clock": NOTHING_BEHIND,
    },
    "invoice_data": {"account_tax_ids": "tax_ids"},
    "line_item": {"discounts": NOTHING_BEHIND, "subscription": NOTHING_BEHIND},
    "price": {"product": "products"},
    "product": {"default_price": "prices", "tax_code": NOTHING_BEHIND},
    "promotion_code": {"customer": "customers"},
    "discount": {"customer": "customers", "promotion_code": "promotion_codes"},
    "tax_id": {"customer": "customers"},
    "shipping_rate": {"tax_code": NOTHING_BEHIND},
    "shipping_cost": {"shipping_rate": "shipping_rates"},
    "shipping_options": {"shipping_rate": "shipping_rates"},
    "discounts": {"coupon": "coupons", "promotion_code": "promotion_codes"},
    "promotion": {"coupon": "coupons"},
    "source": {"coupon": "coupons"},
    "invoice_settings": {"default_payment_method": "payment_methods"},
    "owner": {"customer": "customers"},
    "price_details": {"price": "prices"},
}
"""For each kind of object, the fields that can be expanded and the table of what they name."""
ABSENT = {
    "checkout.session": ("line_items",),
    "total_details": ("breakdown",),
    "shipping_cost": ("taxes",),
    "item": ("taxes", "discounts"),
    "charge": ("refunds",),
    "customer": ("sources", "subscriptions", "tax", "tax_ids", "cash_balance"),
    "price": ("currency_options", "tiers"),
    "coupon": ("applies_to", "currency_options"),
    "fixed_amount": ("currency_options",),
    "product": ("provisioning",),
    "invoice": ("payments",),
}
"""For each kind of object, the fields that are absent until they are expanded."""
SOURCES = ("charges", "refunds", "disputes")
"""What moves the balance."""
EXPANDED_IN_LISTS = 10
"""So many objects an expanded list shows: the first page."""
