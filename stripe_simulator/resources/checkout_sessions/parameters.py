"""Every parameter of `POST /v1/checkout/sessions`: how it is read, and what it does. `docs/simulator.md` shows this table.

https://docs.stripe.com/api/checkout/sessions/create
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ...http.shapes import (
    SHIPPING,
    Choice,
    Fields,
    Flag,
    Link,
    Many,
    Metadata,
    Refused,
    Shape,
    Text,
    Whole,
    Words,
    leaves,
)
from .countries import COUNTRIES
from .payment_method_options import OPTIONS as PAYMENT_METHOD_OPTIONS

MAX_OPTIONAL_ITEMS = 10
MAX_CUSTOM_FIELDS = 3
MAX_QUANTITY = 999_999
LOCALES = (
    *("auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hi-IN"),
    *("hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk"),
    *("sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW"),
)
FONTS = (
    *("be_vietnam_pro", "bitter", "chakra_petch", "default", "hahmlet", "inconsolata", "inter", "lato", "lora"),
    *("m_plus_1_code", "montserrat", "noto_sans", "noto_sans_jp", "noto_serif", "nunito", "open_sans", "pridi"),
    *("pt_sans", "pt_serif", "raleway", "roboto", "roboto_slab", "source_sans_pro", "titillium_web", "ubuntu_mono"),
    "zen_maru_gothic",
)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a session.

    Attributes:
        says: what it does, as the documentation says it.
        shape: how it is read; None where `SessionParams` reads it itself.
        modes: in which modes it may be given.
        in_elements: whether it may be given with `ui_mode` `elements`.
    """

    says: str
    shape: Shape | None = None
    modes: tuple[str, ...] = ("payment", "setup", "subscription")
    in_elements: bool = True


PAID = ("payment", "subscription")
ENABLED = Fields({"enabled": Flag()}, ("enabled",))
LIABILITY = Fields({"account": Refused(), "type": Choice(("self",), refused=("account",))}, ("type",))
PICTURE = Fields({"file": Text(), "type": Choice(("file", "url")), "url": Link()}, ("type",))
MESSAGE = Fields({"message": Text(1200)}, ("message",), unset=True)
OPTIONAL = Fields({"enabled": Flag(), "optional": Flag()}, ("enabled",))
QUANTITIES = Fields(
    {"enabled": Flag(), "maximum": Whole(1, MAX_QUANTITY), "minimum": Whole(0, MAX_QUANTITY)},
    ("enabled",),
)
CUSTOM_FIELD_LIMITS: dict[str, Shape] = {
    "default_value": Text(255),
    "maximum_length": Whole(1, 255),
    "minimum_length": Whole(1, 255),
}
DROPDOWN = Fields(
    {
        "default_value": Text(100),
        "options": Many(Fields({"label": Text(100), "value": Text(100)}, ("label", "value")), 200),
    },
    ("options",),
)
CUSTOM_FIELD = Fields(
    {
        "dropdown": DROPDOWN,
        "key": Text(200),
        "label": Fields({"custom": Text(50), "type": Choice(("custom",))}, ("custom", "type")),
        "numeric": Fields(CUSTOM_FIELD_LIMITS),
        "optional": Flag(),
        "text": Fields(CUSTOM_FIELD_LIMITS),
        "type": Choice(("dropdown", "numeric", "text")),
    },
    ("key", "label", "type"),
)
INVOICE_FIELD = Fields({"name": Text(40), "value": Text(140)}, ("name", "value"))
INVOICE_DATA = Fields(
    {
        "account_tax_ids": Words(unset=True),
        "custom_fields": Many(INVOICE_FIELD, 4, unset=True),
        "description": Text(1500),
        "footer": Text(),
        "issuer": LIABILITY,
        "metadata": Metadata(),
        "rendering_options": Fields(
            {
                "amount_tax_display": Choice(("exclude_tax", "include_inclusive_tax"), unset=True),
                "template": Text(),
            },
            unset=True,
        ),
    }
)
PAYMENT_INTENT_DATA = Fields(
    {
        "application_fee_amount": Refused(),
        "capture_method": Choice(("automatic", "automatic_async", "manual")),
        "description": Text(1000),
        "metadata": Metadata(),
        "on_behalf_of": Refused(),
        "receipt_email": Text(800),
        "setup_future_usage": Choice(("off_session", "on_session")),
        "shipping": SHIPPING,
        "statement_descriptor": Text(22),
        "statement_descriptor_suffix": Text(22),
        "transfer_data": Refused(),
        "transfer_group": Text(),
    }
)
BRANDING = Fields(
    {
        "background_color": Text(7, unset=True),
        "border_style": Choice(("pill", "rectangular", "rounded"), unset=True),
        "button_color": Text(7, unset=True),
        "display_name": Text(250),
        "font_family": Choice(FONTS, unset=True),
        "icon": PICTURE,
        "logo": PICTURE,
    }
)
RECOVERY = Fields({"allow_promotion_codes": Flag(), "enabled": Flag()}, ("enabled",))
CONSENT = Fields(
    {
        "payment_method_reuse_agreement": Fields({"position": Choice(("auto", "hidden"))}, ("position",)),
        "promotions": Choice(("auto", "none")),
        "terms_of_service": Choice(("none", "required")),
    }
)
OPTIONAL_ITEM = Fields(
    {"adjustable_quantity": QUANTITIES, "price": Text(), "quantity": Whole(1, MAX_QUANTITY)},
    ("price", "quantity"),
)
NEVER = ("auto", "never")
WHENEVER = ("always", "limited", "unspecified")

PARAMETERS: dict[str, Parameter] = {
    "adaptive_pricing": Parameter(
        "taken and shown; every shopper sees the session's own currency", Fields({"enabled": Flag()})
    ),
    "after_expiration": Parameter(
        "an expired session has a recovery URL for 30 days, which opens a copy of it with `recovered_from`",
        Fields({"recovery": RECOVERY}),
        in_elements=False,
    ),
    "allow_promotion_codes": Parameter("the shopper may enter a promotion code"),
    "allowed_payment_method_types": Parameter("narrows what can be paid with"),
    "automatic_tax": Parameter(
        "the tax of the shopper's country (`automatic_tax.py`) on lines and shipping",
        Fields({"enabled": Flag(), "liability": LIABILITY}, ("enabled",)),
    ),
    "billing_address_collection": Parameter(
        "with `required` a billing address is asked for", Choice(("auto", "required"))
    ),
    "branding_settings": Parameter("shown, and used by the hosted page", BRANDING, in_elements=False),
    "cancel_url": Parameter("the way back of the hosted page", in_elements=False),
    "client_reference_id": Parameter("kept and shown"),
    "consent_collection": Parameter("terms have to be accepted, promotions may be; `consent` says what was", CONSENT),
    "currency": Parameter("the currency of a session without lines, or that of its lines"),
    "custom_fields": Parameter(
        "asked for and checked; `custom_fields` has what was typed",
        Many(CUSTOM_FIELD, MAX_CUSTOM_FIELDS),
        in_elements=False,
    ),
    "custom_text": Parameter(
        "shown, and on the hosted page",
        Fields(
            {
                "after_submit": MESSAGE,
                "shipping_address": MESSAGE,
                "submit": MESSAGE,
                "terms_of_service_acceptance": MESSAGE,
            }
        ),
        in_elements=False,
    ),
    "customer": Parameter("an existing customer, with the payment methods that were saved"),
    "customer_account": Parameter("refused: accounts as customers", Refused()),
    "customer_creation": Parameter("with `always` a customer is made of the shopper", modes=("payment",)),
    "customer_email": Parameter("the shopper's address"),
    "customer_update": Parameter(
        "what the shopper types is kept on the customer",
        Fields({"address": Choice(NEVER), "name": Choice(NEVER), "shipping": Choice(NEVER)}),
    ),
    "discounts": Parameter("one coupon or promotion code"),
    "excluded_payment_method_types": Parameter("narrows what can be paid with"),
    "expand": Parameter("of what is simulated"),
    "expires_at": Parameter("30 minutes to 24 hours from now"),
    "integration_identifier": Parameter("kept and shown"),
    "invoice_creation": Parameter(
        "a paid invoice with its page and PDF",
        Fields({"enabled": Flag(), "invoice_data": INVOICE_DATA}, ("enabled",)),
        ("payment",),
    ),
    "line_items": Parameter("by price or `price_data`, with tax rates and adjustable quantities"),
    "locale": Parameter("any of Stripe's; the pages are in English", Choice(LOCALES)),
    "managed_payments": Parameter(
        "refused when it is enabled: Stripe as the seller", Fields({"enabled": Flag(simulated=False)})
    ),
    "metadata": Parameter("kept and shown"),
    "mode": Parameter("`payment`; `setup` and `subscription` as far as a session goes"),
    "name_collection": Parameter(
        "asked for, shown in `collected_information` and `customer_details`",
        Fields({"business": OPTIONAL, "individual": OPTIONAL}),
    ),
    "optional_items": Parameter("the shopper may add and remove them", Many(OPTIONAL_ITEM, MAX_OPTIONAL_ITEMS)),
    "origin_context": Parameter("kept and shown", Choice(("mobile_app", "web")), in_elements=False),
    "payment_intent_data": Parameter(
        "on the payment intent: capture by hand, saving the payment method, shipping and texts",
        PAYMENT_INTENT_DATA,
        ("payment",),
    ),
    "payment_method_collection": Parameter(
        "shown; a session without anything to pay asks for nothing",
        Choice(("always", "if_required")),
        ("subscription",),
    ),
    "payment_method_configuration": Parameter(
        "shown in `payment_method_configuration_details`; what it switches is for the other parameters to say",
        Text(100),
    ),
    "payment_method_data": Parameter(
        "`allow_redisplay` of the payment method", Fields({"allow_redisplay": Choice(WHENEVER)})
    ),
    "payment_method_options": Parameter(
        "of cards: capture, saving, 3-D Secure, blocked brands and funding; of other methods: capture; the rest changes "
        "nothing that is simulated",
        Fields(PAYMENT_METHOD_OPTIONS),
    ),
    "permissions": Parameter(
        "with `server_only` the page cannot change shipping details",
        Fields({"update_shipping_details": Choice(("client_only", "server_only"))}),
    ),
    "phone_number_collection": Parameter("a phone number is asked for", modes=PAID),
    "redirect_on_completion": Parameter(
        "of `embedded_page`: whether the shopper leaves it", Choice(("always", "if_required", "never"))
    ),
    "return_url": Parameter("where the shopper comes back to"),
    "saved_payment_method_options": Parameter(
        "whether the shopper may save a payment method, and which saved ones are offered again",
        Fields(
            {
                "allow_redisplay_filters": Words(WHENEVER),
                "payment_method_remove": Choice(("disabled", "enabled")),
                "payment_method_save": Choice(("disabled", "enabled")),
            }
        ),
        PAID,
    ),
    "setup_intent_data": Parameter(
        "on the setup intent",
        Fields({"description": Text(1000), "metadata": Metadata(), "on_behalf_of": Refused()}),
        ("setup",),
    ),
    "shipping_address_collection": Parameter(
        "an address in one of the countries is asked for",
        Fields({"allowed_countries": Words(COUNTRIES)}, ("allowed_countries",)),
        PAID,
    ),
    "shipping_options": Parameter("by shipping rate or `shipping_rate_data`, chosen by the shopper"),
    "submit_type": Parameter("what the button of the hosted page says", in_elements=False),
    "subscription_data": Parameter("refused: subscriptions as objects", Refused(), ("subscription",)),
    "success_url": Parameter("where the shopper goes after paying", in_elements=False),
    "tax_id_collection": Parameter(
        "a tax id may be typed; it is on the session, its customer and its invoice",
        Fields({"enabled": Flag(), "required": Choice(("if_supported", "never"))}, ("enabled",)),
    ),
    "ui_mode": Parameter("`hosted_page`, `elements`, `embedded_page` and `form`"),
    "wallet_options": Parameter(
        "taken and shown: Link is never offered",
        Fields({"link": Fields({"display": Choice(NEVER)})}),
    ),
}
"""Every parameter that Stripe has."""
SHAPED = {name: one.shape for name, one in PARAMETERS.items() if one.shape is not None}
"""Those that are read as the table says."""


def refused_leaves() -> Iterator[str]:
    """Yield what is refused: parameters of which no value is simulated."""
    for name, shape in leaves(SHAPED):
        if isinstance(shape, Refused) or (isinstance(shape, Flag) and not shape.simulated):
            yield name
