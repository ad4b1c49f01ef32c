"""/v1/products: https://docs.stripe.com/api/products."""

from dataclasses import dataclass

from ..errors import invalid
from ..http.filters import among, flag, text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..wire import JSON

MAX_IMAGES = 8
UNSUPPORTED = ("tax_details", "default_price_data", "active", "package_dimensions", "shippable")
NOTHING: list[str] = []
"""Shared by all products without images; do not change it."""


@dataclass(frozen=True, slots=True)
class ProductParams:
    """The parameters of `POST /v1/products`, or of `product_data` inside others; `kept` has what is not simulated."""

    id: str | None
    name: str
    description: str | None
    images: list[str]
    metadata: dict[str, str]
    url: str | None
    tax_code: str | None
    unit_label: str | None
    kept: JSON

    @classmethod
    def parse(cls, params: Params) -> "ProductParams":
        """Read a form. Raises a 400 for a parameter that is wrong, unknown or not simulated."""
        name = params.text("name")
        if name is None:
            raise params.missing("name")
        images = params.texts("images")
        if len(images) > MAX_IMAGES:
            raise invalid(f"A product can have at most {MAX_IMAGES} images.", params.name("images"))
        return cls(
            id=params.text("id"),
            name=name,
            description=params.text("description"),
            images=images,
            metadata=params.metadata(),
            url=params.url("url"),
            tax_code=params.text("tax_code"),
            unit_label=params.text("unit_label"),
            kept=params.finish(UNSUPPORTED, keep=True),
        )


def build_product(given: ProductParams, now: int, *, active: bool = True) -> JSON:
    """Return a product. One that is given inline with a price is not active."""
    return {
        "id": given.id or random_id("prod_", 14),
        "object": "product",
        "active": active,
        "created": now,
        "default_price": None,
        "description": given.description,
        "images": given.images or NOTHING,
        "livemode": False,
        "marketing_features": NOTHING,
        "metadata": given.metadata,
        "name": given.name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": given.tax_code,
        "tax_details": None,
        "type": "service",
        "unit_label": given.unit_label,
        "updated": now,
        "url": given.url,
        **given.kept,
    }


async def create_product(request: ApiRequest) -> JSON:
    """Create a product: POST /v1/products."""
    product = build_product(ProductParams.parse(request.params), request.now)
    if product["id"] in request.account.tables["products"]:
        raise invalid("Product already exists.", "id", "resource_already_exists")
    request.store("products", product)
    return product


list_products = listing(
    "products",
    flag("active"),
    among("ids", "id"),
    text("url"),
    text("type"),
    unsupported=("shippable",),
)

ROUTES: list[ApiRoute] = [
    ("POST", "/v1/products", create_product),
    ("GET", "/v1/products", list_products),
    ("GET", "/v1/products/{id}", retrieve("products", "product")),
]
