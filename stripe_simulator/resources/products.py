"""Products, as objects: https://docs.stripe.com/api/products."""

from dataclasses import dataclass

from ..errors import invalid
from ..http.params import Params
from ..http.shapes import Decimal, Fields, Flag, Link, Many, Shape, Text, take_given
from ..ids import random_id
from ..wire import JSON

MAX_IMAGES = 8
DIMENSIONS = ("height", "length", "weight", "width")
TAX_DETAILS = Fields({"performance_location": Text(), "tax_code": Text(unset=True)}, unset=True)
FEATURES = Many(Fields({"name": Text(80)}, ("name",)), 15, unset=True)
DETAILS: dict[str, Shape] = {
    "description": Text(40_000),
    "marketing_features": FEATURES,
    "package_dimensions": Fields({name: Decimal() for name in DIMENSIONS}, DIMENSIONS, unset=True),
    "shippable": Flag(),
    "statement_descriptor": Text(22),
    "tax_code": Text(),
    "tax_details": TAX_DETAILS,
    "unit_label": Text(12),
    "url": Link(),
}
"""What a product has and Checkout does nothing with."""
INLINE: dict[str, Shape] = {
    "description": Text(40_000),
    "tax_code": Text(),
    "tax_details": TAX_DETAILS,
    "unit_label": Text(12),
}
"""What a product may have that is given with a line of a session."""
UNSETTABLE = ("description", "tax_code", "unit_label", "url")
NOTHING: list[str] = []
"""Shared by all products without images; do not change it."""


@dataclass(frozen=True, slots=True)
class ProductParams:
    """The parameters of `POST /v1/products`, or of `product_data` inside others; `details` has those of `DETAILS`."""

    id: str | None
    name: str
    images: list[str]
    metadata: dict[str, str]
    active: bool
    type: str
    details: JSON

    @classmethod
    def parse(cls, params: Params, *, inline: bool = False) -> "ProductParams":
        """Read a form.

        Args:
            params: the form.
            inline: whether the product is given with a line of a session, which has fewer parameters.

        Raises:
            StripeError: a parameter is wrong, unknown or not simulated.
        """
        name = params.text("name")
        if name is None:
            raise params.missing("name")
        made = cls(
            id=None if inline else params.text("id"),
            name=name,
            images=take_images(params),
            metadata=params.metadata(),
            active=inline or params.boolean("active") is not False,
            type=(None if inline else params.choice("type", ("good", "service"))) or "service",
            details=take_given(params, INLINE if inline else DETAILS),
        )
        params.finish()
        return made


def take_images(params: Params, *, unset: bool = False) -> list[str]:
    """Take the addresses of at most eight images."""
    images = params.urls("images", unset=unset)
    if len(images) > MAX_IMAGES:
        raise invalid(f"A product can have at most {MAX_IMAGES} images.", params.name("images"))
    return images


def build_product(given: ProductParams, now: int, *, active: bool = True) -> JSON:
    """Return a product. One that is given inline with a price is not active."""
    details = {name: value for name, value in given.details.items() if value is not None}
    return {
        "id": given.id or random_id("prod_", 14),
        "object": "product",
        "active": active and given.active,
        "created": now,
        "default_price": None,
        "description": None,
        "images": given.images or NOTHING,
        "livemode": False,
        "marketing_features": NOTHING,
        "metadata": given.metadata,
        "name": given.name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": details.get("tax_details", {}).get("tax_code"),
        "tax_details": None,
        "type": given.type,
        "unit_label": None,
        "updated": now,
        "url": None,
        **details,
    }
