"""/v1/products/{id}/features: https://docs.stripe.com/api/product-feature.

Features belong to entitlements of subscriptions, which are not simulated: every product has none.
"""

from ..http.lists import page
from ..http.request import ApiRequest, ApiRoute
from ..wire import JSON


async def list_features(request: ApiRequest) -> JSON:
    """List the features of a product, of which there are none: GET /v1/products/{id}/features."""
    product = request.account.get("products", request.path["id"], "product", "product")
    nothing: dict[str, JSON] = {}
    return page(nothing, request.params, f"/v1/products/{product['id']}/features")


ROUTES: list[ApiRoute] = [("GET", "/v1/products/{id}/features", list_features)]
