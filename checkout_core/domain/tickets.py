"""Tickets: what a paid order admits to, the code that people read, and the tokens that nobody can make up. Pure.

A ticket is what one order has of one product. Its token is signed with a key that every order has already: the id of its
checkout session, which Stripe draws at random and nobody but the shopper and the operators knows. So there is no key to
set up or to roll, and an order that is made again from Stripe has the tickets that it had.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .events import Change, Decision, EventKind, OrderEvent, Source
from .orders import MONEY_TAKEN, Order, OrderStatus, quantities_of
from .recorded_refunds import MADE
from .showings import Showing, bought_showings
from .stock import RESTOCK, restocked_quantities

REDEEMED = "checkout_redeemed"
"""The metadata key of an order under which stands, by product, when and by which press a ticket was redeemed."""

CODE_LENGTH = 8
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, in which ids of orders are written: no I, L, O or U (https://www.crockford.com/base32.html)."""
_READ_AS = str.maketrans("oil", "011", "- \t")
_SIGNATURE_BYTES = 16
_SIGNATURE_LENGTH = 26
_PREFIX = "order_"


class Admission(StrEnum):
    """What the door says of a ticket."""

    valid = "valid"
    used = "used"
    refunded = "refunded"
    unpaid = "unpaid"
    unknown = "unknown"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an order has of one product.

    Args:
        order: the order.
        product: the product's id.
        name: the product's.
        admits: how many people; fewer than were bought where a refund has put some back on sale.
        token: what the QR code says, signed.
        showing: day, hour and place, where the product has them.
        redeemed_at: when it was redeemed.
    """

    order: Order
    product: str
    name: str
    admits: int
    token: str
    showing: Showing | None = None
    redeemed_at: datetime | None = None

    @property
    def code(self) -> str:
        """The order's code."""
        return order_code(self.order.id)

    @property
    def admits_now(self) -> bool:
        """Whether it is worth showing: it was paid and not refunded, used or not."""
        return self.admission in (Admission.valid, Admission.used)

    @property
    def admission(self) -> Admission:
        """What the door says of it now."""
        if self.order.status not in MONEY_TAKEN:
            return Admission.unpaid
        if self.order.status is OrderStatus.refunded or not self.admits:
            return Admission.refunded
        return Admission.valid if self.redeemed_at is None else Admission.used


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    """What the door says of a token: to redeem it, `valid` means that these people may go in now.

    Args:
        admission: the answer.
        ticket: what it is about; None: unknown.
        redeemed_at: when it was redeemed, now or before.
    """

    admission: Admission
    ticket: Ticket | None = None
    redeemed_at: datetime | None = None


def order_code(order_id: str) -> str:
    """Return the code by which people name an order, such as `7XQ8-7ZQN`: the end of its id, which is random."""
    end = order_id.removeprefix(_PREFIX)[-CODE_LENGTH:].upper()
    return f"{end[:4]}-{end[4:]}" if len(end) == CODE_LENGTH else end


def read_code(written: str) -> str | None:
    """Return the end of an order's id that a code names, however it was typed; None: it is no code.

    O is read as 0, I and L as 1; hyphens, space and capitals do not matter.
    """
    read = written.strip().lower().translate(_READ_AS)
    return read if len(read) == CODE_LENGTH and set(read) <= set(_ALPHABET) else None


def ticket_token(order: Order, product: str) -> str:
    """Return what the QR code of a ticket says: whose it is, and a signature. It names no person and no product."""
    return f"{order.id.removeprefix(_PREFIX)}.{_signature(order, 'ticket', product)}"


def order_id_of_token(token: str) -> str | None:
    """Return the id of the order that a token names, before anything is known of its signature."""
    name, separator, signature = token.strip().rpartition(".")
    return f"{_PREFIX}{name}" if name and separator and len(signature) == _SIGNATURE_LENGTH else None


def link_key(order: Order) -> str:
    """Return what the address of an order's page is signed with."""
    return _signature(order, "page", "")


def is_link_key(order: Order, key: str) -> bool:
    """Whether a key is the one of this order's page."""
    return hmac.compare_digest(link_key(order).encode(), key.encode())


def tickets_of(order: Order, showings: Mapping[str, Showing], history: Iterable[OrderEvent] = ()) -> list[Ticket]:
    """Return a ticket for each product of an order.

    Args:
        order: the order.
        showings: by product, where there are any; those that the order was bought for go before.
        history: what happened to the order; it knows what refunds have put back on sale.
    """
    returned = returned_quantities(order, history)
    names = {item.product: item.name for item in reversed(order.items)}
    showings = {**showings, **bought_showings(order.metadata)}
    return [
        Ticket(
            order=order,
            product=product,
            name=names[product],
            admits=max(0, quantity - returned[product]),
            token=ticket_token(order, product),
            showing=showings.get(product),
            redeemed_at=redeemed_at(order, product),
        )
        for product, quantity in quantities_of(order.items).items()
    ]


def ticket_of_token(tickets: Sequence[Ticket], token: str) -> Ticket | None:
    """Return the ticket of an order that a token is of; all signatures are looked at, whichever it is."""
    given = token.strip().encode()
    found = [ticket for ticket in tickets if hmac.compare_digest(ticket.token.encode(), given)]
    return found[0] if found else None


def returned_quantities(order: Order, history: Iterable[OrderEvent]) -> Counter[str]:
    """Return how many of each product refunds have put back on sale."""
    history = tuple(history)
    came_back = {event.detail.get("refund") for event in history if event.kind is EventKind.refund_failed}
    returned = Counter[str]()
    for event in history:
        note = event.detail.get(RESTOCK)
        if event.kind not in MADE or not isinstance(note, str) or event.detail.get("refund") in came_back:
            continue
        returned.update(restocked_quantities(order, note))
    return returned


def redeemed_at(order: Order, product: str) -> datetime | None:
    """Return when the ticket for a product was redeemed; None: it was not."""
    at = _redemption(order, product).get("at")
    return datetime.fromisoformat(at) if isinstance(at, str) else None


def was_redeemed_by(order: Order, product: str, key: str) -> bool:
    """Whether it was this press, or this scan, that redeemed the ticket for a product."""
    return _redemption(order, product).get("key") == key


def redeem_change(ticket: Ticket, *, key: str, at: datetime, now: datetime) -> Change:
    """Make the change that redeems a ticket, if its order is still as it was when the ticket was read.

    Args:
        ticket: read from the order; it says whom the order admits.
        key: names this press or scan: asking again under it redeems nothing twice.
        at: when the people went in.
        now: the time to write on the order.
    """

    def change(order: Order | None) -> Decision:
        if order is None or order.version != ticket.order.version or ticket.admission is not Admission.valid:
            return Decision(order)
        redemptions = {**_redemptions(order), ticket.product: {"at": at.isoformat(timespec="seconds"), "key": key}}
        redeemed = order.evolve(now, metadata={**order.metadata, REDEEMED: redemptions})
        detail: dict[str, Any] = {"product": ticket.product, "quantity": ticket.admits}
        event = OrderEvent.of(redeemed, kind=EventKind.redeemed, source=Source.operator, at=at, **detail)
        return Decision(redeemed, [event])

    return change


def _redemptions(order: Order) -> dict[str, Any]:
    kept = order.metadata.get(REDEEMED)
    return dict(kept) if isinstance(kept, dict) else {}


def _redemption(order: Order, product: str) -> Mapping[str, Any]:
    kept = _redemptions(order).get(product)
    return kept if isinstance(kept, dict) else {}


def _signature(order: Order, purpose: str, what: str) -> str:
    """Sign with the session's id: 128 bits of HMAC-SHA256 in letters that can be read aloud.

    https://www.rfc-editor.org/rfc/rfc2104
    """
    text = "\0".join((purpose, order.id, what)).encode()
    digest = hmac.digest(order.stripe_checkout_session_id.encode(), text, hashlib.sha256)[:_SIGNATURE_BYTES]
    number = int.from_bytes(digest)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_SIGNATURE_LENGTH - 1), -1, -5))
