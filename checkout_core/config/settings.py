"""Settings: the only place that reads the environment and `.env`.

They are built once, by whoever starts the program, and passed on.
"""

import ipaddress
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Unpack
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ..domain.errors import ConfigurationError
from .settings_arguments import SettingsArguments, UiMode
from .shipped import shipped_catalog
from .time_zones import time_zone
from .urls import Urls
from .validation import first_fault

ENV_FILE: str | None = ".env"
"""The file that `Settings.load()` reads beside the environment."""
STRIPE_API = "https://api.stripe.com"
STRIPE_JS = "https://js.stripe.com/endive/stripe.js"
SIMULATOR = "http://127.0.0.1:12111"
"""Where `checkout simulator` listens unless told otherwise."""

SIMULATOR_SECRET_KEY = "sk_test_simulator"  # noqa: S105 - the simulator takes any test key; this one opens nothing else
SIMULATOR_PUBLISHABLE_KEY = "pk_test_simulator"
SIMULATOR_WEBHOOK_SECRET = "whsec_simulator"  # noqa: S105 - known to everyone, good for loopback only

MIN_PASSWORD_LENGTH = 12
"""How many characters the operators' password has at least where real money moves."""
MIN_PASSWORD_LETTERS = 6
"""How many of them are different."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
"""A colour such as `#6b1d4a`."""

_RATES = re.compile(
    r"\d+\s*(/|per)\s*(\d+\s*)?(second|minute|hour|day)s?([,;]\s*\d+\s*(/|per)\s*(\d+\s*)?(second|minute|hour|day)s?)*"
)
_PREFIX = "CHECKOUT_"
_BLANK_MEANS_NONE = frozenset({"rate_limit"})
"""Settings for which blank is a value; every other setting that is blank is unset."""


class Settings(BaseSettings):
    """What can be set, by argument or environment variable; `Settings.load()` reads `.env` as well.

    `Settings(…)` itself reads no file: a test that gives its settings never reaches the account of a `.env` that happens
    to be there. A variable has the field's name in capitals, behind `CHECKOUT_` unless it begins with `STRIPE_`. An argument has the
    name of its field, or of its variable. No key: the built-in simulator; no database: a DuckDB file in `data_dir`.

    Raises:
        ConfigurationError: from `Settings.load()` and `replace()`, with a sentence that names the setting and says
            what to do. `Settings(…)` itself raises pydantic's ValidationError.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file_encoding="utf-8",
        extra="forbid",
        frozen=True,
        populate_by_name=True,
    )

    data_dir: Path = Path("data")
    database_url: SecretStr = Field(default_factory=lambda values: SecretStr(_duckdb_url(values["data_dir"])))
    public_url: str = "http://127.0.0.1:8501"
    api_url: str = Field(default_factory=lambda values: f"{values['public_url']}/api")
    ui_mode: UiMode = UiMode.elements
    operator_password: SecretStr | None = None
    operators: Annotated[frozenset[str], NoDecode] = frozenset()
    oidc_issuer: str | None = None

    stripe_secret_key: SecretStr = Field(
        default=SecretStr(SIMULATOR_SECRET_KEY),
        validation_alias="STRIPE_SECRET_KEY",
    )
    stripe_publishable_key: str = Field(
        default=SIMULATOR_PUBLISHABLE_KEY,
        validation_alias="STRIPE_PUBLISHABLE_KEY",
    )
    stripe_webhook_secret: SecretStr | None = Field(default=None, validation_alias="STRIPE_WEBHOOK_SECRET")
    stripe_api_base: str = Field(
        default_factory=lambda values: SIMULATOR if _is_simulator_key(values["stripe_secret_key"]) else STRIPE_API,
        validation_alias="STRIPE_API_BASE",
    )

    installation: str = Field(
        default_factory=lambda values: urlsplit(values["public_url"]).hostname or "checkout",
        pattern=r"^[\w.:-]{1,100}$",
    )
    session_minutes: int = Field(default=1440, ge=30, le=1440)
    hold_minutes: int = Field(default=30, ge=30, le=1440)
    retention_days: int | None = Field(default=None, ge=1, le=36_500)
    max_stripe_calls: int = Field(default=100, ge=1, le=10_000)
    sweep_every: float = Field(default=60, ge=0, le=86_400)
    shop_name: str = "The Lantern"
    timezone: str = "UTC"
    csv_dialect: Literal["plain", "de", "fr", "us"] = "plain"
    accent: Colour | None = None
    accent_dark: Colour | None = None
    seller: str | None = None
    contact: str | None = None
    terms_url: str | None = None
    privacy_url: str | None = None
    refund_terms: str | None = None
    promotion_codes: bool = True
    smtp_url: SecretStr | None = None
    mail_from: str | None = None
    on_paid: Annotated[tuple[str, ...], NoDecode] = ()
    handlers: Annotated[tuple[str, ...], NoDecode] = ()
    rate_limit: str = "300/minute"
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    metrics_token: SecretStr | None = None
    log_format: Literal["json", "console"] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    if TYPE_CHECKING:  # a field's type is what it is made into; more than that may be given

        def __init__(self, **arguments: Unpack[SettingsArguments]) -> None: ...

    @classmethod
    def load(cls, env_file: str | Path | None = None) -> Self:
        """Read the settings of this process.

        Args:
            env_file: read instead of `.env` in the current folder, which no other way of making settings reads.

        Raises:
            ConfigurationError: a value cannot be used; values never appear in the message.
        """
        try:
            return cls(_env_file=ENV_FILE if env_file is None else env_file)  # type: ignore[call-arg]
        except ValidationError as error:
            raise ConfigurationError(one_sentence(error)) from None

    def replace(self, **changes: Any) -> Self:
        """Return these settings with `changes`, validated again. None unsets a setting; the environment has no say.

        Raises:
            ConfigurationError: the values do not fit together.
        """
        values: dict[str, Any] = dict.fromkeys(type(self).model_fields)
        values |= {name: getattr(self, name) for name in self.model_fields_set}
        try:
            return type(self)(**values | changes)
        except ValidationError as error:
            raise ConfigurationError(one_sentence(error)) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments, then the environment, then `.env`, in which other programs may have variables of theirs."""
        assert isinstance(dotenv_settings, DotEnvSettingsSource)
        return init_settings, env_settings, _OwnVariables(settings_cls, env_file=dotenv_settings.env_file)

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Drop blank values, and give arguments that have a variable's name the name of their field."""
        by_variable = {f"{_PREFIX}{name.upper()}": name for name in cls.model_fields}
        arguments = {by_variable[name]: value for name, value in values.items() if name in by_variable}
        fields = {name: value for name, value in values.items() if name not in by_variable}
        return {name: value for name, value in (fields | arguments).items() if not _is_blank(name, value)}

    @field_validator("operators", "on_paid", "handlers", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, names: object) -> object:
        return tuple(names.replace(",", " ").split()) if isinstance(names, str) else names

    @field_validator("operators", mode="after")
    @classmethod
    def _lower(cls, addresses: frozenset[str]) -> frozenset[str]:
        return frozenset(address.lower() for address in addresses)

    @field_validator("stripe_publishable_key", "stripe_api_base", "api_url", mode="after")
    @classmethod
    def _without_slash(cls, text: str) -> str:
        return text.rstrip("/")

    @field_validator("public_url", mode="after")
    @classmethod
    def _absolute(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("CHECKOUT_PUBLIC_URL must be an address such as https://shop.example")
        return url.rstrip("/")

    @field_validator("terms_url", "privacy_url", mode="after")
    @classmethod
    def _page(cls, url: str | None) -> str | None:
        if url is not None and not is_web_address(url):
            raise ValueError(
                "CHECKOUT_TERMS_URL and CHECKOUT_PRIVACY_URL are addresses such as https://shop.example/terms"
            )
        return url

    @field_validator("smtp_url", mode="after")
    @classmethod
    def _mail_server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            parts = urlsplit(url.get_secret_value())
            if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
                raise ValueError("CHECKOUT_SMTP_URL must look like smtp://user:password@mail.example:587 or smtps://…")
        return url

    @field_validator("timezone", mode="after")
    @classmethod
    def _time_zone(cls, name: str) -> str:
        try:
            return time_zone(name)
        except ValueError as error:
            raise ValueError(f"CHECKOUT_TIMEZONE: {error}") from None

    @field_validator("rate_limit", mode="after")
    @classmethod
    def _rate(cls, text: str) -> str:
        if text.strip() and not _RATES.fullmatch(text.strip()):
            raise ValueError("CHECKOUT_RATE_LIMIT must look like 300/minute, or be blank for none")
        return text.strip()

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, names: object) -> object:
        try:
            return tuple(map(ipaddress.ip_network, names)) if isinstance(names, tuple) else names
        except ValueError as error:
            raise ValueError("CHECKOUT_TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8") from error

    @model_validator(mode="after")
    def _can_send_mail(self) -> Self:
        if (self.smtp_url is None) != (self.mail_from is None):
            raise ValueError("CHECKOUT_SMTP_URL and CHECKOUT_MAIL_FROM belong together. Set both, or neither")
        return self

    @model_validator(mode="after")
    def _keys_fit_together(self) -> Self:
        given = self.model_fields_set
        secret = self.stripe_secret_key.get_secret_value()
        if "stripe_secret_key" not in given and "stripe_publishable_key" in given:
            raise ValueError(
                "STRIPE_PUBLISHABLE_KEY is set and STRIPE_SECRET_KEY is not. Set both, or neither for the simulator"
            )
        if not secret.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
            raise ValueError("STRIPE_SECRET_KEY must start with sk_test_, sk_live_, rk_test_ or rk_live_")
        if "stripe_secret_key" in given and "stripe_publishable_key" not in given and self.ui_mode is UiMode.elements:
            raise ValueError(
                "STRIPE_SECRET_KEY is set and STRIPE_PUBLISHABLE_KEY is not. Set both (the Payment Element needs "
                "the pair), or CHECKOUT_UI_MODE=hosted_page"
            )
        if "stripe_publishable_key" in given and ("_live_" in secret) != ("_live_" in self.stripe_publishable_key):
            raise ValueError(
                "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are not of one mode: one is live, one is test"
            )
        if self.live:
            self._refuse_live_key_where_it_is_unsafe()
        return self

    def _refuse_live_key_where_it_is_unsafe(self) -> None:
        if self.stripe_api_base != STRIPE_API:
            raise ValueError("A live key must not be sent to a simulator. Unset STRIPE_API_BASE or use a test key")
        if not self.public_url.startswith("https://"):
            raise ValueError("With a live key CHECKOUT_PUBLIC_URL must start with https://")
        if self.operator_password is None:
            raise ValueError("With a live key CHECKOUT_OPERATOR_PASSWORD must be set")
        password = self.operator_password.get_secret_value()
        if len(password) < MIN_PASSWORD_LENGTH or len(set(password)) < MIN_PASSWORD_LETTERS:
            raise ValueError(
                f"With a live key CHECKOUT_OPERATOR_PASSWORD must have at least {MIN_PASSWORD_LENGTH} characters, "
                f'{MIN_PASSWORD_LETTERS} of them different. `python -c "import secrets; print(secrets.token_urlsafe())"` '
                "makes one"
            )

    @property
    def live(self) -> bool:
        """Whether real money moves."""
        return "_live_" in self.stripe_secret_key.get_secret_value()

    @property
    def built_in_simulator(self) -> bool:
        """Whether no Stripe account is set, so that the simulator of this project takes the payments."""
        return _is_simulator_key(self.stripe_secret_key)

    @property
    def simulated(self) -> bool:
        """Whether payments go to a simulator instead of to Stripe."""
        return self.built_in_simulator or self.stripe_api_base != STRIPE_API

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """What webhooks may be signed with; none: the webhook route does not exist.

        STRIPE_WEBHOOK_SECRET takes several, separated by commas, so that one can be rolled without a gap
        (https://docs.stripe.com/webhooks#roll-endpoint-secrets).
        """
        if self.stripe_webhook_secret:
            given = self.stripe_webhook_secret.get_secret_value().split(",")
            return tuple(secret.strip() for secret in given if secret.strip())
        return (SIMULATOR_WEBHOOK_SECRET,) if self.built_in_simulator else ()

    @property
    def stripe_js_url(self) -> str:
        """The script that the browser loads for the Payment Element."""
        return f"{self.stripe_api_base}/endive/stripe.js" if self.simulated else STRIPE_JS

    @property
    def catalog_path(self) -> Path:
        """`catalog.toml` in the data folder, else the one that the installed application ships.

        Without either it is the one in the data folder, so that whoever reads it says which is missing.
        """
        own = self.data_dir / "catalog.toml"
        return own if own.exists() else shipped_catalog() or own

    @property
    def urls(self) -> Urls:
        """Where shoppers are sent."""
        return Urls(
            complete=f"{self.api_url}/checkout/complete?session_id={{CHECKOUT_SESSION_ID}}",
            cancel=f"{self.public_url}/cart?payment=left&session_id={{CHECKOUT_SESSION_ID}}",
            confirmation=f"{self.public_url}/confirmation?session_id={{CHECKOUT_SESSION_ID}}",
            unpaid=f"{self.public_url}/checkout?session_id={{CHECKOUT_SESSION_ID}}&payment=unpaid",
            expired=f"{self.public_url}/cart?session_id={{CHECKOUT_SESSION_ID}}&payment=expired",
            order=f"{self.public_url}/ticket?order={{ORDER}}&key={{KEY}}",
            door=f"{self.public_url}/door?ticket={{TICKET}}",
        )


def is_web_address(url: str) -> bool:
    """Return whether a text is an address that a browser opens as a page, and not a script."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


class _OwnVariables(DotEnvSettingsSource):
    """The variables in `.env` that are settings; other programs may keep theirs there, too."""

    def __call__(self) -> dict[str, Any]:
        """Read the file."""
        fields = self.settings_cls.model_fields
        own = fields.keys() | {str(field.validation_alias) for field in fields.values()}
        return {name: value for name, value in super().__call__().items() if name in own}


def variable(name: str) -> str:
    """Read an environment variable that another file names, from the environment or `.env`.

    Raises:
        ConfigurationError: it is not set.
    """
    value = os.environ.get(name) or (dotenv_values(ENV_FILE).get(name) if ENV_FILE else None)
    if not value or not value.strip():
        raise ConfigurationError(f"{name} is not set. Set it in the environment or in .env.")
    return value.strip()


def one_sentence(error: ValidationError) -> str:
    """Say in one sentence what the first thing is that cannot be used, without showing values."""
    names, fault = first_fault(error)
    field = Settings.model_fields.get(names[0]) if names else None
    if field is not None:
        names[0] = str(field.validation_alias or f"{_PREFIX}{names[0].upper()}")
    return f"{'.'.join(names)}: {fault}." if names else f"{fault}."


def _duckdb_url(data_dir: Path) -> str:
    return f"duckdb:///{(data_dir / 'orders.duckdb').as_posix()}"


def _is_simulator_key(key: SecretStr) -> bool:
    return key.get_secret_value().startswith(SIMULATOR_SECRET_KEY)


def _is_blank(name: str, value: object) -> bool:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if isinstance(text, str):
        return not text.strip() and name not in _BLANK_MEANS_NONE
    return text is None
