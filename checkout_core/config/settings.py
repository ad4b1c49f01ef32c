"""Settings: the only place that reads the environment and `.env`.

They are built once, by whoever starts the program, and passed on.
"""

import ipaddress
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ..domain.errors import ConfigurationError
from .shipped import shipped_catalog

STRIPE_API = "https://api.stripe.com"
STRIPE_JS = "https://js.stripe.com/endive/stripe.js"
SIMULATOR = "http://127.0.0.1:12111"
"""Where `checkout simulator` listens unless told otherwise."""

SIMULATOR_SECRET_KEY = "sk_test_simulator"  # noqa: S105 - the simulator takes any test key; this one opens nothing else
SIMULATOR_PUBLISHABLE_KEY = "pk_test_simulator"
SIMULATOR_WEBHOOK_SECRET = "whsec_simulator"  # noqa: S105 - known to everyone, good for loopback only

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
"""A colour such as `#6b1d4a`."""


class UiMode(StrEnum):
    """How the shopper meets Stripe: the Payment Element in our page, or Stripe's own page."""

    elements = "elements"
    hosted_page = "hosted_page"


class Settings(BaseSettings):
    """What can be set, by environment variable or `.env`. No key: the built-in simulator; no URL: DuckDB.

    Raises:
        ConfigurationError: from `Settings.load()`, with a sentence that names the variable and says what to do.
    """

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    stripe_secret_key: SecretStr | None = None
    stripe_publishable_key: str | None = None
    stripe_webhook_secret: SecretStr | None = None
    stripe_api_base: str | None = None
    data_dir: Path = Field(default=Path("data"), validation_alias="CHECKOUT_DATA_DIR")
    database: SecretStr | None = Field(default=None, validation_alias="CHECKOUT_DATABASE_URL")
    public_url: str = Field(default="http://127.0.0.1:8501", validation_alias="CHECKOUT_PUBLIC_URL")
    callback_url: str | None = Field(default=None, validation_alias="CHECKOUT_API_URL")
    ui_mode: UiMode = Field(default=UiMode.elements, validation_alias="CHECKOUT_UI_MODE")
    operator_password: SecretStr | None = Field(default=None, validation_alias="CHECKOUT_OPERATOR_PASSWORD")
    operator_emails: str = Field(default="", validation_alias="CHECKOUT_OPERATORS")

    session_minutes: int = Field(default=1440, ge=30, le=1440, validation_alias="CHECKOUT_SESSION_MINUTES")
    sweep_every: float = Field(default=60, ge=0, le=86_400, validation_alias="CHECKOUT_SWEEP_EVERY")
    shop_name: str = Field(default="The Lantern", validation_alias="CHECKOUT_SHOP_NAME")
    accent: Colour | None = Field(default=None, validation_alias="CHECKOUT_ACCENT")
    accent_dark: Colour | None = Field(default=None, validation_alias="CHECKOUT_ACCENT_DARK")
    smtp_url: SecretStr | None = Field(default=None, validation_alias="CHECKOUT_SMTP_URL")
    mail_from: str | None = Field(default=None, validation_alias="CHECKOUT_MAIL_FROM")
    on_paid: str = Field(default="", validation_alias="CHECKOUT_ON_PAID")
    rate_limit: str = Field(default="300/minute", validation_alias="CHECKOUT_RATE_LIMIT")
    proxies: str = Field(default="", validation_alias="CHECKOUT_TRUSTED_PROXIES")
    metrics_token: SecretStr | None = Field(default=None, validation_alias="CHECKOUT_METRICS_TOKEN")
    log_format: Literal["", "json", "console"] = Field(default="", validation_alias="CHECKOUT_LOG_FORMAT")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="CHECKOUT_LOG_LEVEL"
    )

    @classmethod
    def load(cls) -> Self:
        """The settings of this process.

        Raises:
            ConfigurationError: a value cannot be used; values never appear in the message.
        """
        try:
            return cls()
        except ValidationError as error:
            raise ConfigurationError(_in_one_sentence(error)) from None

    @field_validator(
        "stripe_secret_key",
        "stripe_webhook_secret",
        "database",
        "operator_password",
        "smtp_url",
        "metrics_token",
        mode="after",
    )
    @classmethod
    def _blank_secret_is_unset(cls, secret: SecretStr | None) -> SecretStr | None:
        return secret if secret and secret.get_secret_value().strip() else None

    @field_validator("stripe_publishable_key", "stripe_api_base", "callback_url", "mail_from", mode="after")
    @classmethod
    def _blank_is_unset(cls, text: str | None) -> str | None:
        return text.rstrip("/") if text and text.strip() else None

    @field_validator("public_url", mode="after")
    @classmethod
    def _absolute(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("CHECKOUT_PUBLIC_URL must be an address such as https://shop.example")
        return url.rstrip("/")

    @field_validator("smtp_url", mode="after")
    @classmethod
    def _mail_server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            parts = urlsplit(url.get_secret_value())
            if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
                raise ValueError("CHECKOUT_SMTP_URL must look like smtp://user:password@mail.example:587 or smtps://…")
        return url

    @field_validator("rate_limit", mode="after")
    @classmethod
    def _rate(cls, text: str) -> str:
        try:
            from limits import parse_many
        except ModuleNotFoundError:  # it comes with what enforces the limit
            return text.strip()
        try:
            if text.strip():
                parse_many(text)
        except ValueError as error:
            raise ValueError("CHECKOUT_RATE_LIMIT must look like 300/minute, or be blank for none") from error
        return text.strip()

    @field_validator("proxies", mode="after")
    @classmethod
    def _networks(cls, text: str) -> str:
        try:
            _networks_of(text)
        except ValueError as error:
            raise ValueError("CHECKOUT_TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8") from error
        return text

    @model_validator(mode="after")
    def _can_send_mail(self) -> Self:
        if (self.smtp_url is None) != (self.mail_from is None):
            raise ValueError("CHECKOUT_SMTP_URL and CHECKOUT_MAIL_FROM belong together. Set both, or neither")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        secret = self.stripe_secret_key.get_secret_value() if self.stripe_secret_key else ""
        if not secret and self.stripe_publishable_key:
            raise ValueError(
                "STRIPE_PUBLISHABLE_KEY is set and STRIPE_SECRET_KEY is not. Set both, or neither for the simulator"
            )
        if secret and not secret.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
            raise ValueError("STRIPE_SECRET_KEY must start with sk_test_, sk_live_, rk_test_ or rk_live_")
        if secret and not self.stripe_publishable_key and self.ui_mode is UiMode.elements:
            raise ValueError(
                "STRIPE_SECRET_KEY is set and STRIPE_PUBLISHABLE_KEY is not. Set both (the Payment Element needs "
                "the pair), or CHECKOUT_UI_MODE=hosted_page"
            )
        if self.stripe_publishable_key and ("_live_" in secret) != ("_live_" in self.stripe_publishable_key):
            raise ValueError(
                "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are not of one mode: one is live, one is test"
            )
        if "_live_" in secret:
            self._refuse_live_key_where_it_is_unsafe()
        return self

    def _refuse_live_key_where_it_is_unsafe(self) -> None:
        if self.stripe_api_base and self.stripe_api_base != STRIPE_API:
            raise ValueError("A live key must not be sent to a simulator. Unset STRIPE_API_BASE or use a test key")
        if not self.public_url.startswith("https://"):
            raise ValueError("With a live key CHECKOUT_PUBLIC_URL must start with https://")
        if self.operator_password is None:
            raise ValueError("With a live key CHECKOUT_OPERATOR_PASSWORD must be set")

    @property
    def simulated(self) -> bool:
        """Whether payments go to a simulator instead of to Stripe."""
        return self.stripe_secret_key is None or self.stripe_api_base not in (None, STRIPE_API)

    @property
    def secret_key(self) -> str:
        """The key for API calls. Never log it."""
        return self.stripe_secret_key.get_secret_value() if self.stripe_secret_key else SIMULATOR_SECRET_KEY

    @property
    def publishable_key(self) -> str:
        """The key that the browser may see."""
        return self.stripe_publishable_key or SIMULATOR_PUBLISHABLE_KEY

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """What webhooks may be signed with; none: the webhook route does not exist.

        STRIPE_WEBHOOK_SECRET takes several, separated by commas, so that one can be rolled without a gap
        (https://docs.stripe.com/webhooks#roll-endpoint-secrets).
        """
        if self.stripe_webhook_secret:
            given = self.stripe_webhook_secret.get_secret_value().split(",")
            return tuple(secret.strip() for secret in given if secret.strip())
        return (SIMULATOR_WEBHOOK_SECRET,) if self.stripe_secret_key is None else ()

    @property
    def webhook_secret(self) -> str | None:
        """The first of `webhook_secrets`."""
        return next(iter(self.webhook_secrets), None)

    @property
    def trusted_proxies(self) -> tuple[Network, ...]:
        """Whose X-Forwarded-For is believed."""
        return _networks_of(self.proxies)

    @property
    def api_base(self) -> str:
        """Where API calls go."""
        return self.stripe_api_base or (SIMULATOR if self.stripe_secret_key is None else STRIPE_API)

    @property
    def stripe_js_url(self) -> str:
        """The script that the browser loads for the Payment Element."""
        return f"{self.api_base}/endive/stripe.js" if self.simulated else STRIPE_JS

    @property
    def operators(self) -> frozenset[str]:
        """The e-mail addresses that may sign in to the operator's pages, in lower case."""
        return frozenset(self.operator_emails.lower().replace(",", " ").split())

    @property
    def database_url(self) -> str:
        """Where the orders are; may carry a password."""
        if self.database:
            return self.database.get_secret_value()
        return f"duckdb:///{(self.data_dir / 'orders.duckdb').as_posix()}"

    @property
    def catalog_path(self) -> Path:
        """`catalog.toml` in the data folder, else the one that the installed application ships.

        Without either it is the one in the data folder, so that whoever reads it says which is missing.
        """
        own = self.data_dir / "catalog.toml"
        return own if own.exists() else shipped_catalog() or own

    @property
    def api_url(self) -> str:
        """Where the browser reaches the callback service."""
        return self.callback_url or f"{self.public_url}/api"

    @property
    def complete_url(self) -> str:
        """Where Stripe sends the shopper after payment; Stripe fills the placeholder in."""
        return f"{self.api_url}/checkout/complete?session_id={{CHECKOUT_SESSION_ID}}"

    @property
    def cancel_url(self) -> str:
        """Where the hosted page's way back leads."""
        return f"{self.public_url}/cart?payment=left"

    def confirmation_url(self, session_id: str) -> str:
        """The confirmation page of one checkout."""
        return f"{self.public_url}/confirmation?session_id={session_id}"

    def for_shop(
        self,
        shop: str,
        *,
        secret_key: str | None,
        publishable_key: str | None,
        webhook_secret: str | None,
        operator_password: str | None = None,
        **changes: str | None,
    ) -> Self:
        """These settings with a shop's own Stripe account and password, named by environment variables, and `changes`.

        A shop that names none has the installation's. With the built-in simulator each shop is an account of its
        own there, whether its variables are set or not.

        Raises:
            ConfigurationError: a variable is not set, or the values do not fit together.
        """
        own: dict[str, object] = dict(changes)
        own |= {"operator_password": SecretStr(_variable(operator_password))} if operator_password else {}
        if self.secret_key == SIMULATOR_SECRET_KEY:
            own["stripe_secret_key"] = SecretStr(f"{SIMULATOR_SECRET_KEY}_{shop}")
            own["stripe_publishable_key"] = f"{SIMULATOR_PUBLISHABLE_KEY}_{shop}"
        else:
            own |= {"stripe_secret_key": SecretStr(_variable(secret_key))} if secret_key else {}
            own |= {"stripe_publishable_key": _variable(publishable_key)} if publishable_key else {}
            own |= {"stripe_webhook_secret": SecretStr(_variable(webhook_secret))} if webhook_secret else {}
        values = {name: getattr(self, name) for name in type(self).model_fields} | own
        given = {str(field.validation_alias or name): values[name] for name, field in type(self).model_fields.items()}
        try:
            return type(self)(**given)  # all fields are given, so the environment has no say
        except ValidationError as error:
            raise ConfigurationError(_in_one_sentence(error)) from None


def _variable(name: str) -> str:
    """What an environment variable, or `.env`, says.

    Raises:
        ConfigurationError: it is not set.
    """
    file = Settings.model_config.get("env_file")
    value = os.environ.get(name) or (dotenv_values(file).get(name) if isinstance(file, str) else None)
    if not value or not value.strip():
        raise ConfigurationError(f"{name} is not set. Set it in the environment or in .env.")
    return value.strip()


def _networks_of(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(each) for each in text.replace(",", " ").split())


def _in_one_sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    names = " ".join(str(part) for part in first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    return f"{names}: {text}." if names else f"{text}."
