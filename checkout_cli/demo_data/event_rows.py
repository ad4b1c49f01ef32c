"""Checkouts as rows of `order_events`, with the columns of `stores/schema.py`; times are naive UTC."""

import json
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from checkout_core.domain.events import Source
from checkout_core.stores.scoped import shop_detail

from .behaviour import NOT_HAPPENED, Carts, abandoned_sessions, carts_of, currencies_of
from .columns import digits, join, places, strings, take, times
from .order_rows import Checkouts
from .seed_plan import BoolArray, IntArray, SeedPlan

_DECLINES = ("insufficient_funds", "generic_decline", "expired_card", "incorrect_cvc")
_DISPUTES = ("fraudulent", "product_not_received", "duplicate")
_DECISIONS = (', "status": "won"}', ', "status": "lost"}')
_STOREFRONT, _REDIRECT, _WEBHOOK, _RECONCILE, _OPERATOR = (
    list(Source).index(source)
    for source in (Source.storefront, Source.redirect, Source.webhook, Source.reconcile, Source.operator)
)


class _Kind(NamedTuple):
    """One kind of event: when it happened to each order, who reported it, and where its details are in the pool."""

    name: str
    at: IntArray
    source: IntArray | int
    detail: IntArray | int = 0


def event_rows(made: Checkouts) -> pa.Table:
    """Make a row for each event, order by order, and for each order by time."""
    kinds, pool = _kinds(made)
    shape = (len(made.index), len(kinds))
    at = np.stack([kind.at for kind in kinds], axis=1)
    source, detail = np.empty(shape, dtype=np.int8), np.empty(shape, dtype=np.int32)
    for column, kind in enumerate(kinds):
        source[:, column], detail[:, column] = kind.source, kind.detail
    happened = at != NOT_HAPPENED
    row, kind_code = np.nonzero(happened)
    at, source, detail = at[happened], source[happened], detail[happened]
    left, ordered, webhook = kind_code == 0, kind_code > 1, source == _WEBHOOK
    ids, outcomes = made.ids, made.outcomes
    session_ids = ids.of("cs_test_demo", np.where(left, at, outcomes.started[row]), np.where(left, 3, 1), row)
    return pa.table(
        {
            "id": strings(ids.of("event_", at, 16 + kind_code, row)),
            "order_id": strings(ids.of("order_", outcomes.created, 0)[row[ordered]], ordered),
            "stripe_checkout_session_id": strings(session_ids),
            "kind": take([kind.name for kind in kinds], kind_code),
            "source": take([str(one) for one in Source], source),
            "stripe_event_id": strings(ids.of("evt_demo", at[webhook], 32 + kind_code[webhook], row[webhook]), webhook),
            "at": times(at),
            "detail": pool.take(pa.array(detail)),
        }
    )


def _kinds(made: Checkouts) -> tuple[list[_Kind], pa.Array]:
    """Return what can happen, in the order in which it does, and all details in one pool."""
    plan, index, carts, outcomes = made.plan, made.index, made.carts, made.outcomes
    left = abandoned_sessions(plan, index, outcomes.started)
    abandoning = plan.count + index[left != NOT_HAPPENED]
    when_left = made.given.day[left != NOT_HAPPENED]
    abandoned_carts = carts_of(plan, "left", abandoning, currencies_of(plan, abandoning), when_left)
    decided = outcomes.decided != NOT_HAPPENED
    refunded, disputed = outcomes.refund != NOT_HAPPENED, outcomes.disputed != NOT_HAPPENED
    dispute_reason = np.where(made.given.fraud, 0, plan.pick("dispute reason", index, (3, 5, 2)))
    parts = {
        "nothing": pa.array(["{}"]),
        "declined": pa.array([json.dumps({"decline_code": code}) for code in _DECLINES]),
        "opened": _opened(plan, carts),
        "left": _opened(plan, abandoned_carts),
        "refunded": _refunded(made, refunded),
        "disputed": _disputed(made, disputed, dispute_reason, "}"),
        "decided": _disputed(made, decided, dispute_reason, take(_DECISIONS, np.where(outcomes.won[decided], 0, 1))),
    }
    start = dict(zip(parts, np.cumsum([0, *map(len, parts.values())]).tolist(), strict=False))
    amount = start["refunded"] + places(refunded)
    outcome = start["decided"] + places(decided)
    returned = plan.pick("brought by", index, (0.0, 0.88, 0.1, 0.02))
    by_hand = np.where(plan.chance("by hand", index) < 0.8, _OPERATOR, _WEBHOOK)
    kinds = [
        _Kind("session_created", left, _STOREFRONT, start["left"] + places(left != NOT_HAPPENED)),
        _Kind("session_created", outcomes.started, _STOREFRONT, start["opened"] + np.arange(len(index))),
        _Kind("pending", outcomes.created, _STOREFRONT),
        _Kind(
            "payment_declined",
            outcomes.declined,
            _WEBHOOK,
            start["declined"] + plan.pick("reason", index, (4, 3, 1, 2)),
        ),
        _Kind("processing", outcomes.processing, returned),
        _Kind("paid", outcomes.paid, np.where(outcomes.processing != NOT_HAPPENED, _WEBHOOK, returned)),
        _Kind("failed", outcomes.failed, _WEBHOOK),
        _Kind("expired", outcomes.expired, _WEBHOOK),
        _Kind("partially_refunded", np.where(outcomes.in_full, NOT_HAPPENED, outcomes.refund), by_hand, amount),
        _Kind("refunded", np.where(outcomes.in_full, outcomes.refund, NOT_HAPPENED), by_hand, amount),
        _Kind("disputed", outcomes.disputed, _WEBHOOK, start["disputed"] + places(disputed)),
        _Kind("dispute_won", np.where(outcomes.won, outcomes.decided, NOT_HAPPENED), _WEBHOOK, outcome),
        _Kind("dispute_lost", np.where(outcomes.won, NOT_HAPPENED, outcomes.decided), _WEBHOOK, outcome),
    ]
    return kinds, pa.concat_arrays(parts.values())


def _refunded(made: Checkouts, refunded: BoolArray) -> pa.Array:
    """Return what a refund says: the amount, and the line that went back where it is not the whole order."""
    outcomes, carts = made.outcomes, made.carts
    amounts = digits(outcomes.amount_refunded[refunded])
    in_full = outcomes.in_full[refunded]
    products = list(made.plan.catalog)
    heads = [f', "lines": [{{"product": {json.dumps(product)}, "quantity": 1, "amount": ' for product in products]
    head = take([*heads, ""], np.where(in_full, len(products), carts.product[refunded, 0]))
    line_amount = pc.if_else(pa.array(in_full), "", amounts)
    return join('{"amount": ', amounts, head, line_amount, take(["}]}", "}"], in_full.astype(np.int64)))


def _disputed(made: Checkouts, which: BoolArray, reason: IntArray, end: Any) -> pa.Array:
    """Return what a step of a dispute says.

    Args:
        made: the checkouts.
        which: those that have the step.
        reason: of each checkout, a position in `_DISPUTES`.
        end: the rest of the JSON.
    """
    return join(
        '{"dispute": "',
        strings(made.ids.of("dp_demo", made.outcomes.disputed[which], 4, np.flatnonzero(which))),
        '", "reason": "',
        take(_DISPUTES, reason[which]),
        '", "amount": ',
        digits(made.charges.total[which]),
        end,
    )


def _opened(plan: SeedPlan, carts: Carts) -> pa.Array:
    """Return the detail that step 1 records. Carts differ less than orders do, so each is written as JSON once."""
    cart = carts.currency
    for line in range(plan.lines):
        cart = cart * (len(plan.catalog) + 1) + np.where(carts.used[:, line], carts.product[:, line] + 1, 0)
    _, examples, same = np.unique(cart, return_index=True, return_inverse=True)
    products = list(plan.catalog)
    words = [
        json.dumps(
            {
                "currency": plan.currencies[currency],
                "products": [products[one] for one in bought[used]],
                **shop_detail(plan.shop),
            }
        )
        for currency, bought, used in zip(
            carts.currency[examples], carts.product[examples], carts.used[examples], strict=True
        )
    ]
    return join('{"amount_total": ', digits(carts.total), ", ", take([text[1:] for text in words], same))
