"""/v1/products: https://docs.stripe.com/api/products."""

from ..errors import invalid
from ..events import changed_fields
from ..http.filters import among, flag, text
from ..http.handlers import listing, retrieve_sold
from ..http.request import ApiRequest, ApiRoute
from ..http.shapes import Text, take_given
from ..wire import JSON
from .prices import PriceParams, build_price, store_price
from .products import DETAILS, UNSETTABLE, ProductParams, build_product, take_images

KIND, TABLE = "product", "products"


async def create(request: ApiRequest) -> JSON:
    """Create a product, with its default price where one is given: POST /v1/products."""
    data = request.params.mapping("default_price_data")
    price = None if data is None else PriceParams.parse(data)
    product = build_product(ProductParams.parse(request.params), request.now)
    if product["id"] in request.account.tables[TABLE]:
        raise invalid("Product already exists.", "id", "resource_already_exists")
    if price is None:
        request.store(TABLE, product)
        return product
    made = build_price(price, product["id"], request.now)
    product["default_price"] = made["id"]
    request.store(TABLE, product)
    store_price(request, made, price)
    return product


async def update(request: ApiRequest) -> JSON:
    """Change a product: POST /v1/products/{id}. An empty string unsets what can be unset."""
    params, before = request.params, request.account.get(TABLE, request.path["id"], KIND)
    shapes = {**DETAILS, **{name: Text(40_000, unset=True) for name in UNSETTABLE}}
    changes = take_given(params, shapes)
    if changes.get("marketing_features", []) is None:
        changes["marketing_features"] = []
    name, active = params.text("name"), params.boolean("active")
    images = take_images(params, unset=True) if "images" in params else before["images"]
    default = params.text("default_price") or before["default_price"]
    metadata = params.metadata(before=before["metadata"])
    params.finish()
    price = request.account.tables["prices"].get(default)
    if default is not None and (price is None or price["product"] != before["id"]):
        raise invalid(f"No such price: '{default}'", "default_price", "resource_missing")
    product = {
        **before,
        **changes,
        "active": before["active"] if active is None else active,
        "default_price": default,
        "images": images,
        "metadata": metadata,
        "name": name or before["name"],
        "updated": request.now,
    }
    request.state.put(request.account, TABLE, product["id"], product)
    request.events.emit(request.account, "product.updated", product, changed_fields(before, product))
    return product


async def delete(request: ApiRequest) -> JSON:
    """Delete a product that has no prices: DELETE /v1/products/{id}."""
    request.params.finish()
    product = request.account.get(TABLE, request.path["id"], KIND)
    if any(price["product"] == product["id"] for price in request.account.tables["prices"].values()):
        raise invalid(
            "This product cannot be deleted because it has one or more user-created prices. "
            "Please try archiving it instead."
        )
    request.state.remove(request.account, TABLE, product["id"])
    request.events.emit(request.account, "product.deleted", product)
    return {"id": product["id"], "object": "product", "deleted": True}


list_products = listing(TABLE, flag("active"), flag("shippable"), among("ids", "id"), text("url"), text("type"))

ROUTES: list[ApiRoute] = [
    ("POST", "/v1/products", create),
    ("GET", "/v1/products", list_products),
    ("GET", "/v1/products/{id}", retrieve_sold(TABLE, KIND)),
    ("POST", "/v1/products/{id}", update),
    ("DELETE", "/v1/products/{id}", delete),
]
