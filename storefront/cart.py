"""The cart: quantities by product id, and how it fits into a cookie. Pure, no I/O.

Beside the quantities it carries a random `token`, which makes step 1 repeatable (the same cart in the same browser gets
the same Stripe session back), and the last orders that were taken out of it, so that a confirmation page opened twice
takes them out once.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from checkout_core.domain.orders import Order
from checkout_core.domain.products import MAX_LINES

COOKIE = "cart"
_MAX_ORDERS = 5
_MAX_OF_ONE = 999
_LINE = re.compile(r"([\w%-]+):([1-9][0-9]{0,2})", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_ORDER = re.compile(r"[a-z0-9]{1,12}")


def _new_token() -> str:
    return secrets.token_urlsafe(18)


def _escaped(product_id: str) -> str:
    """Return an id in letters, digits, `-`, `_` and `%`: dots and tildes stand between the parts of the cookie."""
    return quote(product_id, safe="").replace(".", "%2E").replace("~", "%7E")


@dataclass
class Cart:
    """What one browser has put aside."""

    quantities: dict[str, int] = field(default_factory=dict)
    token: str = field(default_factory=_new_token)
    bought: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.quantities)

    @property
    def count(self) -> int:
        """Count the things in it, all products together."""
        return sum(self.quantities.values())

    def put(self, product_id: str, quantity: int) -> None:
        """Set the quantity of a product; 0 takes it out."""
        if quantity <= 0:
            self.quantities.pop(product_id, None)
        else:
            self.quantities[product_id] = min(quantity, _MAX_OF_ONE)

    def add(self, product_id: str, limit: int) -> None:
        """Put in one more of a product, up to `limit`."""
        self.put(product_id, min(self.quantities.get(product_id, 0) + 1, limit))

    def keep_only(self, product_ids: Iterable[str]) -> None:
        """Drop what is not sold any more."""
        known = set(product_ids)
        self.quantities = {product: quantity for product, quantity in self.quantities.items() if product in known}

    def take_out(self, order: Order) -> None:
        """Take out what an order bought, once per order; the next checkout is a new one."""
        mark = order.id[-8:]
        if mark in self.bought:
            return
        for item in order.items:
            self.put(item.product, self.quantities.get(item.product, 0) - item.quantity)
        self.bought = (*self.bought, mark)[-_MAX_ORDERS:]
        self.renew()

    def give_back(self, order: Order) -> None:
        """Put back what an order took out: its payment failed after all."""
        mark = order.id[-8:]
        if mark not in self.bought:
            return
        for item in order.items:
            self.put(item.product, self.quantities.get(item.product, 0) + item.quantity)
        self.bought = tuple(other for other in self.bought if other != mark)
        self.renew()

    def renew(self) -> None:
        """Make the next checkout of this cart a new one: the last was paid or has expired."""
        self.token = _new_token()

    def take_over(self, other: "Cart", base: "Cart") -> None:
        """Become what another tab has made of the cart, and keep what was changed here meanwhile.

        It is changed in place: buttons that were drawn before know this object.

        Args:
            other: the cart as the other tab has left it.
            base: the cart as both tabs had it before.
        """
        changes = {
            product: self.quantities.get(product, 0) - base.quantities.get(product, 0)
            for product in {**self.quantities, **base.quantities}
        }
        self.quantities = dict(other.quantities)
        for product, change in changes.items():
            if change:
                self.put(product, self.quantities.get(product, 0) + change)
        if self.token == base.token:
            self.token = other.token
        here = tuple(mark for mark in self.bought if mark not in base.bought and mark not in other.bought)
        self.bought = (*other.bought, *here)[-_MAX_ORDERS:]

    def to_cookie(self) -> str:
        """Return it in characters that a cookie takes as they are (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1)."""
        lines = ".".join(f"{_escaped(product)}:{quantity}" for product, quantity in self.quantities.items())
        return "~".join((self.token, lines, ".".join(self.bought)))

    @classmethod
    def from_cookie(cls, text: str | None) -> "Cart":
        """Read what `to_cookie` wrote; whatever is not of that form is left out."""
        token, _, rest = (text or "").partition("~")
        lines, _, orders = rest.partition("~")
        if not _TOKEN.fullmatch(token):
            return cls()
        matches = [_LINE.fullmatch(line) for line in lines.split(".")[:MAX_LINES]]
        quantities = {unquote(match[1]): int(match[2]) for match in matches if match}
        bought = tuple(mark for mark in orders.split(".") if _ORDER.fullmatch(mark))[-_MAX_ORDERS:]
        return cls(quantities, token, bought)
