"""What `Settings(…)` takes, for type checkers: each setting by the name of its field and of its environment variable.

A field has one type; an argument may be whatever is made into it, such as a text for a key. Nothing here runs.
"""

import ipaddress
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypedDict

from pydantic import SecretStr


class UiMode(StrEnum):
    """How the shopper meets Stripe: the Payment Element in our page, or Stripe's own page."""

    elements = "elements"
    hosted_page = "hosted_page"


Text = str | None
Secret = SecretStr | str | None
Names = Iterable[str] | str | None
Networks = Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network | str] | str | None
Folder = Path | str | None
Mode = UiMode | Literal["elements", "hosted_page"] | None
LogFormat = Literal["json", "console"] | None
LogLevel = Literal["debug", "info", "warning", "error"] | None
CsvDialect = Literal["plain", "de", "fr", "us"] | None
Number = int | None
Choice = bool | str | None
Seconds = float | None


class SettingsArguments(TypedDict, total=False):
    """The arguments of `Settings` and of `Settings.replace`. None is as if it were not given."""

    data_dir: Folder
    database_schema: Text
    database_connections: Number
    database_prepare_threshold: Text
    database_url: Secret
    public_url: Text
    api_url: Text
    ui_mode: Mode
    operator_password: Secret
    operators: Names
    oidc_issuer: Text
    stripe_secret_key: Secret
    stripe_publishable_key: Text
    stripe_webhook_secret: Secret
    stripe_api_base: Text
    installation: Text
    session_minutes: Number
    hold_minutes: Number
    retention_days: Number
    max_stripe_calls: Number
    sweep_every: Seconds
    shop_name: Text
    timezone: Text
    csv_dialect: CsvDialect
    accent: Text
    accent_dark: Text
    seller: Text
    contact: Text
    terms_url: Text
    privacy_url: Text
    refund_terms: Text
    promotion_codes: Choice
    smtp_url: Secret
    mail_from: Text
    on_paid: Names
    handlers: Names
    rate_limit: Text
    trusted_proxies: Networks
    metrics_token: Secret
    log_format: LogFormat
    log_level: LogLevel

    CHECKOUT_DATA_DIR: Folder
    CHECKOUT_DATABASE_SCHEMA: Text
    CHECKOUT_DATABASE_CONNECTIONS: Number
    CHECKOUT_DATABASE_PREPARE_THRESHOLD: Text
    CHECKOUT_DATABASE_URL: Secret
    CHECKOUT_PUBLIC_URL: Text
    CHECKOUT_API_URL: Text
    CHECKOUT_UI_MODE: Mode
    CHECKOUT_OPERATOR_PASSWORD: Secret
    CHECKOUT_OPERATORS: Names
    CHECKOUT_OIDC_ISSUER: Text
    STRIPE_SECRET_KEY: Secret
    STRIPE_PUBLISHABLE_KEY: Text
    STRIPE_WEBHOOK_SECRET: Secret
    STRIPE_API_BASE: Text
    CHECKOUT_INSTALLATION: Text
    CHECKOUT_SESSION_MINUTES: Number
    CHECKOUT_HOLD_MINUTES: Number
    CHECKOUT_RETENTION_DAYS: Number
    CHECKOUT_MAX_STRIPE_CALLS: Number
    CHECKOUT_SWEEP_EVERY: Seconds
    CHECKOUT_SHOP_NAME: Text
    CHECKOUT_TIMEZONE: Text
    CHECKOUT_CSV_DIALECT: CsvDialect
    CHECKOUT_ACCENT: Text
    CHECKOUT_ACCENT_DARK: Text
    CHECKOUT_SELLER: Text
    CHECKOUT_CONTACT: Text
    CHECKOUT_TERMS_URL: Text
    CHECKOUT_PRIVACY_URL: Text
    CHECKOUT_REFUND_TERMS: Text
    CHECKOUT_PROMOTION_CODES: Choice
    CHECKOUT_SMTP_URL: Secret
    CHECKOUT_MAIL_FROM: Text
    CHECKOUT_ON_PAID: Names
    CHECKOUT_HANDLERS: Names
    CHECKOUT_RATE_LIMIT: Text
    CHECKOUT_TRUSTED_PROXIES: Networks
    CHECKOUT_METRICS_TOKEN: Secret
    CHECKOUT_LOG_FORMAT: LogFormat
    CHECKOUT_LOG_LEVEL: LogLevel
