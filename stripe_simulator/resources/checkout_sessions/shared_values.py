"""What every session has alike. All sessions share these objects, which saves 2 kB for each: change none in place."""

from ...wire import JSON

ADAPTIVE_PRICING: JSON = {"enabled": False}
AUTOMATIC_TAX: JSON = {
    "enabled": False,
    "liability": None,
    "provider": None,
    "status": None,
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
NO_OPTIONS: JSON = {}
PHONE_NUMBER_COLLECTION: dict[bool, JSON] = {
    False: {"enabled": False},
    True: {"enabled": True},
}
