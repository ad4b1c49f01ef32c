"""Whose session is it? An account tells every program of everybody's sessions, so ours carry a mark.

The mark is metadata on the session and on its payment. Pure.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from typeid import TypeID
from uuid_utils import UUID

from .checkout_session import CheckoutSession
from .handled import HANDLED
from .metadata import JSON_KEYS, JsonValue, in_parts, joined_parts, metadata_from_stripe
from .showings import SHOWINGS
from .stripe_events import StripeEvent

INSTALLATION = "checkout_installation"
SHOP = "checkout_shop"
ORDER = "checkout_order"
PRODUCTS = "checkout_products"
ERASED = "checkout_erased"
"""On a session whose shopper was erased: nothing that names them becomes part of an order again."""

_RESERVED = re.compile(r"checkout_\w+|product_\d+")
"""Keys that no application may use; sessions of older versions have one `product_…` for each line."""
_MARKS = re.compile(
    rf"{INSTALLATION}|{SHOP}|{ORDER}|{HANDLED}|{ERASED}"
    rf"|{PRODUCTS}(_\d+)?|{SHOWINGS}(_\d+)?|{JSON_KEYS}(_\d+)?|product_\d+"
)
"""Keys that say something of the session and do not stay with its order as they are."""
_ORDER_ID = re.compile(r"order_[0-7][0-9a-hjkmnp-tv-z]{25}")


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells the sessions of one shop from all others on a Stripe account.

    Args:
        installation: names the programs that share an order database.
        shop: the shop's id in that installation.
    """

    installation: str
    shop: str

    def metadata(self, order_id: str | None = None) -> dict[str, str]:
        """Return the mark as metadata; `order_id` is the id that the session's order shall have."""
        return {INSTALLATION: self.installation, SHOP: self.shop} | ({ORDER: order_id} if order_id else {})

    def is_on(self, metadata: Mapping[str, str]) -> bool:
        """Whether metadata of a session carries this mark."""
        return metadata.get(INSTALLATION) == self.installation and metadata.get(SHOP) == self.shop

    def may_claim(self, session: CheckoutSession) -> bool:
        """Whether an application may make an order of the session: it is a payment, and no shop has marked it yet."""
        return session.mode == "payment" and (self.is_on(session.metadata) or SHOP not in session.metadata)

    def owns(self, session: CheckoutSession) -> bool:
        """Whether money for the session is this shop's business: it carries the mark, and it is a payment.

        https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-mode
        """
        return session.mode == "payment" and self.is_on(session.metadata)

    def disowns(self, event: StripeEvent) -> bool:
        """Whether an event itself says that its session is not this shop's; only an order here can still make it so."""
        if event.session_mode not in (None, "payment"):
            return True
        return event.session_metadata is not None and not self.is_on(event.session_metadata)


def own_metadata(metadata: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return what of a session's metadata stays with its order: all but the mark and the products."""
    return {key: value for key, value in metadata_from_stripe(metadata).items() if _MARKS.fullmatch(key) is None}


def is_reserved(key: str) -> bool:
    """Whether a key of metadata is ours."""
    return _RESERVED.fullmatch(key) is not None


def products_metadata(products: Sequence[str]) -> dict[str, str]:
    """Return the product ids of a session's lines, in their order, as metadata: JSON in parts that fit."""
    return in_parts(PRODUCTS, products)


def products_of(metadata: Mapping[str, str]) -> list[str | None]:
    """Return the product ids that `products_metadata` wrote, or a version before it; None where one is missing."""
    products = joined_parts(PRODUCTS, metadata)
    if products and isinstance(products, list):
        return [product if isinstance(product, str) else None for product in products]
    return [metadata.get(f"product_{position}") for position in range(len(metadata))]


def order_id_of(session: CheckoutSession) -> str:
    """Return the id that the order of a session has, always the same: also where the order is lost and made again.

    A session that Stripe made of an expired one has the metadata of that, so it gets an id of its own.
    """
    marked = session.metadata.get(ORDER, "")
    if _ORDER_ID.fullmatch(marked) and not session.recovered:
        return marked
    return repeatable_id("order", session.created, session.id)


def repeatable_id(prefix: str, moment: datetime, seed: str) -> str:
    """Make a TypeID that the same arguments make again: a UUIDv7 with the moment's time and bits hashed from `seed`.

    https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
    """
    hashed = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16])
    milliseconds = int(moment.timestamp() * 1000) & ((1 << 48) - 1)
    high = milliseconds << 16 | 0x7 << 12 | hashed >> 116
    low = 0b10 << 62 | hashed & ((1 << 62) - 1)
    return str(TypeID.from_uuid(UUID(int=high << 64 | low), prefix=prefix))
