"""Several shops from one installation, chosen by the host that a request names.

`shops.toml` in the data folder maps hosts to shops. Each shop has a catalogue, a Stripe account and a public address of
its own; they share one store, in which each sees its own orders only. Without the file there is one shop, and it
answers every host.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from ..domain.errors import ConfigurationError
from .settings import SIMULATOR_PUBLISHABLE_KEY, SIMULATOR_SECRET_KEY, Colour, Settings, variable
from .validation import first_fault

FILE = "shops.toml"
OF_THE_SELLER = ("seller", "contact", "terms_url", "privacy_url", "refund_terms", "promotion_codes")
"""Settings that a shop may have of its own; without them it has the installation's."""

EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
_PORT = re.compile(r":\d*$")


class ShopTable(BaseModel):
    """One `[[shop]]` table of `shops.toml`.

    `secret_key`, `publishable_key` and `webhook_secret` are *names* of environment variables, so that the file can be
    shown to anyone. One shop may leave them out and use the installation's own (`STRIPE_SECRET_KEY` and its kin).
    `operator_password`, such a name as well, and `operators` say who may see its orders; a shop without them has the
    installation's operators.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    hosts: tuple[str, ...] = Field(min_length=1)
    public_url: str
    api_url: str | None = None
    catalog: str = "catalog.toml"
    currency: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")] | None = None
    accent: Colour | None = None
    accent_dark: Colour | None = None
    seller: str | None = None
    contact: str | None = None
    terms_url: str | None = None
    privacy_url: str | None = None
    refund_terms: str | None = None
    promotion_codes: bool | None = None
    timezone: str | None = None
    secret_key: EnvironmentName | None = None
    publishable_key: EnvironmentName | None = None
    webhook_secret: EnvironmentName | None = None
    operator_password: EnvironmentName | None = None
    operators: tuple[str, ...] | None = None

    @field_validator("hosts")
    @classmethod
    def _normal(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(hostname(host) for host in hosts)

    @model_validator(mode="after")
    def _is_found_at_its_addresses(self) -> Self:
        """Browsers and Stripe are sent to these addresses, so they must lead to this shop."""
        for url in filter(None, (self.public_url, self.api_url)):
            host = hostname(urlsplit(url).netloc)
            if host and host not in self.hosts:
                raise ValueError(f"{url} leads to the host {host}, which is not among its hosts. Add it there")
        return self


def read_shops(path: Path) -> list[ShopTable]:
    """Read the tables of a `shops.toml`.

    Raises:
        ConfigurationError: it cannot be read, or two shops share an id or a host.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("shop", [])
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error
    shops = [_table(table, path) for table in tables]
    if not shops:
        raise ConfigurationError(f"{path} has no [[shop]] table. Add one, or remove the file.")
    _require_distinct([shop.id for shop in shops], "id", path)
    _require_distinct([host for shop in shops for host in shop.hosts], "host", path)
    return shops


def hostname(host: str) -> str:
    """Return a `Host` header without its port, in lower case; the brackets of an IPv6 address stay."""
    name = host.strip().lower()
    return _PORT.sub("", name).rstrip(".") if not name.endswith("]") else name


def _table(table: Mapping[str, Any], path: Path) -> ShopTable:
    try:
        return ShopTable.model_validate(table)
    except ValidationError as error:
        names, fault = first_fault(error)
        where = ", ".join([f"{path}, shop {table.get('id', 'without an id')}", *names])
        raise ConfigurationError(f"{where}: {fault}.") from error


def _require_distinct(names: Sequence[str], what: str, path: Path) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{path} has two shops with the {what} {name}.")


def settings_of(table: ShopTable, settings: Settings) -> Settings:
    """Return the settings of one shop: the installation's, with the shop's own Stripe account, operators and addresses.

    A shop that names no variables has the installation's account. With the built-in simulator each shop is an account
    of its own there, whether its variables are set or not.

    Raises:
        ConfigurationError: a variable is not set, or the values do not fit together.
    """
    changes: dict[str, object] = {
        "shop_name": table.name,
        "public_url": table.public_url,
        "api_url": table.api_url,
        "accent": table.accent or settings.accent,
        "accent_dark": table.accent_dark or settings.accent_dark,
        "timezone": table.timezone or settings.timezone,
        "operators": settings.operators if table.operators is None else frozenset(table.operators),
    }
    for field in OF_THE_SELLER:
        own = getattr(table, field)
        changes[field] = getattr(settings, field) if own is None else own
    if table.operator_password:
        changes["operator_password"] = variable(table.operator_password)
    if settings.built_in_simulator:
        changes["stripe_secret_key"] = f"{SIMULATOR_SECRET_KEY}_{table.id}"
        changes["stripe_publishable_key"] = f"{SIMULATOR_PUBLISHABLE_KEY}_{table.id}"
    else:
        named = {
            "stripe_secret_key": table.secret_key,
            "stripe_publishable_key": table.publishable_key,
            "stripe_webhook_secret": table.webhook_secret,
        }
        changes |= {field: variable(name) for field, name in named.items() if name}
    return settings.replace(**changes)
