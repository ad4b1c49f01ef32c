"""Typed records: what the simulator remembers beside the objects that travel."""

from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from .upgrade import upgraded_object, upgraded_session
from .wire import JSON, Session


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a payment is refused."""

    code: str
    message: str
    decline_code: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """What a shopper pays with, as `payment_methods` read it from a form or from a test number.

    `facts` has what only methods of this type have, such as the brand of a card. `succeeds` says how the payment ends
    when its money arrives later. `id` is that of a payment method that was made before it was paid with.
    """

    type: str
    last4: str
    decline: Decline | None = None
    challenged: bool = False
    succeeds: bool = True
    facts: JSON = field(default_factory=dict)
    id: str | None = None


class Shopper(NamedTuple):
    """Who pays, as far as they said so.

    Attributes:
        email: their address.
        name: whose payment method it is.
        phone: their phone number.
        address: their billing address.
        shipping: `name` and `address` of whom the order is sent to.
        individual_name: their name, where a session asks for it.
        business_name: the name of their business, where a session asks for it.
        tax_id: `type` and `value` of their tax id.
        custom_fields: what they typed into custom fields, by key.
        consent: `terms_of_service` and `promotions`, as `consent` of a session has them.
        saves: whether their payment method may be shown to them again; None where nobody asked.
    """

    email: str | None
    name: str | None = None
    phone: str | None = None
    address: JSON | None = None
    shipping: JSON | None = None
    individual_name: str | None = None
    business_name: str | None = None
    tax_id: JSON | None = None
    custom_fields: JSON | None = None
    consent: JSON | None = None
    saves: bool | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """A payment that waits until the shopper's bank knows who pays."""

    method: PaymentMethod
    shopper: Shopper
    return_url: str | None = None


class Redemption(NamedTuple):
    """A coupon or promotion code that an order uses up."""

    table: str
    id: str


@dataclass(slots=True)
class SessionRecord:
    """A Checkout Session, and what belongs to it but never travels or only when it is expanded.

    Attributes:
        session: the object that travels.
        secret: the client secret; hosted pages have one too, but show none.
        lines: its line items.
        products: the product of each line.
        payment_data: what its payment intent gets, such as a description.
        payment_metadata: the metadata of its payment intent.
        debit_due: when its bank debit ends, in seconds since the epoch; None when none is waiting.
        debit_succeeds: how its bank debit ends.
        last_error: the decline that Stripe.js shows.
        challenge: the payment that waits for the shopper's bank.
        forced_outcome: the test number that its next payment is taken for, whatever is typed.
        options: its parameters of `parameters.SHAPED`, as they were given.
        rates: the shipping rates that it offers.
        shipping_taxes: the taxes of its shipping.
        optional_lines: the lines that the shopper added from its optional items, by id, and the price of each.
        typed: what the shopper typed so far that decides about tax: `address`, `shipping`, `tax_id`.
        applied: its discounts as a shopper reads them.
        redeemed: what its discounts use up.
    """

    session: Session
    secret: str
    lines: list[JSON]
    products: list[JSON]
    payment_data: JSON
    payment_metadata: dict[str, str]
    options: JSON = field(default_factory=dict)
    debit_due: float | None = None
    debit_succeeds: bool = True
    last_error: JSON | None = None
    challenge: Challenge | None = None
    forced_outcome: str | None = None
    rates: list[JSON] = field(default_factory=list)
    shipping_taxes: list[JSON] = field(default_factory=list)
    optional_lines: dict[str, str] = field(default_factory=dict)
    typed: JSON = field(default_factory=dict)
    applied: list[JSON] = field(default_factory=list)
    redeemed: list[Redemption] = field(default_factory=list)

    def to_json(self) -> JSON:
        """Return the record as a state file keeps it."""
        challenge = self.challenge
        return {
            "session": self.session,
            "secret": self.secret,
            "lines": self.lines,
            "products": self.products,
            "payment_data": self.payment_data,
            "payment_metadata": self.payment_metadata,
            "debit_due": self.debit_due,
            "debit_succeeds": self.debit_succeeds,
            "last_error": self.last_error,
            "challenge": challenge
            and {
                "method": asdict(challenge.method),
                "shopper": challenge.shopper,
                "return_url": challenge.return_url,
            },
            "forced_outcome": self.forced_outcome,
            "options": self.options,
            "rates": self.rates,
            "shipping_taxes": self.shipping_taxes,
            "optional_lines": self.optional_lines,
            "typed": self.typed,
            "applied": self.applied,
            "redeemed": self.redeemed,
        }

    @classmethod
    def from_json(cls, value: JSON) -> "SessionRecord":
        """Read a record from a state file, also from one that an earlier version wrote."""
        value = _upgraded(value)
        challenge = value["challenge"]
        if challenge is not None:
            decline = challenge["method"]["decline"]
            method = {**challenge["method"], "decline": decline and Decline(**decline)}
            challenge = Challenge(PaymentMethod(**method), Shopper(*challenge["shopper"]), challenge.get("return_url"))
        redeemed = [Redemption(*one) for one in value["redeemed"]]
        lines = [{**line, "price": upgraded_object("prices", line["price"])} for line in value["lines"]]
        value = {**value, "session": upgraded_session(value["session"]), "lines": lines}
        return cls(**{**value, "challenge": challenge, "redeemed": redeemed})


_ADDED: JSON = {
    "debit_succeeds": True,
    "challenge": None,
    "forced_outcome": None,
    "options": {},
    "rates": [],
    "shipping_taxes": [],
    "optional_lines": {},
    "typed": {},
    "applied": [],
    "redeemed": [],
}
_METHOD_FIELDS = frozenset(["type", "last4", "decline", "challenged", "succeeds", "facts", "id"])


def _upgraded(value: JSON) -> JSON:
    """Return a record in today's shape.

    The first version wrote only the keys that a record needed, called `forced_outcome` `planned`, and kept the facts
    of a challenged card beside its other fields.
    """
    value = {**_ADDED, **value}
    if "planned" in value:
        value["forced_outcome"] = value.pop("planned")
    challenge = value["challenge"]
    if challenge is not None and "facts" not in challenge["method"]:
        method = {name: one for name, one in challenge["method"].items() if name in _METHOD_FIELDS}
        method["facts"] = {name: one for name, one in challenge["method"].items() if name not in _METHOD_FIELDS}
        value["challenge"] = {**challenge, "method": method}
    return value
