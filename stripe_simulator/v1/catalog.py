"""/v1/products, /v1/prices, /v1/coupons, /v1/promotion_codes, /v1/shipping_rates"""

from ..calls import Call
from ..errors import JSON
from ..resources import catalog, discounts, shipping
from .answers import expanded


async def create_product(call: Call) -> JSON:
    """POST /v1/products."""
    product = catalog.product(call.params, call.now)
    call.simulator.state.put(call.account, "products", product["id"], product)
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
    call.simulator.state.put(call.account, "products", product["id"], product)
    call.simulator.state.put(call.account, "prices", price["id"], price)
    return expanded(call, price)


async def create_coupon(call: Call) -> JSON:
    """POST /v1/coupons."""
    coupon = discounts.coupon(call.account, call.params, call.now)
    call.simulator.state.put(call.account, "coupons", coupon["id"], coupon)
    return coupon


async def create_promotion_code(call: Call) -> JSON:
    """POST /v1/promotion_codes."""
    promotion = discounts.promotion_code(call.account, call.params, call.now)
    call.simulator.state.put(call.account, "promotion_codes", promotion["id"], promotion)
    return expanded(call, promotion)


async def create_shipping_rate(call: Call) -> JSON:
    """POST /v1/shipping_rates."""
    rate = shipping.rate(call.params, call.now)
    call.simulator.state.put(call.account, "shipping_rates", rate["id"], rate)
    return rate
