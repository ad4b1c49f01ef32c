"""/v1/products, /v1/prices, /v1/coupons, /v1/promotion_codes, /v1/shipping_rates"""

from ..calls import Call
from ..errors import JSON, invalid
from ..resources import catalog, discounts, shipping


def _keep(call: Call, table: str, object: JSON) -> None:
    call.simulator.state.put(call.account, table, object["id"], object)
    call.simulator.emit(call.account, f"{object['object']}.created", object)


async def create_product(call: Call) -> JSON:
    """POST /v1/products."""
    product = catalog.product(call.params, call.now)
    if product["id"] in call.account.tables["products"]:
        raise invalid("Product already exists.", "id", "resource_already_exists")
    _keep(call, "products", product)
    return product


async def create_price(call: Call) -> JSON:
    """POST /v1/prices, for a product that is or one that comes with it."""
    id, data = call.params.text("product"), call.params.mapping("product_data")
    if id is not None:
        product = call.account.get("products", id, "product", "product", 400)
    elif data is not None:
        product = catalog.product(data, call.now)
    else:
        raise call.params.missing("product")
    price = catalog.price(call.params, product["id"], call.now)
    if id is None:
        _keep(call, "products", product)
    _keep(call, "prices", price)
    return price


async def create_coupon(call: Call) -> JSON:
    """POST /v1/coupons."""
    coupon = discounts.coupon(call.account, call.params, call.now)
    _keep(call, "coupons", coupon)
    return coupon


async def create_promotion_code(call: Call) -> JSON:
    """POST /v1/promotion_codes."""
    promotion = discounts.promotion_code(call.account, call.params, call.now)
    _keep(call, "promotion_codes", promotion)
    return promotion


async def create_shipping_rate(call: Call) -> JSON:
    """POST /v1/shipping_rates."""
    rate = shipping.rate(call.params, call.now)
    call.simulator.state.put(call.account, "shipping_rates", rate["id"], rate)
    return rate
