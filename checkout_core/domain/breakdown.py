"""The amounts of an order as rows that add up to its total. Every text that is made of an order shows these. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from .money import format_amount


class _Line(Protocol):
    """A line of an order or of a cart, as far as its row goes."""

    @property
    def name(self) -> str: ...
    @property
    def quantity(self) -> int: ...


class _OrderLine(_Line, Protocol):
    """A line with the amount that Stripe says."""

    @property
    def amount_subtotal(self) -> int: ...


class _Amounts(Protocol):
    """What an order and a checkout session say about money. Amounts in minor units."""

    @property
    def items(self) -> Sequence[_OrderLine]: ...
    @property
    def currency(self) -> str: ...
    @property
    def amount_subtotal(self) -> int: ...
    @property
    def amount_discount(self) -> int: ...
    @property
    def amount_shipping(self) -> int: ...
    @property
    def amount_tax(self) -> int: ...
    @property
    def amount_total(self) -> int: ...
    @property
    def amount_refunded(self) -> int: ...


_DISCOUNT = "Discount"


class AmountRow(NamedTuple):
    """What an amount is for, and the amount in minor units; below zero where it is taken off."""

    label: str
    amount: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The rows of an order. Lines and `changes` together are the total, to the last minor unit.

    Args:
        currency: of all amounts.
        lines: a row for each line.
        total: what is charged.
        changes: what leads from the lines to the total: discount, shipping, tax that is added.
        tax_included: the tax that the total has in it without a row.
        refunded: what was given back of the total.
    """

    currency: str
    lines: tuple[AmountRow, ...]
    total: int
    changes: tuple[AmountRow, ...] = ()
    tax_included: int = 0
    refunded: int = 0

    @property
    def is_discounted(self) -> bool:
        """Whether something is taken off."""
        return any(row.label == _DISCOUNT for row in self.changes)

    @property
    def sums(self) -> tuple[AmountRow, ...]:
        """The rows below the lines: the total, and before it how the lines lead there."""
        total = AmountRow("Total", self.total)
        if not self.changes:
            return (total,)
        subtotal = self.total - sum(row.amount for row in self.changes)
        return (AmountRow("Subtotal", subtotal), *self.changes, total)

    @property
    def refunds(self) -> tuple[AmountRow, ...]:
        """The rows below the total: what was given back, and what remains."""
        if not self.refunded:
            return ()
        return (AmountRow("Refunded", -self.refunded), AmountRow("Paid in the end", self.total - self.refunded))

    def tax_note(self, locale: str = "en_US") -> str:
        """Return what is said of tax that prices include, such as `includes €3.67 tax`; empty where there is none."""
        return f"includes {format_amount(self.tax_included, self.currency, locale)} tax" if self.tax_included else ""


def breakdown_of(amounts: _Amounts) -> Breakdown:
    """Return the rows of an order or a session.

    An order of an older version of this package may have a total that its lines, discount, shipping and tax do not
    explain. What is missing is a row of its own then, so that the rows add up all the same.
    """
    lines = tuple(AmountRow(line_label(item), item.amount_subtotal) for item in amounts.items)
    subtotal = sum(row.amount for row in lines) if lines else amounts.amount_subtotal
    missing = amounts.amount_total - (subtotal - amounts.amount_discount + amounts.amount_shipping)
    added = min(max(0, missing), amounts.amount_tax)
    changes = (
        AmountRow(_DISCOUNT, -amounts.amount_discount),
        AmountRow("Shipping", amounts.amount_shipping),
        AmountRow("Tax", added),
        AmountRow("Adjustment", missing - added),
    )
    return Breakdown(
        currency=amounts.currency,
        lines=lines,
        total=amounts.amount_total,
        changes=tuple(row for row in changes if row.amount),
        tax_included=amounts.amount_tax - added,
        refunded=amounts.amount_refunded,
    )


def line_label(line: _Line) -> str:
    """Return how many of what, such as `2 × Tote bag`, on one line of text."""
    return f"{line.quantity} × {' '.join(line.name.split())}"
