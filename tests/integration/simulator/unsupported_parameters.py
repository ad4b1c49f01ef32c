"""Parameters of a session that Stripe has and the simulator does not, each with a value that Stripe takes."""

from typing import Any

SHIP: Any = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 1, "currency": "eur"}}
KEPT: list[dict[str, Any]] = [
    {"ui_mode": "form"},
    {"automatic_tax": {"enabled": True}},
    {"adaptive_pricing": {"enabled": True}},
    {"invoice_creation": {"enabled": True}},
    {"tax_id_collection": {"enabled": True}},
    {"managed_payments": {"enabled": True}},
    {"locale": "de"},
    {"billing_address_collection": "required"},
    {"redirect_on_completion": "never"},
    {"shipping_address_collection": {"allowed_countries": ["DE"]}},
    {"after_expiration": {"recovery": {"enabled": True}}},
    {"branding_settings": {"display_name": "x"}},
    {"consent_collection": {"terms_of_service": "required"}},
    {"custom_fields": [{"key": "a", "type": "text", "label": {"type": "custom", "custom": "A"}}]},
    {"custom_text": {"submit": {"message": "x"}}},
    {"customer_update": {"name": "auto"}},
    {"name_collection": {"business": {"enabled": True}}},
    {"optional_items": [{"price": "price_1", "quantity": 1}]},
    {"payment_method_collection": "always"},
    {"payment_method_configuration": "pmc_1"},
    {"payment_method_options": {"card": {"request_three_d_secure": "any"}}},
    {"saved_payment_method_options": {"payment_method_save": "enabled"}},
    {"permissions": {"update_shipping_details": "server_only"}},
    {"wallet_options": {"link": {"display": "never"}}},
    {"payment_intent_data": {"capture_method": "manual"}},
    {"payment_intent_data": {"setup_future_usage": "off_session"}},
    {"payment_intent_data": {"application_fee_amount": 1}},
    {"line_items": [{"price_data": {"currency": "eur", "product_data": {"name": "x"}, "unit_amount": 100},
                     "quantity": 1, "adjustable_quantity": {"enabled": True}}]},
    {"line_items": [{"price_data": {"currency": "eur", "unit_amount": 100,
                                    "product_data": {"name": "x", "tax_details": {"tax_code": "txcd_10000000"}}},
                     "quantity": 1}]},
]  # fmt: skip
"""What `unsupported="ignore"` keeps."""
REFUSED: list[dict[str, Any]] = [
    {"allowed_payment_method_types": ["paypal"]},
    {"shipping_options": [{"shipping_rate_data": {**SHIP, "fixed_amount": {"amount": 1, "currency": "usd"}}}]},
    {"line_items": [{"price_data": {"currency": "eur", "product_data": {"name": "x"}, "custom_unit_amount": {"enabled": True}},
                     "quantity": 1}]},
]  # fmt: skip
"""What is refused all the same, because the amount, or whether anybody can pay, depends on it."""
