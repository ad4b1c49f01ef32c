"""/v1/prices: https://docs.stripe.com/api/prices."""

from ..errors import invalid
from ..events import changed_fields
from ..http.filters import Keep, among, flag, text
from ..http.handlers import listing, retrieve_sold
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..wire import JSON
from .fields import TAX_BEHAVIORS
from .prices import INTERVALS, PriceParams, build_price, store_price, take_price_options
from .products import ProductParams, build_product


async def create(request: ApiRequest) -> JSON:
    """Create a price, for a product that exists or one that comes with it: POST /v1/prices."""
    request.params.only_one("product", "product_data")
    product_id, data = request.params.text("product"), request.params.mapping("product_data")
    if product_id is not None:
        product = request.account.get("products", product_id, "product", "product", 400)
    elif data is not None:
        product = build_product(ProductParams.parse(data), request.now)
    else:
        raise request.params.missing("product")
    given = PriceParams.parse(request.params)
    price = build_price(given, product["id"], request.now)
    if product_id is None:
        request.store("products", product)
    store_price(request, price, given)
    return price


async def update(request: ApiRequest) -> JSON:
    """Change a price, but for its amount: POST /v1/prices/{id}."""
    params, before = request.params, request.account.get("prices", request.path["id"], "price")
    active, behavior = params.boolean("active"), params.choice("tax_behavior", TAX_BEHAVIORS)
    nickname = params.text("nickname") if "nickname" in params else before["nickname"]
    key = params.text("lookup_key") if "lookup_key" in params else before["lookup_key"]
    transfer, metadata = params.boolean("transfer_lookup_key"), params.metadata(before=before["metadata"])
    options = take_price_options(params)
    params.finish()
    if behavior is not None and before["tax_behavior"] not in ("unspecified", behavior):
        raise invalid("You cannot change the tax behavior of a price once it is set.", "tax_behavior")
    prices = request.account.tables["prices"]
    holder = next((one for one in prices.values() if key is not None and one["lookup_key"] == key), before)
    if holder["id"] != before["id"]:
        if not transfer:
            raise invalid(f"A price (`{holder['id']}`) already uses that lookup key.", "lookup_key")
        request.state.put(request.account, "prices", holder["id"], {**holder, "lookup_key": None})
    price = {
        **before,
        "active": before["active"] if active is None else active,
        "lookup_key": key,
        "metadata": metadata,
        "nickname": nickname,
        "tax_behavior": behavior or before["tax_behavior"],
    }
    if options:
        known = request.account.tables["hidden"].get(price["id"], {}).get("currency_options", {})
        request.state.put(request.account, "hidden", price["id"], {"currency_options": {**known, **options}})
    request.state.put(request.account, "prices", price["id"], price)
    request.events.emit(request.account, "price.updated", price, changed_fields(before, price))
    return price


def _by_recurring(params: Params) -> Keep | None:
    """Filter by `recurring`: how often a price is charged."""
    given = params.mapping("recurring")
    if given is None:
        return None
    interval = given.choice("interval", INTERVALS)
    given.finish(("usage_type", "meter"))
    return lambda price: bool(price["recurring"]) and interval in (None, price["recurring"]["interval"])


list_prices = listing(
    "prices",
    text("product"),
    text("currency"),
    text("type"),
    flag("active"),
    among("lookup_keys", "lookup_key"),
    _by_recurring,
)

ROUTES: list[ApiRoute] = [
    ("POST", "/v1/prices", create),
    ("GET", "/v1/prices", list_prices),
    ("GET", "/v1/prices/{id}", retrieve_sold("prices", "price")),
    ("POST", "/v1/prices/{id}", update),
]
