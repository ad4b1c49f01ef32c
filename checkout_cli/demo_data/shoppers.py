"""What shoppers do: who comes, what is in the cart, and how it ends."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .plan import DAY, SECOND, Flags, Ints, Plan

NEVER = np.int64(2**62)
"""When something happens that does not happen."""

_ABROAD = (0.11, 0.09, 0.04, 0.03)
_POPULARITY = 0.8
_RETURNING = 0.4
_LEFT_BEFORE_ORDER = 0.55
"""Sessions that never became an order, for each one that did."""

_FATES = (0.745, 0.145, 0.08, 0.03)
_PAYS, _ABANDONS, _DEBITS, _GIVES_UP = range(4)
_DECLINED_ONCE = 0.06
_DEBIT_FAILS = 0.07
_REFUNDED = 0.05
_IN_PART = 0.4
_DISPUTED = 0.004


@dataclass(frozen=True)
class Carts:
    """What is bought: lines by order, of which the first `used` count. Amounts in minor units."""

    currency: Ints
    product: Ints
    quantity: Ints
    unit_amount: Ints
    used: Flags

    @cached_property
    def total(self) -> Ints:
        """What the order costs."""
        return np.asarray((self.unit_amount * self.quantity * self.used).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True)
class Fates:
    """When what happens to each order; `NEVER` for what does not."""

    started: Ints
    created: Ints
    declined: Ints
    processing: Ints
    paid: Ints
    failed: Ints
    expired: Ints
    refund: Ints
    disputed: Ints
    given_back: Ints
    whole: Flags

    @cached_property
    def changes(self) -> Ints:
        """The times at which the order changed, one row for each kind of change."""
        return np.stack(
            [self.declined, self.processing, self.paid, self.failed, self.expired, self.refund, self.disputed]
        )


def shoppers_of(plan: Plan, index: Ints) -> Ints:
    """The number of each order's shopper: that of the order, or of an earlier one when the shopper comes back.

    Those who come back are every third of the earlier ones, so that some come often.
    """
    earlier = (index * np.sqrt(plan.chance("earlier", index))).astype(np.int64)
    return np.where(plan.chance("returns", index) < _RETURNING, earlier - earlier % 3, index)


def currencies_of(plan: Plan, shopper: Ints) -> Ints:
    """Which of the plan's currencies each shopper pays in, always the same."""
    abroad = _ABROAD[: len(plan.currencies) - 1]
    return plan.pick("currency", shopper, (1 - sum(abroad), *abroad))


def carts_of(plan: Plan, name: str, index: Ints, currency: Ints) -> Carts:
    """What each index buys."""
    weights = [(rank + 1) ** -_POPULARITY for rank in range(len(plan.catalog))]
    first = plan.pick(f"{name} product", index, weights)
    product = np.stack([(first + step) % len(weights) for step in range(plan.lines)], axis=1)
    if plan.lines > 1:  # the others follow the first at a stride, so that none comes twice
        others = max((len(weights) - 1) // (plan.lines - 1), 1)
        stride = 1 + plan.below(f"{name} stride", index, others)
        product = (first[:, None] + stride[:, None] * np.arange(plan.lines)) % len(weights)
    wanted = [1 + plan.pick(f"{name} quantity {line}", index, (0.4, 0.42, 0.1, 0.08)) for line in range(plan.lines)]
    used = np.arange(plan.lines) <= plan.pick(f"{name} lines", index, (0.6, 0.28, 0.12))[:, None]
    return Carts(
        currency=currency,
        product=product,
        quantity=np.minimum(np.stack(wanted, axis=1), plan.most[product]),
        unit_amount=plan.prices[product, currency[:, None]],
        used=used,
    )


def fates_of(plan: Plan, index: Ints, carts: Carts) -> Fates:
    """How each order went. What would happen after the plan's end has not happened yet."""

    def when(happens: Flags, at: Ints) -> Ints:
        return np.where(happens & (at <= plan.end), at, NEVER)

    created = _created(plan, index)
    fate = plan.pick("fate", index, _FATES)
    started = created - plan.lognormal("browse", index, 95 * SECOND, 0.9).clip(max=6 * 3600 * SECOND)
    tried = created + plan.lognormal("pay", index, 48 * SECOND, 0.8).clip(max=12 * 3600 * SECOND)
    stumbles = (fate == _GIVES_UP) | ((fate == _PAYS) & (plan.chance("declined", index) < _DECLINED_ONCE))
    retried = tried + plan.lognormal("retry", index, 70 * SECOND, 0.7).clip(max=4 * 3600 * SECOND)
    processing = when(fate == _DEBITS, tried)
    cleared = tried + DAY + plan.exponential("debit", index, 2 * DAY).clip(max=9 * DAY)
    bounces = plan.chance("bounces", index) < _DEBIT_FAILS
    by_card = when(fate == _PAYS, np.where(stumbles, retried, tried))
    paid = np.minimum(by_card, when((fate == _DEBITS) & ~bounces, cleared))
    sold = (paid != NEVER) & (carts.total > 0)
    sent_back = paid + 600 * SECOND + plan.exponential("refund time", index, 6 * DAY)
    refund = when(sold & (plan.chance("refund", index) < _REFUNDED), sent_back)
    objected = paid + 2 * DAY + plan.exponential("dispute time", index, 12 * DAY)
    one = carts.unit_amount[:, 0]
    whole = (plan.chance("in part", index) >= _IN_PART) | (one >= carts.total) | (one == 0)
    return Fates(
        started=started,
        created=created,
        declined=when(stumbles, tried),
        processing=processing,
        paid=paid,
        failed=when((fate == _DEBITS) & bounces, cleared),
        expired=when((fate == _ABANDONS) | (fate == _GIVES_UP), started + DAY),
        refund=refund,
        disputed=when((by_card != NEVER) & sold & (plan.chance("dispute", index) < _DISPUTED), objected),
        given_back=np.where(refund != NEVER, np.where(whole, carts.total, one), 0),
        whole=whole,
    )


def left_before_order(plan: Plan, index: Ints, started: Ints) -> Ints:
    """When a shopper who never reached step 2 looked at the checkout, at about the time of each order's start."""
    at = started - plan.below("left at", index, 60 * SECOND)
    return np.where(plan.chance("left", index) < _LEFT_BEFORE_ORDER, at, NEVER)


def _created(plan: Plan, index: Ints) -> Ints:
    part = (index + plan.chance("moment", index)) / plan.count
    hour = np.interp(part, plan.busyness, np.arange(len(plan.busyness)))
    return np.asarray(plan.end - plan.days * DAY + (hour * 3600 * SECOND).astype(np.int64) - 1, dtype=np.int64)
