"""Products, prices and promotion codes of a catalogue file, for demos and tests."""

from ..errors import invalid
from ..http.params import Params
from ..state import Account, State
from ..wire import JSON
from .coupons import build_coupon
from .prices import PriceParams, build_price
from .products import ProductParams, build_product
from .promotion_codes import build_promotion_code, find_active


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

    A `[[promotion_code]]` with `code`, and with `percent_off` or with `amount_off` and `currency`, is stored with its coupon.

    Args:
        state: where they are stored.
        account: whose they are.
        catalogue: what the file says.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: the catalogue makes no products.
    """
    pairs = build_catalogue(catalogue, now)
    for index, table in enumerate(catalogue.get("promotion_code") or ()):
        _store_promotion(state, account, table, f"promotion_code[{index}]", now)
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


def _store_promotion(state: State, account: Account, table: object, where: str, now: int) -> None:
    given = {str(name): str(value) for name, value in table.items()} if isinstance(table, dict) else {}
    code = given.pop("code", "")
    if not code:
        raise invalid(f"Missing required param: {where}[code].", f"{where}[code]", "parameter_missing")
    if find_active(account, code) is not None:
        return  # seeded before
    coupon = build_coupon(account, Params({"name": code, **given}, where), now)
    state.put(account, "coupons", coupon["id"], coupon)
    promotion = {"type": "coupon", "coupon": coupon["id"]}
    made = build_promotion_code(account, Params({"code": code, "promotion": promotion}, where), now)
    state.put(account, "promotion_codes", made["id"], made)
