"""What travels: Stripe's objects as JSON, and the version that they have.

An object that several modules take apart has a `TypedDict` here; all others are `JSON`.
"""

from typing import Any, NotRequired, TypedDict

API_VERSION = "2026-10-28.endive"

JSON = dict[str, Any]


class Session(TypedDict):
    """A Checkout Session: https://docs.stripe.com/api/checkout/sessions/object.

    What may be absent is so until it is used; `line_items`, `total_details.breakdown` and others until they are expanded.
    """

    id: str
    object: str
    adaptive_pricing: JSON
    after_expiration: JSON | None
    allow_promotion_codes: bool | None
    allowed_payment_method_types: list[str] | None
    amount_subtotal: int | None
    amount_total: int | None
    automatic_tax: JSON
    billing_address_collection: str | None
    branding_settings: NotRequired[JSON]
    cancel_url: str | None
    client_reference_id: str | None
    client_secret: str | None
    collected_information: JSON | None
    consent: JSON | None
    consent_collection: JSON | None
    created: int
    currency: str | None
    currency_conversion: None
    custom_fields: list[JSON]
    custom_text: JSON
    customer: str | None
    customer_account: None
    customer_creation: str | None
    customer_details: JSON | None
    customer_email: str | None
    discounts: list[JSON]
    excluded_payment_method_types: NotRequired[list[str]]
    expires_at: int
    integration_identifier: str | None
    invoice: str | None
    invoice_creation: JSON
    livemode: bool
    locale: str | None
    managed_payments: JSON | None
    metadata: dict[str, str]
    mode: str
    name_collection: NotRequired[JSON]
    optional_items: NotRequired[list[JSON]]
    origin_context: str | None
    payment_intent: str | None
    payment_link: None
    payment_method_collection: str
    payment_method_configuration_details: JSON | None
    payment_method_options: JSON
    payment_method_types: list[str]
    payment_status: str
    permissions: JSON | None
    phone_number_collection: JSON
    recovered_from: str | None
    redirect_on_completion: NotRequired[str]
    return_url: NotRequired[str | None]
    saved_payment_method_options: JSON | None
    setup_intent: str | None
    shipping_address_collection: JSON | None
    shipping_cost: JSON | None
    shipping_options: list[JSON]
    status: str
    submit_type: str | None
    subscription: str | None
    success_url: str | None
    tax_id_collection: NotRequired[JSON]
    total_details: JSON
    ui_mode: str
    url: str | None
    wallet_options: JSON | None


class PaymentIntent(TypedDict):
    """A payment intent: https://docs.stripe.com/api/payment_intents/object."""

    id: str
    object: str
    allowed_payment_method_types: None
    amount: int
    amount_capturable: int
    amount_details: JSON
    amount_received: int
    application: None
    application_fee_amount: None
    automatic_payment_methods: JSON
    canceled_at: int | None
    cancellation_reason: str | None
    capture_method: str
    client_secret: str
    confirmation_method: str
    created: int
    currency: str
    customer: str | None
    customer_account: None
    description: str | None
    excluded_payment_method_types: None
    last_payment_error: JSON | None
    latest_charge: str | None
    livemode: bool
    managed_payments: None
    metadata: dict[str, str]
    next_action: JSON | None
    on_behalf_of: None
    payment_method: str | None
    payment_method_configuration_details: None
    payment_method_options: JSON
    payment_method_types: list[str]
    payment_record: None
    processing: None
    receipt_email: str | None
    review: None
    setup_future_usage: str | None
    shipping: JSON | None
    source: None
    statement_descriptor: str | None
    statement_descriptor_suffix: str | None
    status: str
    transfer_data: None
    transfer_group: str | None


class Charge(TypedDict):
    """A charge: https://docs.stripe.com/api/charges/object."""

    id: str
    object: str
    amount: int
    amount_captured: int
    amount_refunded: int
    application: None
    application_fee: None
    application_fee_amount: None
    balance_transaction: str | None
    billing_details: JSON
    calculated_statement_descriptor: str | None
    captured: bool
    created: int
    currency: str
    customer: str | None
    description: str | None
    disputed: bool
    failure_balance_transaction: None
    failure_code: str | None
    failure_message: str | None
    fraud_details: JSON
    livemode: bool
    metadata: dict[str, str]
    on_behalf_of: None
    outcome: JSON
    paid: bool
    payment_intent: str | None
    payment_method: str | None
    payment_method_details: JSON
    radar_options: JSON
    receipt_email: str | None
    receipt_number: None
    receipt_url: str | None
    refunded: bool
    review: None
    shipping: JSON | None
    source: None
    source_transfer: None
    statement_descriptor: str | None
    statement_descriptor_suffix: str | None
    status: str
    transfer_data: None
    transfer_group: str | None
