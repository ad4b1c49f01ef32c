"""What every session has alike. All sessions share these objects, which saves 2 kB for each: change none in place."""

from ...wire import JSON

ADAPTIVE_PRICING: dict[bool, JSON] = {
    False: {"enabled": False},
    True: {"enabled": True},
}
AUTOMATIC_TAX: JSON = {
    "enabled": False,
    "liability": None,
    "provider": None,
    "status": None,
}
BRANDING: JSON = {
    "background_color": "#ffffff",
    "border_style": "rounded",
    "button_color": "#0b57d0",
    "display_name": "Simulated Stripe",
    "font_family": "default",
    "icon": None,
    "logo": None,
}
CUSTOM_TEXT: JSON = {
    "after_submit": None,
    "shipping_address": None,
    "submit": None,
    "terms_of_service_acceptance": None,
}
INVOICE_CREATION: JSON = {
    "enabled": False,
    "invoice_data": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": None,
        "metadata": {},
        "rendering_options": None,
    },
}
NO_FIELDS: list[JSON] = []
USUAL_METHOD_OPTIONS: JSON = {"card": {"request_three_d_secure": "automatic"}}
PHONE_NUMBER_COLLECTION: dict[bool, JSON] = {
    False: {"enabled": False},
    True: {"enabled": True},
}
