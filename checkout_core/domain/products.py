"""Products: what a shop sells, and carts priced by it. Prices never come from a request."""

from collections.abc import Awaitable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol, Self, runtime_checkable

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from .currencies import CURRENCIES, currency_of
from .errors import (
    ConfigurationError,
    EmptyCart,
    InvalidInput,
    ProductSourceError,
    QuantityNotAllowed,
    Shortage,
    SoldOut,
    UnknownProduct,
)
from .metadata import in_parts
from .money import format_amount
from .showings import Showing

MAX_LINES = 40
"""Different products in one cart; Stripe takes 100 lines, and shows 10 on a page."""
MAX_ID_LENGTH = 500
"""Of a product's id: Stripe keeps it in a value of metadata (https://docs.stripe.com/metadata)."""
MAX_IDS_LENGTH = 20 * 500
"""Of all product ids of a cart together: they have twenty values of the session's metadata."""


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("a product's id has no control characters, and no space at its ends")
    return text


ProductId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH), AfterValidator(_printable)]
"""What an application calls a product: any printable text, such as `TKT-0001` or `Ürümqi, row 7`."""


class Product(BaseModel):
    """One thing for sale. `unit_amount` is in minor units of `currency`.

    `stripe_price` names a Price in the Stripe account; without it the price is sent inline. `image` is a file name
    beside the catalogue, in its folder `images`. A product with a `showing` is a ticket for it. `capacity` says how many there are in all (none given: any number);
    orders hold them and sell them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: ProductId
    name: str = Field(min_length=1, max_length=120)
    unit_amount: int = Field(ge=0)
    currency: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]
    description: str = ""
    category: str = "Other"
    image: str | None = None
    showing: Showing | None = None
    detail: str = ""
    sold_out: bool = False
    capacity: int | None = Field(default=None, ge=0)
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

    def detail_in(self, locale: str = "en_US") -> str:
        """Return the product's detail; one that has none says when and where it is shown."""
        return self.detail or (self.showing.short(locale) if self.showing else "")

    @property
    def price(self) -> str:
        """The price as a person reads it."""
        return format_amount(self.unit_amount, self.currency)

    @property
    def limit(self) -> int:
        """How many one order may have; 0: it cannot be bought now."""
        if self.sold_out:
            return 0
        return self.max_quantity if self.capacity is None else min(self.max_quantity, self.capacity)


class Welcome(BaseModel):
    """What the shop's first page begins with, from the catalogue's `[welcome]` table. `shelf` names that page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    over: str = Field(default="", max_length=80)
    headline: str = Field(default="Welcome", max_length=120)
    text: str = Field(default="", max_length=400)
    shelf: str = Field(default="Shop", min_length=1, max_length=20)


@dataclass(frozen=True, slots=True)
class PricedItem:
    """One line of a cart with its price in minor units of `currency`, and what the checkout page says of it.

    `capacity` is how many there are of the product in all; None: any number can be sold.
    """

    product: str
    name: str
    unit_amount: int
    quantity: int
    currency: str
    description: str | None = None
    stripe_price: str | None = None
    capacity: int | None = None

    @property
    def amount_total(self) -> int:
        """What the line costs, in minor units."""
        return self.unit_amount * self.quantity


class ProductSource(Protocol):
    """Where prices come from. `Catalog` is one.

    `price` may block: it runs in a thread. One that is a coroutine function is an `AsyncProductSource`.
    """

    def price(self, cart: Mapping[str, int], *, context: object = None) -> Sequence[PricedItem]:
        """Price a cart.

        Args:
            cart: quantities by product id.
            context: whatever the application passed along, such as its user.

        Returns:
            The lines, all of one currency.

        Raises:
            InvalidInput: something in the cart cannot be bought; the sentence names it.
        """
        ...


@runtime_checkable
class ShowingSource(Protocol):
    """A product source that knows, too, when and where its products are shown. `Catalog` is one.

    `showings` may block: it runs in a thread. It may be a coroutine function.
    """

    def showings(self, products: Collection[str]) -> Mapping[str, Showing] | Awaitable[Mapping[str, Showing]]:
        """Return the showings of those of the products that have one, by product."""
        ...


class AsyncProductSource(Protocol):
    """Where prices come from, for applications whose database is asked by coroutines."""

    async def price(self, cart: Mapping[str, int], *, context: object = None) -> Sequence[PricedItem]:
        """Price a cart, as `ProductSource.price` does."""
        ...


class Catalog(Mapping[str, Product]):
    """Products by id, in the order in which they were given.

    They may have several currencies; one cart has one. `folder` is where their pictures are, in `images`.
    """

    def __init__(
        self, products: Iterable[Product] = (), folder: Path | None = None, welcome: Welcome | None = None
    ) -> None:
        """Make a catalogue.

        Args:
            products: for sale; none is a catalogue from which nothing can be bought.
            folder: of the catalogue file; the current one unless given.
            welcome: what the demo shop's first page begins with.

        Raises:
            ConfigurationError: two products have the same id.
        """
        self.welcome = welcome or Welcome()
        self.folder = folder or Path()
        self._products: dict[str, Product] = {}
        for product in products:
            if product.id in self._products:
                raise ConfigurationError(f"The catalogue has two products called “{product.id}”.")
            self._products[product.id] = product

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies of its products, in their order."""
        return tuple(dict.fromkeys(product.currency for product in self._products.values()))

    @property
    def currency(self) -> str:
        """The currency of its first product.

        Raises:
            ConfigurationError: it has no products.
        """
        if not self._products:
            raise ConfigurationError("The catalogue has no products, so it has no currency. Add a product.")
        return self.currencies[0]

    def __getitem__(self, product_id: str) -> Product:
        return self._products[product_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._products)

    def __len__(self) -> int:
        return len(self._products)

    def showings(self, products: Collection[str]) -> dict[str, Showing]:
        """Return the showings of those of the products that have one, by product."""
        found = [self._products[each] for each in products if each in self._products]
        return {product.id: product.showing for product in found if product.showing is not None}

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
        require_one_currency(items)
        require_chargeable(items)
        return items

    def _priced(self, product_id: str, quantity: int) -> PricedItem:
        product = self._products.get(product_id)
        if product is None:
            raise UnknownProduct(f"We do not sell anything called “{product_id[:64]}”.", field="items")
        if product.limit == 0:
            raise SoldOut(shortages=[Shortage(product.id, product.name, 0)])
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
            capacity=product.capacity,
        )


def checked_items(items: object, source: str) -> list[PricedItem]:
    """Return what a product source gave as a list of lines that Stripe can charge.

    Args:
        items: what it gave.
        source: its name, for the sentence.

    Raises:
        ProductSourceError: it gave something else than lines, or a line that cannot be sold.
        InvalidInput: the shopper's cart has several currencies, or costs too little or too much.
    """
    if isinstance(items, str | bytes | Mapping) or not isinstance(items, Iterable):
        raise ProductSourceError(f"{source} gave {_kind(items)} instead of a list of PricedItem.")
    lines = list(items)
    for line in lines:
        if not isinstance(line, PricedItem):
            raise ProductSourceError(f"{source} gave {_kind(line)} instead of a PricedItem.")
        if fault := _fault(line):
            raise ProductSourceError(f"{source}, product “{str(line.product)[:64]}”: {fault}.")
    if not lines:
        raise EmptyCart(field="items")
    if len(lines) > MAX_LINES:
        raise InvalidInput(f"At most {MAX_LINES} different products fit in one order.", field="items")
    if sum(map(len, in_parts("", [line.product for line in lines]).values())) > MAX_IDS_LENGTH:
        raise ProductSourceError(
            f"{source}: the product ids of this cart have more than {MAX_IDS_LENGTH} characters together, "
            "which Stripe cannot keep. Use shorter ids."
        )
    require_one_currency(lines)
    require_chargeable(lines)
    return lines


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _fault(line: PricedItem) -> str | None:
    """Say what keeps a line from being sold."""
    texts = {"product": line.product, "name": line.name, "currency": line.currency}
    for field, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            return f"{field} is {text!r}, not a text"
    if not line.product.isprintable() or len(line.product) > MAX_ID_LENGTH:
        return f"a product's id is printable text of at most {MAX_ID_LENGTH} characters"
    if line.currency not in CURRENCIES:
        return f"Stripe takes no currency {line.currency} (https://docs.stripe.com/currencies)"
    for field, number, least in (("unit_amount", line.unit_amount, 0), ("quantity", line.quantity, 1)):
        if isinstance(number, bool) or not isinstance(number, int):
            return f"{field} is {number!r}. Give a whole number{' of minor units' if least == 0 else ''}"
        if number < least:
            return f"{field} is {number}, and {least} is the least"
    if line.capacity is not None and (
        isinstance(line.capacity, bool) or not isinstance(line.capacity, int) or line.capacity < 0
    ):
        return f"capacity is {line.capacity!r}. Give a whole number that is not negative, or None"
    if line.unit_amount % CURRENCIES[line.currency].multiple:
        return f"unit_amount must be a multiple of {CURRENCIES[line.currency].multiple} in {line.currency}"
    return None


def require_one_currency(items: Sequence[PricedItem]) -> None:
    """Check that a cart has one currency, as a Stripe session has.

    Raises:
        InvalidInput: it has several; the sentence names a product of each of two.
    """
    for item in items:
        if item.currency != items[0].currency:
            raise InvalidInput(
                f"“{items[0].name}” is sold in {items[0].currency.upper()} and “{item.name}” in "
                f"{item.currency.upper()}. Please buy them in two orders.",
                field="items",
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
