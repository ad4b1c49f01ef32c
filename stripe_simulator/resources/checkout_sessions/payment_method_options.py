"""`payment_method_options` of a Checkout Session: what may be asked of each payment method.

https://docs.stripe.com/api/checkout/sessions/create. Of a method that the simulator does not offer every option is taken,
because nobody can pay by it; of those that it offers, `CONSEQUENCES` says which change a payment.
"""

from ...http.shapes import Choice, CurrencyCode, Fields, Flag, Link, Many, Shape, Text, Whole, Words

MANUAL = Choice(("manual",))
NONE = Choice(("none",))
ONCE = Choice(("none", "off_session"))
ANY_USE = Choice(("none", "off_session", "on_session"))
IF_AVAILABLE = Choice(("if_available", "never"))
PREFIX = Fields({"reference_prefix": Text(12, unset=True)})


def _options(use: Shape | None = None, *, manual: bool = False, **more: Shape) -> Fields:
    table: dict[str, Shape] = {"capture_method": MANUAL} if manual else {}
    if use is not None:
        table["setup_future_usage"] = use
    return Fields({**table, **more})


ACSS_MANDATE = Fields(
    {
        "custom_mandate_url": Link(unset=True),
        "default_for": Words(("invoice", "subscription")),
        "interval_description": Text(500),
        "payment_schedule": Choice(("combined", "interval", "sporadic")),
        "transaction_type": Choice(("business", "personal")),
    }
)
CARD = _options(
    Choice(("off_session", "on_session")),
    manual=True,
    installments=Fields({"enabled": Flag()}),
    request_extended_authorization=IF_AVAILABLE,
    request_incremental_authorization=IF_AVAILABLE,
    request_multicapture=IF_AVAILABLE,
    request_overcapture=IF_AVAILABLE,
    request_three_d_secure=Choice(("any", "automatic", "challenge")),
    restrictions=Fields(
        {
            "brands_blocked": Words(("american_express", "discover_global_network", "mastercard", "visa")),
            "funding_types_blocked": Words(("credit", "debit", "prepaid")),
        }
    ),
    statement_descriptor_suffix_kana=Text(22),
    statement_descriptor_suffix_kanji=Text(17),
)
BANK_TRANSFER = Fields(
    {
        "eu_bank_transfer": Fields({"country": Text(2)}, ("country",)),
        "requested_address_types": Words(("aba", "iban", "sepa", "sort_code", "spei", "swift", "zengin")),
        "type": Choice(
            ("eu_bank_transfer", "gb_bank_transfer", "jp_bank_transfer", "mx_bank_transfer", "us_bank_transfer")
        ),
    },
    ("type",),
)
KLARNA_SUBSCRIPTION = Fields(
    {
        "interval": Choice(("day", "month", "week", "year")),
        "interval_count": Whole(1),
        "name": Text(),
        "next_billing": Fields({"amount": Whole(), "date": Text(10)}, ("amount", "date")),
        "reference": Text(),
    },
    ("interval", "next_billing", "reference"),
)
PAYTO_MANDATE = Fields(
    {
        "amount": Whole(1, unset=True),
        "amount_type": Choice(("fixed", "maximum"), unset=True),
        "end_date": Text(10, unset=True),
        "payment_schedule": Choice(
            ("adhoc", "annual", "daily", "fortnightly", "monthly", "quarterly", "semi_annual", "weekly"), unset=True
        ),
        "payments_per_period": Whole(1, unset=True),
        "purpose": Choice(
            (
                *("dependant_support", "government", "loan", "mortgage", "other", "pension", "personal", "retail"),
                *("salary", "tax", "utility"),
            ),
            unset=True,
        ),
        "start_date": Text(10, unset=True),
    }
)
PIX_MANDATE = Fields(
    {
        "amount": Whole(1),
        "amount_includes_iof": Choice(("always", "never")),
        "amount_type": Choice(("fixed", "maximum")),
        "currency": CurrencyCode(),
        "end_date": Text(10),
        "payment_schedule": Choice(("halfyearly", "monthly", "quarterly", "weekly", "yearly")),
        "reference": Text(),
        "start_date": Text(10),
    }
)
UPI_MANDATE = Fields(
    {
        "amount": Whole(1),
        "amount_type": Choice(("fixed", "maximum")),
        "description": Text(20),
        "end_date": Whole(),
    }
)
CONNECTIONS = Fields(
    {
        "permissions": Words(("balances", "ownership", "payment_method", "transactions")),
        "prefetch": Words(("balances", "ownership", "transactions")),
    }
)
PAYPAL_LOCALES = (
    *("cs-CZ", "da-DK", "de-AT", "de-DE", "de-LU", "el-GR", "en-GB", "en-US", "es-ES", "fi-FI", "fr-BE", "fr-FR"),
    *("fr-LU", "hu-HU", "it-IT", "nl-BE", "nl-NL", "pl-PL", "pt-PT", "sk-SK", "sv-SE"),
)
OPTIONS: dict[str, Shape] = {
    "acss_debit": _options(
        ANY_USE,
        currency=Choice(("cad", "usd")),
        mandate_options=ACSS_MANDATE,
        target_date=Text(10),
        verification_method=Choice(("automatic", "instant", "microdeposits")),
    ),
    "affirm": _options(NONE, manual=True),
    "afterpay_clearpay": _options(NONE, manual=True),
    "alipay": _options(NONE),
    "alma": _options(manual=True),
    "amazon_pay": _options(ONCE, manual=True),
    "au_becs_debit": _options(NONE, target_date=Text(10)),
    "bacs_debit": _options(ANY_USE, mandate_options=PREFIX, target_date=Text(10)),
    "bancontact": _options(ONCE),
    "billie": _options(manual=True),
    "blik": _options(Choice(("none", "off_session"), unset=True), mandate_options=Fields({"expires_at": Whole()})),
    "boleto": _options(ANY_USE, expires_after_days=Whole(0, 60)),
    "card": CARD,
    "cashapp": _options(ANY_USE, manual=True),
    "crypto": _options(NONE),
    "customer_balance": _options(NONE, bank_transfer=BANK_TRANSFER, funding_type=Choice(("bank_transfer",))),
    "demo_pay": _options(ONCE),
    "eps": _options(NONE),
    "fpx": _options(NONE),
    "giropay": _options(NONE),
    "grabpay": _options(NONE),
    "ideal": _options(NONE),
    "kakao_pay": _options(ONCE, manual=True),
    "klarna": Fields(
        {
            "capture_method": MANUAL,
            "setup_future_usage": NONE,
            "subscriptions": Many(KLARNA_SUBSCRIPTION, 20, unset=True),
        }
    ),
    "konbini": _options(NONE, expires_after_days=Whole(0, 60)),
    "kr_card": _options(ONCE, manual=True),
    "link": _options(ONCE, manual=True),
    "mobilepay": _options(NONE, manual=True),
    "multibanco": _options(NONE),
    "naver_pay": _options(ONCE, manual=True),
    "oxxo": _options(NONE, expires_after_days=Whole(0, 60)),
    "p24": _options(NONE, tos_shown_and_accepted=Flag()),
    "payco": _options(NONE, manual=True),
    "paynow": _options(NONE),
    "paypal": Fields(
        {
            "capture_method": Choice(("manual",), unset=True),
            "preferred_locale": Choice(PAYPAL_LOCALES),
            "reference": Text(127),
            "risk_correlation_id": Text(32),
            "setup_future_usage": Choice(("none", "off_session"), unset=True),
        }
    ),
    "payto": _options(ONCE, mandate_options=PAYTO_MANDATE),
    "pix": _options(
        ONCE,
        amount_includes_iof=Choice(("always", "never")),
        expires_after_seconds=Whole(10, 1_209_600),
        mandate_options=PIX_MANDATE,
    ),
    "revolut_pay": _options(ONCE, manual=True),
    "samsung_pay": _options(NONE, manual=True),
    "satispay": _options(manual=True),
    "scalapay": _options(manual=True),
    "sepa_debit": _options(ANY_USE, mandate_options=PREFIX, target_date=Text(10)),
    "sequra": _options(manual=True),
    "sofort": _options(NONE),
    "sunbit": _options(NONE, manual=True),
    "swish": _options(reference=Text(35)),
    "twint": _options(ONCE),
    "upi": _options(Choice(("none", "off_session", "on_session"), unset=True), mandate_options=UPI_MANDATE),
    "us_bank_account": _options(
        ANY_USE,
        financial_connections=CONNECTIONS,
        target_date=Text(10),
        verification_method=Choice(("automatic", "instant")),
    ),
    "wechat_pay": _options(NONE, app_id=Text(), client=Choice(("android", "ios", "web"))),
}
