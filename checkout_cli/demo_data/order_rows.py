"""Checkouts as rows of `orders`, with the columns of `stores/schema.py`; times are naive UTC."""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from checkout_core.domain.orders import OrderStatus

from . import people
from .behaviour import NOT_HAPPENED, Carts, Outcomes, carts_of, currencies_of, outcomes_of, shoppers_of
from .charges import Charges, charge_columns, charges_of
from .columns import Ids, digits, join, spread, strings, take, times
from .lessons import CAMPAIGNS, COUNTRIES, DEVICES, Circumstances, circumstances_of
from .seed_plan import DAY, IntArray, SeedPlan


@dataclass(frozen=True)
class Checkouts:
    """What the rows of one batch are made from: one value for each order."""

    plan: SeedPlan
    index: IntArray
    shopper: IntArray
    given: Circumstances
    carts: Carts
    charges: Charges
    outcomes: Outcomes
    ids: Ids

    @classmethod
    def of(cls, plan: SeedPlan, index: IntArray) -> "Checkouts":
        """Make the checkouts of these numbers."""
        shopper = shoppers_of(plan, index)
        currency = currencies_of(plan, shopper)
        given = circumstances_of(plan, index, shopper, currency)
        carts = carts_of(plan, "order", index, currency, given.day)
        charges = charges_of(plan, index, carts)
        outcomes = outcomes_of(plan, index, given, carts, charges.total)
        return cls(plan, index, shopper, given, carts, charges, outcomes, Ids(plan, index))


def order_rows(made: Checkouts) -> pa.Table:
    """Make a row for each order."""
    plan, shopper, outcomes = made.plan, made.shopper, made.outcomes
    size = len(made.index)
    first, last = (
        plan.below(f"name {part}", shopper, len(names)) for part, names in enumerate((people.FIRST, people.LAST))
    )
    who = first * len(people.LAST) + last
    domain = plan.below("domain", shopper, len(people.AT))
    reachable = plan.chance("has phone", shopper) < 0.3
    phone = digits(1_000_000 + plan.below("phone", shopper, 9_000_000)[reachable])
    began = (outcomes.processing != NOT_HAPPENED) | (outcomes.paid != NOT_HAPPENED)
    happened = outcomes.changes != NOT_HAPPENED
    return pa.table(
        {
            "id": strings(made.ids.of("order_", outcomes.created, 0)),
            "shop": take([plan.shop], np.zeros(size)),
            "stripe_checkout_session_id": session_ids(made),
            "stripe_payment_intent_id": strings(made.ids.of("pi_demo", outcomes.created[began], 2, began), began),
            "status": _status(outcomes),
            "email": join(take(people.MAILBOXES, who), digits(shopper), take(people.AT, domain)),
            "name": take(people.NAMES, who),
            "phone": spread(join("+4930", phone), reachable),
            "items": _items(plan, made.carts),
            "currency": take(plan.currencies, made.carts.currency),
            **charge_columns(plan, made.index, made.given, carts=made.carts, charges=made.charges, outcomes=outcomes),
            **_dispute_columns(made),
            "amount_refunded": outcomes.amount_refunded,
            "metadata": _metadata(made.given),
            "created_at": times(outcomes.created),
            "updated_at": times(np.maximum(outcomes.created, np.where(happened, outcomes.changes, 0).max(axis=0))),
            "paid_at": times(outcomes.paid),
            "version": 1 + happened.sum(axis=0),
        }
    )


def session_ids(made: Checkouts) -> pa.Array:
    """Return the checkout session of each order."""
    return strings(made.ids.of("cs_test_demo", made.outcomes.started, 1))


def _status(outcomes: Outcomes) -> pa.Array:
    """Return where each order stands now."""
    happened = [
        ((outcomes.refund != NOT_HAPPENED) & outcomes.in_full, OrderStatus.refunded),
        (outcomes.paid != NOT_HAPPENED, OrderStatus.paid),
        (outcomes.failed != NOT_HAPPENED, OrderStatus.failed),
        (outcomes.expired != NOT_HAPPENED, OrderStatus.expired),
        (outcomes.processing != NOT_HAPPENED, OrderStatus.processing),
    ]
    names = [*(str(status) for _, status in happened), str(OrderStatus.pending)]
    code = np.select([flags for flags, _ in happened], range(len(happened)), default=len(happened))
    return take(names, code)


def _dispute_columns(made: Checkouts) -> dict[str, pa.Array]:
    """Return what an order says of its dispute."""
    outcomes = made.outcomes
    disputed, decided = outcomes.disputed != NOT_HAPPENED, outcomes.decided != NOT_HAPPENED
    status = np.select([~decided, outcomes.won], [0, 1], 2)
    held = disputed & ~(decided & outcomes.won)
    names = pa.DictionaryArray.from_arrays(
        pa.array(status, pa.int32(), mask=~disputed), pa.array(["needs_response", "won", "lost"])
    )
    due = np.where(disputed & ~decided, outcomes.disputed + 7 * DAY, NOT_HAPPENED)
    return {
        "amount_disputed": pa.array(np.where(held, made.charges.total, 0)),
        "dispute_status": names,
        "dispute_evidence_due_at": times(due),
    }


def _metadata(given: Circumstances) -> pa.Array:
    """Return what the shop noted on each order; there are few different notes, so each is written as JSON once."""
    notes = [
        json.dumps(
            {"demo": "true", "device": device, "country": country} | ({"campaign": campaign} if campaign else {})
        )
        for device in DEVICES
        for country in COUNTRIES
        for campaign in CAMPAIGNS
    ]
    return take(notes, (given.device * len(COUNTRIES) + given.country) * len(CAMPAIGNS) + given.campaign)


def _items(plan: SeedPlan, carts: Carts) -> pa.Array:
    offsets = np.concatenate([[0], carts.used.sum(axis=1).cumsum()]).astype(np.int32)
    product = carts.product[carts.used]
    lines = {
        "product": take(list(plan.catalog), product),
        "name": take([product.name for product in plan.catalog.values()], product),
        "unit_amount": pa.array(carts.unit_amount[carts.used]),
        "quantity": pa.array(carts.quantity[carts.used]),
        "amount_subtotal": pa.array((carts.unit_amount * carts.quantity)[carts.used]),
    }
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(lines.values(), names=list(lines)))
