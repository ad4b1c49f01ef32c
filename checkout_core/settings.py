"""Settings: the only place that reads the environment and `.env`.

They are built once, by whoever starts the program, and passed on.
"""

from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import ConfigurationError

STRIPE_API = "https://api.stripe.com"
STRIPE_JS = "https://js.stripe.com/endive/stripe.js"
SIMULATOR = "http://127.0.0.1:12111"
"""Where `checkout simulator` listens unless told otherwise."""

SIMULATOR_SECRET_KEY = "sk_test_simulator"  # noqa: S105 - the simulator takes any test key; this one opens nothing else
SIMULATOR_PUBLISHABLE_KEY = "pk_test_simulator"
SIMULATOR_WEBHOOK_SECRET = "whsec_simulator"  # noqa: S105 - known to everyone, good for loopback only

SHIPPED_DATA = Path(__file__).resolve().parent.parent / "data"


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

    @field_validator("stripe_secret_key", "stripe_webhook_secret", "database", "operator_password", mode="after")
    @classmethod
    def _blank_secret_is_unset(cls, secret: SecretStr | None) -> SecretStr | None:
        return secret if secret and secret.get_secret_value().strip() else None

    @field_validator("stripe_publishable_key", "stripe_api_base", "callback_url", mode="after")
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
    def webhook_secret(self) -> str | None:
        """What webhooks are signed with; None: the webhook route does not exist."""
        if self.stripe_webhook_secret:
            return self.stripe_webhook_secret.get_secret_value()
        return SIMULATOR_WEBHOOK_SECRET if self.stripe_secret_key is None else None

    @property
    def api_base(self) -> str:
        """Where API calls go."""
        return self.stripe_api_base or (SIMULATOR if self.stripe_secret_key is None else STRIPE_API)

    @property
    def stripe_js_url(self) -> str:
        """The script that the browser loads for the Payment Element."""
        return f"{self.api_base}/endive/stripe.js" if self.simulated else STRIPE_JS

    @property
    def database_url(self) -> str:
        """Where the orders are; may carry a password."""
        if self.database:
            return self.database.get_secret_value()
        return f"duckdb:///{(self.data_dir / 'orders.duckdb').as_posix()}"

    @property
    def catalog_path(self) -> Path:
        """`catalog.toml` in the data folder, else the one that ships with the project."""
        own = self.data_dir / "catalog.toml"
        return own if own.exists() else SHIPPED_DATA / "catalog.toml"

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
        return f"{self.public_url}/cart"

    def confirmation_url(self, session_id: str) -> str:
        """The confirmation page of one checkout."""
        return f"{self.public_url}/confirmation?session_id={session_id}"


def _in_one_sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    names = " ".join(str(part) for part in first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    return f"{names}: {text}." if names else f"{text}."
