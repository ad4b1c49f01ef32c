"""How shoppers behave: who comes, what is in the cart, and how the checkout ends."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import lessons
from .lessons import Circumstances
from .seed_plan import DAY, SECOND, BoolArray, IntArray, SeedPlan

NOT_HAPPENED = np.int64(2**62)
"""The time of what does not happen."""

_ABROAD = (0.11, 0.09, 0.04, 0.03)
_POPULARITY = 0.8
_RETURNING = 0.4
_ABANDONED_BEFORE_ORDER = 0.55
"""Sessions that never became an order, for each one that did."""

_FAILURE_ODDS = 0.2
"""Odds that an order is left or given up, where nothing speaks for or against it."""
_GIVES_UP_SHARE = 0.17
_DEBIT_SHARE = 0.1
_PAYS, _ABANDONS, _DEBITS, _GIVES_UP = range(4)
_DECLINED_ONCE = 0.06
_DEBIT_FAILS = 0.07
_IN_PART = 0.4
_DISPUTED, _FRAUD_DISPUTED = 0.003, 0.5
_WON, _FRAUD_WON = 0.4, 0.08
_TESTS_CARDS = 0.5
"""Of the fraud wave: so many have a card declined first."""


@dataclass(frozen=True)
class Carts:
    """What is bought: lines by order, of which the first `used` count. Amounts in minor units."""

    currency: IntArray
    product: IntArray
    quantity: IntArray
    unit_amount: IntArray
    used: BoolArray

    @cached_property
    def total(self) -> IntArray:
        """Return what each order costs."""
        return np.asarray((self.unit_amount * self.quantity * self.used).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True)
class Outcomes:
    """When each thing happens to each order, and how much is refunded; `NOT_HAPPENED` for what does not happen."""

    started: IntArray
    created: IntArray
    declined: IntArray
    processing: IntArray
    paid: IntArray
    failed: IntArray
    expired: IntArray
    refund: IntArray
    disputed: IntArray
    decided: IntArray
    won: BoolArray
    amount_refunded: IntArray
    in_full: BoolArray

    @cached_property
    def changes(self) -> IntArray:
        """Return the times at which the order changed, one row for each kind of change."""
        return np.stack(
            [
                self.declined,
                self.processing,
                self.paid,
                self.failed,
                self.expired,
                self.refund,
                self.disputed,
                self.decided,
            ]
        )


def shoppers_of(plan: SeedPlan, index: IntArray) -> IntArray:
    """Return the number of each order's shopper: that of the order, or of an earlier one when the shopper comes back.

    Those who come back are every third of the earlier ones, so that some come often.
    """
    earlier = (index * np.sqrt(plan.chance("earlier", index))).astype(np.int64)
    return np.where(plan.chance("returns", index) < _RETURNING, earlier - earlier % 3, index)


def currencies_of(plan: SeedPlan, shopper: IntArray) -> IntArray:
    """Return which of the plan's currencies each shopper pays in, always the same."""
    abroad = _ABROAD[: len(plan.currencies) - 1]
    return plan.pick("currency", shopper, (1 - sum(abroad), *abroad))


def carts_of(plan: SeedPlan, name: str, index: IntArray, currency: IntArray, day: IntArray) -> Carts:
    """Return what is bought.

    Args:
        plan: the run.
        name: sets the carts of orders apart from those of sessions that never became one.
        index: the numbers of the orders or sessions.
        currency: of each, a position in the plan's currencies.
        day: on which it is made, counted from the first of the run.
    """
    weights = [(rank + 1) ** -_POPULARITY for rank in range(len(plan.catalog))]
    first = plan.pick(f"{name} product", index, weights)
    missing = lessons.sold_out(plan, day)
    first = np.where(missing & (first == lessons.SOLD_OUT), first + 1, first)
    product = np.stack([(first + step) % len(weights) for step in range(plan.lines)], axis=1)
    if plan.lines > 1:  # the others follow the first at a stride, so that none comes twice
        others = max((len(weights) - 1) // (plan.lines - 1), 1)
        stride = 1 + plan.below(f"{name} stride", index, others)
        product = (first[:, None] + stride[:, None] * np.arange(plan.lines)) % len(weights)
    wanted = [1 + plan.pick(f"{name} quantity {line}", index, (0.4, 0.42, 0.1, 0.08)) for line in range(plan.lines)]
    used = np.arange(plan.lines) <= plan.pick(f"{name} lines", index, (0.6, 0.28, 0.12))[:, None]
    used &= ~(missing[:, None] & (product == lessons.SOLD_OUT))
    unit_amount = plan.prices[product, currency[:, None]]
    if lessons.teaches(plan):
        dearer = (product == lessons.PRICE_CUT) & ~lessons.price_cut(plan, day)[:, None]
        unit_amount = np.where(dearer, lessons.price_before(plan)[currency][:, None], unit_amount)
    return Carts(
        currency=currency,
        product=product,
        quantity=np.minimum(np.stack(wanted, axis=1), plan.max_quantity[product]),
        unit_amount=unit_amount,
        used=used,
    )


def outcomes_of(plan: SeedPlan, index: IntArray, given: Circumstances, carts: Carts, total: IntArray) -> Outcomes:
    """Return how each order went. What would happen after the plan's end has not happened yet.

    Args:
        plan: the run.
        index: the numbers of the orders.
        given: the circumstances in which they are made.
        carts: what is bought.
        total: what is charged for each, in minor units.
    """

    def when(happens: BoolArray, at: IntArray) -> IntArray:
        return np.where(happens & (at <= plan.end), at, NOT_HAPPENED)

    created, first = given.created, carts.product[:, 0]
    outcome = _fates(plan, index, given, lessons.odds(plan, given, first, total))
    started = created - plan.lognormal("browse", index, 95 * SECOND, 0.9).clip(max=6 * 3600 * SECOND)
    tried = created + plan.lognormal("pay", index, 48 * SECOND, 0.8).clip(max=12 * 3600 * SECOND)
    declined_once = np.where(given.fraud, _TESTS_CARDS, _DECLINED_ONCE)
    is_declined = (outcome == _GIVES_UP) | ((outcome == _PAYS) & (plan.chance("declined", index) < declined_once))
    retried = tried + plan.lognormal("retry", index, 70 * SECOND, 0.7).clip(max=4 * 3600 * SECOND)
    processing = when(outcome == _DEBITS, tried)
    cleared = tried + DAY + plan.exponential("debit", index, 2 * DAY).clip(max=9 * DAY)
    debit_fails = plan.chance("bounces", index) < _DEBIT_FAILS
    by_card = when(outcome == _PAYS, np.where(is_declined, retried, tried))
    paid = np.minimum(by_card, when((outcome == _DEBITS) & ~debit_fails, cleared))
    sold = (paid != NOT_HAPPENED) & (total > 0)
    sent_back = paid + 600 * SECOND + plan.exponential("refund time", index, 6 * DAY)
    goes_back = (plan.chance("refund", index) < lessons.refund_share(plan, first)) & ~given.fraud
    refund = when(sold & goes_back, sent_back)
    objected = paid + 2 * DAY + plan.exponential("dispute time", index, 12 * DAY)
    objects = plan.chance("dispute", index) < np.where(given.fraud, _FRAUD_DISPUTED, _DISPUTED)
    disputed = when((by_card != NOT_HAPPENED) & sold & objects & ~goes_back, objected)
    decided = objected + 10 * DAY + plan.exponential("decision time", index, 9 * DAY)
    one = carts.unit_amount[:, 0]
    in_full = (plan.chance("in part", index) >= _IN_PART) | (one >= total) | (one == 0)
    return Outcomes(
        started=started,
        created=created,
        declined=when(is_declined, tried),
        processing=processing,
        paid=paid,
        failed=when((outcome == _DEBITS) & debit_fails, cleared),
        expired=when((outcome == _ABANDONS) | (outcome == _GIVES_UP), started + DAY),
        refund=refund,
        disputed=disputed,
        decided=when(disputed != NOT_HAPPENED, decided),
        won=plan.chance("dispute won", index) < np.where(given.fraud, _FRAUD_WON, _WON),
        amount_refunded=np.where(refund != NOT_HAPPENED, np.where(in_full, total, one), 0),
        in_full=in_full,
    )


def _fates(plan: SeedPlan, index: IntArray, given: Circumstances, odds: lessons.FloatArray) -> IntArray:
    """Return how each order ends: the better the odds, the fewer are left."""
    failing = _FAILURE_ODDS / odds
    failing = failing / (1 + failing)
    chance = plan.chance("fate", index)
    gives_up = chance < failing * _GIVES_UP_SHARE
    debit = (plan.chance("debit or card", index) < _DEBIT_SHARE) & ~given.outside_eu & ~given.fraud
    return np.select([gives_up, chance < failing, debit], [_GIVES_UP, _ABANDONS, _DEBITS], _PAYS).astype(np.int64)


def abandoned_sessions(plan: SeedPlan, index: IntArray, started: IntArray) -> IntArray:
    """Return when shoppers opened a checkout who never reached step 2, about when each order's checkout was opened.

    Args:
        plan: the run.
        index: the numbers of the orders.
        started: when their checkouts were opened.
    """
    at = started - plan.below("left at", index, 60 * SECOND)
    return np.where(plan.chance("left", index) < _ABANDONED_BEFORE_ORDER, at, NOT_HAPPENED)
