"""Products and prices of a catalogue file, for demos and tests."""

from ..errors import invalid
from ..http.params import Params
from ..state import Account, State
from ..wire import JSON
from .prices import PriceParams, build_price
from .products import ProductParams, build_product


def build_catalogue(catalogue: JSON, now: int) -> list[tuple[JSON, JSON]]:
    """Return a product and a price for every `[[product]]` of a catalogue.

    Args:
        catalogue: what the file says; a product has `id`, `name`, `unit_amount`, `currency` and `description`.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: there are no such tables, or one of them makes no product.
    """
    tables = catalogue.get("product")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise invalid("A catalogue has [[product]] tables.", "product")
    return [_build(table, f"product[{index}]", now) for index, table in enumerate(tables)]


def store_catalogue(state: State, account: Account, catalogue: JSON, now: int) -> list[JSON]:
    """Store a product and a price for every `[[product]]` of a catalogue, and return the prices.

    Args:
        state: where they are stored.
        account: whose they are.
        catalogue: what the file says.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: the catalogue makes no products.
    """
    pairs = build_catalogue(catalogue, now)
    for product, price in pairs:
        state.put(account, "products", product["id"], product)
        state.put(account, "prices", price["id"], price)
    return [price for _, price in pairs]


def _build(table: JSON, where: str, now: int) -> tuple[JSON, JSON]:
    texts = {name: str(table[name]) for name in ("id", "name", "description") if table.get(name)}
    if "id" not in texts:
        raise invalid(f"Missing required param: {where}[id].", f"{where}[id]", "parameter_missing")
    product = build_product(ProductParams.parse(Params(texts, where)), now)
    amounts: JSON = {name: str(table[name]) for name in ("unit_amount", "currency") if name in table}
    given = PriceParams.parse(Params({**amounts, "lookup_key": texts["id"]}, where))
    return product, {**build_price(given, product["id"], now), "id": f"price_{texts['id']}"}
