"""A checkout session before it is created: what an application's hooks may look at, change or refuse. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from .metadata import JsonValue
from .products import PricedItem


@dataclass(frozen=True, slots=True)
class SessionDraft:
    """What is about to become a checkout session. A hook returns None to leave it, or a changed one (`replace`).

    Args:
        items: the lines, priced.
        context: what the caller of `create_session` passed along, such as its user.
        email: the shopper's, when it is known.
        customer: the shopper's Customer at Stripe.
        client_reference_id: what the application calls the purchase.
        metadata: what stays with the session and its order.
        locale: the language of Stripe's page.
        params: more parameters of the session.
    """

    items: Sequence[PricedItem]
    context: object = None
    email: str | None = None
    customer: str | None = None
    client_reference_id: str | None = None
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    locale: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cart(self) -> dict[str, int]:
        """Quantities by product id."""
        cart: dict[str, int] = {}
        for item in self.items:
            cart[item.product] = cart.get(item.product, 0) + item.quantity
        return cart

    def replace(self, **changes: Any) -> Self:
        """Return the draft with other values."""
        return replace(self, **changes)
