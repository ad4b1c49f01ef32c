"""Which paths of `expand` Stripe knows, whatever the answer holds: https://docs.stripe.com/api/expanding_objects."""

from ..errors import StripeError, invalid

MAX_LEVELS = 4
UNKNOWN = None
"""Stands for a kind that the simulator has no objects of: what is in it may be expanded."""
NO_OBJECT = ""
"""Stands for what is shown only when it is asked for, and holds nothing that can be expanded."""
BANK_REDIRECTS = ("bancontact", "ideal", "sofort")
KINDS: dict[str, dict[str, str | None]] = {
    NO_OBJECT: {},
    "checkout.session": {
        "automatic_tax.liability.account": "account",
        "customer": "customer",
        "discounts.coupon": "coupon",
        "discounts.promotion_code": "promotion_code",
        "invoice": "invoice",
        "invoice_creation.invoice_data.account_tax_ids": "tax_id",
        "invoice_creation.invoice_data.issuer.account": "account",
        "line_items": NO_OBJECT,
        "line_items.data": "item",
        "payment_intent": "payment_intent",
        "payment_link": UNKNOWN,
        "setup_intent": "setup_intent",
        "shipping_cost.shipping_rate": "shipping_rate",
        "shipping_cost.taxes": NO_OBJECT,
        "shipping_cost.taxes.rate": "tax_rate",
        "shipping_options.shipping_rate": "shipping_rate",
        "subscription": UNKNOWN,
        "total_details.breakdown": NO_OBJECT,
        "total_details.breakdown.discounts.discount": "discount",
        "total_details.breakdown.taxes.rate": "tax_rate",
    },
    "item": {
        "discounts": NO_OBJECT,
        "discounts.discount": "discount",
        "price": "price",
        "taxes": NO_OBJECT,
        "taxes.rate": "tax_rate",
    },
    "payment_intent": {
        "amount_details.line_items": NO_OBJECT,
        "amount_details.line_items.data": UNKNOWN,
        "application": UNKNOWN,
        "customer": "customer",
        "invoice": "invoice",  # before basil
        "last_payment_error.payment_intent": "payment_intent",
        "last_payment_error.payment_method": "payment_method",
        "last_payment_error.setup_intent": "setup_intent",
        "latest_charge": "charge",
        "on_behalf_of": "account",
        "payment_method": "payment_method",
        "payment_record": UNKNOWN,
        "review": UNKNOWN,
        "source": UNKNOWN,
        "transfer_data.destination": "account",
    },
    "charge": {
        "application": UNKNOWN,
        "application_fee": UNKNOWN,
        "balance_transaction": "balance_transaction",
        "customer": "customer",
        "failure_balance_transaction": "balance_transaction",
        "invoice": "invoice",  # before basil
        "on_behalf_of": "account",
        "outcome.rule": UNKNOWN,
        "payment_intent": "payment_intent",
        **{f"payment_method_details.{type}.mandate": UNKNOWN for type in ("card", "us_bank_account")},
        **{f"payment_method_details.{type}.generated_sepa_debit": "payment_method" for type in BANK_REDIRECTS},
        **{f"payment_method_details.{type}.generated_sepa_debit_mandate": UNKNOWN for type in BANK_REDIRECTS},
        "refunds": NO_OBJECT,
        "refunds.data": "refund",
        "review": UNKNOWN,
        "source_transfer": UNKNOWN,
        "transfer": UNKNOWN,
        "transfer_data.destination": "account",
    },
    "refund": {
        "balance_transaction": "balance_transaction",
        "charge": "charge",
        "customer": "customer",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
        "payment_method": "payment_method",
        "source_transfer_reversal": UNKNOWN,
        "transfer_reversal": UNKNOWN,
    },
    "dispute": {
        "balance_transactions": "balance_transaction",
        "charge": "charge",
        "payment_intent": "payment_intent",
        **{
            f"evidence.{file}": UNKNOWN
            for file in (
                *("cancellation_policy", "customer_communication", "customer_signature"),
                *("duplicate_charge_documentation", "receipt", "refund_policy", "service_documentation"),
                *("shipping_documentation", "uncategorized_file"),
            )
        },
    },
    "payment_method": {
        "card.generated_from.setup_attempt": UNKNOWN,
        "customer": "customer",
        "sepa_debit.generated_from.charge": "charge",
        "sepa_debit.generated_from.setup_attempt": UNKNOWN,
    },
    "setup_intent": {
        "application": UNKNOWN,
        "customer": "customer",
        "last_setup_error.payment_intent": "payment_intent",
        "last_setup_error.payment_method": "payment_method",
        "last_setup_error.setup_intent": "setup_intent",
        "latest_attempt": UNKNOWN,
        "mandate": UNKNOWN,
        "on_behalf_of": "account",
        "payment_method": "payment_method",
        "single_use_mandate": UNKNOWN,
    },
    "customer": {
        "cash_balance": NO_OBJECT,
        "default_source": "payment_method",
        "discount": "discount",
        "invoice_settings.default_payment_method": "payment_method",
        "sources": NO_OBJECT,
        "sources.data": UNKNOWN,
        "subscriptions": NO_OBJECT,
        "subscriptions.data": UNKNOWN,
        "tax": NO_OBJECT,
        "tax_ids": NO_OBJECT,
        "tax_ids.data": "tax_id",
        "test_clock": UNKNOWN,
    },
    "invoice": {
        "account_tax_ids": "tax_id",
        "application": UNKNOWN,
        "automatic_tax.liability.account": "account",
        "charge": "charge",  # before basil
        "customer": "customer",
        "default_payment_method": "payment_method",
        "default_source": "payment_method",
        "default_tax_rates": "tax_rate",
        "discounts": "discount",
        "from_invoice.invoice": "invoice",
        "issuer.account": "account",
        "last_finalization_error.payment_intent": "payment_intent",
        "last_finalization_error.payment_method": "payment_method",
        "last_finalization_error.setup_intent": "setup_intent",
        "latest_revision": "invoice",
        "lines": NO_OBJECT,
        "lines.data": "line_item",
        "on_behalf_of": "account",
        "parent.subscription_details.subscription": UNKNOWN,
        "payment_intent": "payment_intent",  # before basil
        "payments": NO_OBJECT,
        "payments.data": UNKNOWN,
        "shipping_cost.shipping_rate": "shipping_rate",
        "shipping_cost.taxes": NO_OBJECT,
        "shipping_cost.taxes.rate": "tax_rate",
        "subscription": UNKNOWN,  # before basil
        "test_clock": UNKNOWN,
        "total_discount_amounts.discount": "discount",
        "total_pretax_credit_amounts.credit_balance_transaction": UNKNOWN,
        "total_pretax_credit_amounts.discount": "discount",
    },
    "line_item": {
        "discount_amounts.discount": "discount",
        "discounts": "discount",
        "pretax_credit_amounts.credit_balance_transaction": UNKNOWN,
        "pretax_credit_amounts.discount": "discount",
        "price": "price",  # before basil
        "pricing.price_details.price": "price",
        "subscription": UNKNOWN,
    },
    "price": {"currency_options": NO_OBJECT, "product": "product", "tiers": NO_OBJECT},
    "product": {"default_price": "price", "provisioning": NO_OBJECT, "tax_code": UNKNOWN},
    "product_feature": {"entitlement_feature": UNKNOWN},
    "coupon": {"applies_to": NO_OBJECT, "currency_options": NO_OBJECT},
    "promotion_code": {
        "coupon": "coupon",  # before clover
        "customer": "customer",
        "promotion.coupon": "coupon",
    },
    "discount": {
        "coupon": "coupon",  # before clover
        "customer": "customer",
        "promotion_code": "promotion_code",
        "source.coupon": "coupon",
    },
    "tax_id": {
        "customer": "customer",
        "owner.account": "account",
        "owner.application": UNKNOWN,
        "owner.customer": "customer",
    },
    "tax_rate": {},
    "shipping_rate": {"fixed_amount.currency_options": NO_OBJECT, "tax_code": UNKNOWN},
    "balance_transaction": {"source": "source"},
    "account": {
        **{f"company.verification.document.{side}": UNKNOWN for side in ("back", "front")},
        "external_accounts": NO_OBJECT,
        "external_accounts.data": UNKNOWN,
        "individual": UNKNOWN,
        "settings.branding.icon": UNKNOWN,
        "settings.branding.logo": UNKNOWN,
        "settings.invoices.default_account_tax_ids": "tax_id",
    },
    "balance": {},
    "event": {},
    "webhook_endpoint": {},
}
"""For each kind of object, the paths in it that Stripe expands or that hold an object, and the kind they lead to."""
KINDS["source"] = KINDS["charge"] | KINDS["refund"] | KINDS["dispute"]
COLLECTIONS = {
    "account": "account",
    "accounts": "account",
    "balance": "balance",
    "balance_transactions": "balance_transaction",
    "charges": "charge",
    "coupons": "coupon",
    "customers": "customer",
    "disputes": "dispute",
    "events": "event",
    "features": "product_feature",
    "invoices": "invoice",
    "line_items": "item",
    "lines": "line_item",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
    "prices": "price",
    "products": "product",
    "promotion_codes": "promotion_code",
    "refunds": "refund",
    "sessions": "checkout.session",
    "setup_intents": "setup_intent",
    "shipping_rates": "shipping_rate",
    "tax_ids": "tax_id",
    "tax_rates": "tax_rate",
    "webhook_endpoints": "webhook_endpoint",
}
"""The kind of what a path of the API is about, by the last of these words in it."""
SINGULAR = {"account", "balance"}


def require_expandable(method: str, path: str, expand: list[str]) -> None:
    """Raise unless Stripe knows every path of `expand`; it says so before it does anything.

    Args:
        method: the HTTP method.
        path: the path of the API.
        expand: what the caller asks for.

    Raises:
        StripeError: a path is too deep, or leads to nothing that can be expanded, even if what it leads through is
            null or an empty list now.
    """
    words = path.strip("/").split("/")
    named = [word for word in words if word in COLLECTIONS]
    if words[0] != "v1" or not named:
        return
    kind, is_list = COLLECTIONS[named[-1]], method == "GET" and words[-1] == named[-1] not in SINGULAR
    for one in expand:
        names = one.split(".")
        if len(names) > MAX_LEVELS:
            raise invalid(f"You cannot expand more than {MAX_LEVELS} levels of a property ({one}).")
        inside = names[1:] if is_list else names
        if (is_list and names[0] != "data") or not _is_known(kind, inside):
            raise _refusal(one, is_list and _is_known(kind, names))


def _is_known(kind: str | None, names: list[str]) -> bool:
    """Return whether Stripe knows a path from an object of a kind; an object itself is what no name leads to."""
    if kind is UNKNOWN or not names:
        return True
    for length in range(len(names), 0, -1):
        path = ".".join(names[:length])
        if path in KINDS[kind]:
            return _is_known(KINDS[kind][path], names[length:])
    return False


def _refusal(path: str, in_list: bool) -> StripeError:
    hint = f" You may want to try expanding 'data.{path}' instead." if in_list else ""
    return invalid(f"This property cannot be expanded ({path}).{hint}")
