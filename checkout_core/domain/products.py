"""The catalogue: what the shop sells, and the only place that prices are read from."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from .errors import ConfigurationError, EmptyCart, InvalidInput, ProductSoldOut, QuantityNotAllowed, UnknownProduct
from .money import LARGEST_AMOUNT, format_amount
from .orders import OrderItem

MOST_LINES = 40
"""Different products in one cart. Each needs a metadata key on the session, and Stripe allows 50 (https://docs.stripe.com/metadata)."""

ProductId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


class Product(BaseModel):
    """One thing for sale. `unit_amount` is in minor units of `currency`.

    `stripe_price` names a Price in the Stripe account; without it the price is sent inline. `image` is a file name
    beside the catalogue, in its folder `images`. `left` says how many there still are (none given: enough); whoever
    keeps the catalogue keeps it up to date.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: ProductId
    name: str = Field(min_length=1, max_length=120)
    unit_amount: int = Field(ge=0, le=LARGEST_AMOUNT)
    currency: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]
    description: str = ""
    category: str = "Other"
    image: str | None = None
    detail: str = ""
    sold_out: bool = False
    left: int | None = Field(default=None, ge=0)
    max_quantity: int = Field(default=20, ge=1)
    stripe_price: Annotated[str, StringConstraints(pattern=r"^price_\w+$")] | None = None

    @property
    def price(self) -> str:
        """The price as a person reads it."""
        return format_amount(self.unit_amount, self.currency)

    @property
    def most(self) -> int:
        """How many one order may have; 0: it cannot be bought now."""
        if self.sold_out:
            return 0
        return self.max_quantity if self.left is None else min(self.max_quantity, self.left)


class Welcome(BaseModel):
    """What the shop's first page begins with, from the catalogue's `[welcome]` table. `shelf` names that page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    over: str = Field(default="", max_length=80)
    headline: str = Field(default="Welcome", max_length=120)
    text: str = Field(default="", max_length=400)
    shelf: str = Field(default="Shop", min_length=1, max_length=20)


class Catalog(Mapping[str, Product]):
    """Products by id, in the order of the file. All are of one currency."""

    def __init__(self, products: list[Product], folder: Path, welcome: Welcome | None = None) -> None:
        self.welcome = welcome or Welcome()
        self._products = {product.id: product for product in products}
        self.folder = folder
        self.currency = products[0].currency

    @classmethod
    def read(cls, path: Path) -> "Catalog":
        """Read a TOML file of `[[product]]` tables and, if there is one, a `[welcome]` table.

        Raises:
            ConfigurationError: the file is missing or broken; the sentence names the file and the product.
        """
        try:
            written = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(f"The catalogue {path} cannot be read: {error.strerror}.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The catalogue {path} is not valid TOML: {error}.") from error
        products = [_product(table, path) for table in written.get("product", [])]
        if not products:
            raise ConfigurationError(f"The catalogue {path} has no [[product]] table.")
        if len({product.id for product in products}) < len(products):
            raise ConfigurationError(f"The catalogue {path} has two products of the same id.")
        if len({product.currency for product in products}) > 1:
            raise ConfigurationError(f"The catalogue {path} mixes currencies; a Stripe session takes one.")
        try:
            welcome = Welcome.model_validate(written.get("welcome", {}))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigurationError(f"The catalogue {path}, [welcome], {where}: {first['msg']}.") from error
        return cls(products, path.parent, welcome)

    def __getitem__(self, product_id: str) -> Product:
        return self._products[product_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._products)

    def __len__(self) -> int:
        return len(self._products)

    def order_items(self, cart: Mapping[str, int]) -> list[OrderItem]:
        """Price a cart of product ids and quantities.

        Raises:
            InvalidInput: one of its kinds, naming what cannot be bought and what can.
        """
        if not cart:
            raise EmptyCart(field="items")
        if len(cart) > MOST_LINES:
            raise InvalidInput(f"At most {MOST_LINES} different products fit in one order.", field="items")
        items = [self._order_item(product_id, quantity) for product_id, quantity in cart.items()]
        total = sum(item.amount_total for item in items)
        if total > LARGEST_AMOUNT:
            most = format_amount(LARGEST_AMOUNT, self.currency)
            raise InvalidInput(f"An order can be at most {most}. Please remove something.", field="items")
        return items

    def _order_item(self, product_id: str, quantity: int) -> OrderItem:
        product = self._products.get(product_id)
        if product is None:
            raise UnknownProduct(f"We do not sell anything called “{product_id[:64]}”.", field="items")
        if product.most == 0:
            raise ProductSoldOut(f"“{product.name}” is sold out.", field="items")
        if not 1 <= quantity <= product.most:
            raise QuantityNotAllowed(
                f"You can buy 1 to {product.most} of “{product.name}” in one order.", field="items"
            )
        return OrderItem(product=product.id, name=product.name, unit_amount=product.unit_amount, quantity=quantity)


def _product(table: Mapping[str, Any], path: Path) -> Product:
    try:
        return Product.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        name = table.get("id", "without an id")
        raise ConfigurationError(f"The catalogue {path}, product {name}, {where}: {first['msg']}.") from error
