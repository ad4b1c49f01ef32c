"""What a button knows of one browser: which sessions it made there, and which of them was bought.

The page is loaded anew when the shopper comes back from Stripe, and Streamlit's own state is lost. So the browser keeps a
random token, in a cookie that lasts until it is closed; every session that the button makes carries a hash of token and
key. Whoever only has the address of a session has no token, and gets nothing for it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe

from ..domain.orders import Order
from ..domain.purchases import PURCHASE
from .checkout_page import purchase_name

MAX_PURCHASES = 100
"""How many purchases of one browser at one button are told apart; later ones replace the first."""

_COOKIE = re.compile(r"([\w-]{20,40})\.(\d{1,2})\.(cs_\w{1,200}|)\.(cs_\w{1,200}|)")


@dataclass
class ButtonState:
    """What a button keeps for one browser. `current` is the session that it made last, `bought` the last that was paid."""

    key: str
    browser_token: str = field(default_factory=lambda: token_urlsafe(18))
    purchases: int = 0
    current: str | None = None
    bought: str | None = None
    is_told: bool = False
    """Whether the page was told of `bought` as news."""
    is_open: bool = False
    email: str | None = None
    note: str | None = None
    """What the shopper reads who came back."""

    @classmethod
    def from_cookie(cls, key: str, cookie: str | None) -> "ButtonState":
        """Return what a browser has kept, or a new state. Its sessions are verified before anything is given for them."""
        match = _COOKIE.fullmatch(cookie or "")
        if match is None:
            return cls(key)
        token, purchases, current, bought = match.groups()
        return cls(key, token, int(purchases), current or None, bought or None, is_told=bool(bought))

    def to_cookie(self) -> str:
        """Return what the browser shall keep."""
        return f"{self.browser_token}.{self.purchases}.{self.current or ''}.{self.bought or ''}"

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"checkout_{_short(self.key)}"

    @property
    def label(self) -> str:
        """What the purchases at this button begin with, in every browser."""
        return f"button-{_short(self.key)}"

    @property
    def token(self) -> str:
        """What names the purchase that is being made."""
        return self._token(self.purchases)

    def renew(self) -> None:
        """Make the next purchase another one."""
        self.purchases = (self.purchases + 1) % MAX_PURCHASES

    def made(self, order: Order) -> bool:
        """Whether this button made the session of an order, in this browser."""
        named = order.metadata.get(PURCHASE)
        return any(named == purchase_name(self._token(number), self.label) for number in range(self.purchases + 1))

    def sells(self, order: Order) -> bool:
        """Whether an order was begun at this button, in whichever browser."""
        return str(order.metadata.get(PURCHASE, "")).startswith(f"{self.label}-")

    def _token(self, number: int) -> str:
        return f"{self.key} {self.browser_token} {number}"


def is_for(order: Order, cart: Mapping[str, int]) -> bool:
    """Whether an order is for exactly this cart."""
    ordered: dict[str, int] = {}
    for item in order.items:
        ordered[item.product] = ordered.get(item.product, 0) + item.quantity
    return ordered == dict(cart)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
