"""Products: what a shop sells, and carts priced by it. Prices never come from a request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from .currencies import CURRENCIES, currency_of
from .errors import EmptyCart, InvalidInput, ProductSoldOut, QuantityNotAllowed, UnknownProduct
from .money import format_amount

MAX_LINES = 40
"""Different products in one cart. Each needs a metadata key on the session, and Stripe allows 50 (https://docs.stripe.com/metadata)."""

ProductId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


class Product(BaseModel):
    """One thing for sale. `unit_amount` is in minor units of `currency`.

    `stripe_price` names a Price in the Stripe account; without it the price is sent inline. `image` is a file name
    beside the catalogue, in its folder `images`. `stock` says how many can be sold (none given: any number); whoever
    edits the catalogue keeps it up to date.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: ProductId
    name: str = Field(min_length=1, max_length=120)
    unit_amount: int = Field(ge=0)
    currency: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]
    description: str = ""
    category: str = "Other"
    image: str | None = None
    detail: str = ""
    sold_out: bool = False
    stock: int | None = Field(default=None, ge=0)
    max_quantity: int = Field(default=20, ge=1)
    stripe_price: Annotated[str, StringConstraints(pattern=r"^price_\w+$")] | None = None

    @model_validator(mode="after")
    def _can_be_charged(self) -> Self:
        currency = CURRENCIES.get(self.currency)
        if currency is None:
            raise ValueError(f"Stripe takes no currency {self.currency} (https://docs.stripe.com/currencies)")
        if self.unit_amount > currency.maximum:
            raise ValueError(f"unit_amount can be at most {currency.largest} in {self.currency}")
        if self.unit_amount % currency.multiple:
            raise ValueError(f"unit_amount must be a multiple of {currency.multiple} in {self.currency}")
        return self

    @property
    def price(self) -> str:
        """The price as a person reads it."""
        return format_amount(self.unit_amount, self.currency)

    @property
    def limit(self) -> int:
        """How many one order may have; 0: it cannot be bought now."""
        if self.sold_out:
            return 0
        return self.max_quantity if self.stock is None else min(self.max_quantity, self.stock)


class Welcome(BaseModel):
    """What the shop's first page begins with, from the catalogue's `[welcome]` table. `shelf` names that page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    over: str = Field(default="", max_length=80)
    headline: str = Field(default="Welcome", max_length=120)
    text: str = Field(default="", max_length=400)
    shelf: str = Field(default="Shop", min_length=1, max_length=20)


@dataclass(frozen=True, slots=True)
class PricedItem:
    """One line of a cart with its price in minor units of `currency`, and what the checkout page says of it."""

    product: str
    name: str
    unit_amount: int
    quantity: int
    currency: str
    description: str | None = None
    stripe_price: str | None = None
    stock: int | None = None

    @property
    def amount_total(self) -> int:
        """What the line costs, in minor units."""
        return self.unit_amount * self.quantity


class ProductSource(Protocol):
    """Where prices come from. `Catalog` is one."""

    def price(self, cart: Mapping[str, int], *, context: object = None) -> Sequence[PricedItem]:
        """Price a cart.

        Args:
            cart: quantities by product id.
            context: whatever the application passed along, such as its user.

        Raises:
            InvalidInput: something in the cart cannot be bought; the sentence names it.
        """
        ...


class Catalog(Mapping[str, Product]):
    """Products by id, in the order of the file. All are of one currency."""

    def __init__(self, products: list[Product], folder: Path, welcome: Welcome | None = None) -> None:
        self.welcome = welcome or Welcome()
        self._products = {product.id: product for product in products}
        self.folder = folder
        self.currency = products[0].currency

    def __getitem__(self, product_id: str) -> Product:
        return self._products[product_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._products)

    def __len__(self) -> int:
        return len(self._products)

    def price(self, cart: Mapping[str, int], *, context: object = None) -> list[PricedItem]:
        """Price a cart of product ids and quantities; `context` changes nothing here.

        Raises:
            InvalidInput: one of its kinds, naming what cannot be bought and what can.
        """
        if not cart:
            raise EmptyCart(field="items")
        if len(cart) > MAX_LINES:
            raise InvalidInput(f"At most {MAX_LINES} different products fit in one order.", field="items")
        items = [self._priced(product_id, quantity) for product_id, quantity in cart.items()]
        require_chargeable(items)
        return items

    def _priced(self, product_id: str, quantity: int) -> PricedItem:
        product = self._products.get(product_id)
        if product is None:
            raise UnknownProduct(f"We do not sell anything called “{product_id[:64]}”.", field="items")
        if product.limit == 0:
            raise ProductSoldOut(f"“{product.name}” is sold out.", field="items")
        if not 1 <= quantity <= product.limit:
            raise QuantityNotAllowed(
                f"You can buy 1 to {product.limit} of “{product.name}” in one order.",
                field="items",
            )
        return PricedItem(
            product=product.id,
            name=product.name,
            unit_amount=product.unit_amount,
            quantity=quantity,
            currency=product.currency,
            description=product.description or None,
            stripe_price=product.stripe_price,
            stock=product.stock,
        )


def require_chargeable(items: Sequence[PricedItem]) -> None:
    """Check that Stripe can charge what the items cost together; a free cart needs no charge.

    Raises:
        InvalidInput: there is no such amount in the currency, or the total is below or above what one charge may be.
    """
    if not items:
        return
    currency = currency_of(items[0].currency)
    for item in items:
        currency.require_possible(item.unit_amount, field="items")
    total = sum(item.amount_total for item in items)
    if total > currency.maximum:
        limit = format_amount(currency.largest, currency.code)
        raise InvalidInput(f"An order can be at most {limit}. Please remove something.", field="items")
    if 0 < total < currency.minimum:
        limit = format_amount(currency.smallest, currency.code)
        raise InvalidInput(f"An order must be at least {limit}. Please add something.", field="items")
