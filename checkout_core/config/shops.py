"""Several shops from one installation, chosen by the host that a request names.

`shops.toml` in the data folder maps hosts to shops. Each shop has a catalogue, a Stripe account and a public address of
its own; they share one store, in which each sees its own orders only. Without the file there is one shop, and it
answers every host.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from ..domain.errors import ConfigurationError, UnknownShop
from ..domain.products import Catalog
from ..services.checkout import Checkout, open_checkout
from ..stores import OrderStore, open_store
from .settings import Colour, Settings

FILE = "shops.toml"

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


class Shops:
    """The shops of an installation. Closing it closes them, and the store that they share, once."""

    def __init__(self, checkouts: Sequence[Checkout], by_host: Mapping[str, Checkout] | None = None) -> None:
        self._checkouts = tuple(checkouts)
        self._by_host = by_host

    @classmethod
    def only(cls, checkout: Checkout) -> Self:
        """One shop, which answers every host."""
        return cls([checkout])

    def at(self, host: str) -> Checkout:
        """The shop that a request's `Host` header names; a port does not matter.

        Raises:
            UnknownShop: no shop has this host.
        """
        if self._by_host is None:
            return self._checkouts[0]
        try:
            return self._by_host[hostname(host)]
        except KeyError:
            raise UnknownShop from None

    def __iter__(self) -> Iterator[Checkout]:
        return iter(self._checkouts)

    def __len__(self) -> int:
        return len(self._checkouts)

    def close(self) -> None:
        """Finish what is under way in every shop, and only then let go of the store that they share."""
        for checkout in self._checkouts:
            checkout.finish()
        for checkout in self._checkouts:
            checkout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_shops(settings: Settings | None = None) -> Shops:
    """The shops of `shops.toml` in the data folder; without that file the one shop of the settings.

    Raises:
        ConfigurationError: the file, a catalogue or a shop's settings cannot be used; the sentence names the shop.
    """
    settings = settings or Settings.load()
    path = settings.data_dir / FILE
    if not path.exists():
        return Shops.only(open_checkout(settings))
    tables = read_shops(path)
    store = open_store(settings.database_url)
    opened = [_open(table, path, settings, store) for table in tables]
    if len({checkout.settings.secret_key for checkout in opened}) < len(opened):
        # Of one account's events nobody could tell whose they are, and money without an order would go to either.
        raise ConfigurationError(f"{path} has two shops with the same Stripe key. Give each an account of its own.")
    by_host = {host: checkout for table, checkout in zip(tables, opened, strict=True) for host in table.hosts}
    return Shops(opened, by_host)


def read_shops(path: Path) -> list[ShopTable]:
    """The tables of a `shops.toml`.

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
    """A `Host` header without its port, in lower case; the brackets of an IPv6 address stay."""
    name = host.strip().lower()
    return _PORT.sub("", name).rstrip(".") if not name.endswith("]") else name


def _table(table: Mapping[str, Any], path: Path) -> ShopTable:
    try:
        return ShopTable.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ", ".join([f"{path}, shop {table.get('id', 'without an id')}", *map(str, first["loc"])])
        raise ConfigurationError(f"{where}: {first['msg'].removeprefix('Value error, ')}.") from error


def _require_distinct(names: Sequence[str], what: str, path: Path) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{path} has two shops with the {what} {name}.")


def _open(table: ShopTable, path: Path, settings: Settings, store: OrderStore) -> Checkout:
    try:
        own = settings.for_shop(
            table.id,
            secret_key=table.secret_key,
            publishable_key=table.publishable_key,
            webhook_secret=table.webhook_secret,
            operator_password=table.operator_password,
            operator_emails=settings.operator_emails if table.operators is None else " ".join(table.operators),
            shop_name=table.name,
            public_url=table.public_url,
            callback_url=table.api_url,
            accent=table.accent or settings.accent,
            accent_dark=table.accent_dark or settings.accent_dark,
        )
        catalog = Catalog.read(path.parent / table.catalog)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}, shop {table.id}: {error.message}") from error
    if table.currency not in (None, catalog.currency):
        raise ConfigurationError(
            f"{path}, shop {table.id}: its currency is {table.currency} and its catalogue's is {catalog.currency}."
        )
    return open_checkout(own, catalog=catalog, store=store, shop=table.id)
