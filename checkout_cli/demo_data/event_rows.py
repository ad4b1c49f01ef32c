"""Checkouts as rows of `order_events`, with the columns of `stores/schema.py`; times are naive UTC."""

import json
from typing import NamedTuple

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from checkout_core.domain.orders import Source
from checkout_core.stores.scoped import mark_of

from .columns import digits, join, places, strings, take, times
from .order_rows import Checkouts
from .plan import Ints, Plan
from .shoppers import NEVER, Carts, carts_of, currencies_of, left_before_order

_DECLINES = ("insufficient_funds", "generic_decline", "expired_card", "incorrect_cvc")
_DISPUTES = ("fraudulent", "product_not_received", "duplicate")
_STOREFRONT, _REDIRECT, _WEBHOOK, _SETTLE, _OPERATOR = (list(Source).index(source) for source in Source)


class _Kind(NamedTuple):
    """One kind of event: when it happened to each order, by whom, and where its details are in the pool."""

    name: str
    at: Ints
    source: Ints | int
    detail: Ints | int = 0


def event_rows(made: Checkouts) -> pa.Table:
    """All that happened, order by order, and for each in the order in which it happened."""
    kinds, pool = _kinds(made)
    shape = (len(made.index), len(kinds))
    at = np.stack([kind.at for kind in kinds], axis=1)
    source, detail = np.empty(shape, dtype=np.int8), np.empty(shape, dtype=np.int32)
    for column, kind in enumerate(kinds):
        source[:, column], detail[:, column] = kind.source, kind.detail
    happened = at != NEVER
    row, kind_code = np.nonzero(happened)
    at, source, detail = at[happened], source[happened], detail[happened]
    left, ordered, webhook = kind_code == 0, kind_code > 1, source == _WEBHOOK
    ids, fates = made.ids, made.fates
    session_ids = ids.of("cs_test_demo", np.where(left, at, fates.started[row]), np.where(left, 3, 1), row)
    return pa.table(
        {
            "id": strings(ids.of("event_", at, 16 + kind_code, row)),
            "order_id": strings(ids.of("order_", fates.created, 0)[row[ordered]], ordered),
            "stripe_checkout_session_id": strings(session_ids),
            "kind": take([kind.name for kind in kinds], kind_code),
            "source": take([str(one) for one in Source], source),
            "stripe_event_id": strings(ids.of("evt_demo", at[webhook], 32 + kind_code[webhook], row[webhook]), webhook),
            "at": times(at),
            "detail": pool.take(pa.array(detail)),
        }
    )


def _kinds(made: Checkouts) -> tuple[list[_Kind], pa.Array]:
    """What can happen, in the order in which it does, and all details in one pool."""
    plan, index, carts, fates = made.plan, made.index, made.carts, made.fates
    left = left_before_order(plan, index, fates.started)
    strangers = plan.count + index[left != NEVER]
    left_carts = carts_of(plan, "left", strangers, currencies_of(plan, strangers))
    refunded, disputed = fates.refund != NEVER, fates.disputed != NEVER
    dispute_reason = plan.pick("dispute reason", index[disputed], (6, 3, 1))
    parts = {
        "nothing": pa.array(["{}"]),
        "declined": pa.array([json.dumps({"decline_code": code}) for code in _DECLINES]),
        "opened": _opened(plan, carts),
        "left": _opened(plan, left_carts),
        "refunded": join('{"amount": ', digits(fates.given_back[refunded]), "}"),
        "disputed": join(
            '{"dispute": "',
            strings(made.ids.of("dp_demo", fates.disputed[disputed], 4, disputed)),
            '", "reason": "',
            take(_DISPUTES, dispute_reason),
            '", "amount": ',
            digits(carts.total[disputed]),
            "}",
        ),
    }
    start = dict(zip(parts, np.cumsum([0, *map(len, parts.values())]).tolist(), strict=False))
    amount = start["refunded"] + places(refunded)
    returned = plan.pick("brought by", index, (0.0, 0.88, 0.1, 0.02))
    by_hand = np.where(plan.chance("by hand", index) < 0.8, _OPERATOR, _WEBHOOK)
    kinds = [
        _Kind("session_created", left, _STOREFRONT, start["left"] + places(left != NEVER)),
        _Kind("session_created", fates.started, _STOREFRONT, start["opened"] + np.arange(len(index))),
        _Kind("pending", fates.created, _STOREFRONT),
        _Kind(
            "payment_declined", fates.declined, _WEBHOOK, start["declined"] + plan.pick("reason", index, (4, 3, 1, 2))
        ),
        _Kind("processing", fates.processing, returned),
        _Kind("paid", fates.paid, np.where(fates.processing != NEVER, _WEBHOOK, returned)),
        _Kind("failed", fates.failed, _WEBHOOK),
        _Kind("expired", fates.expired, _WEBHOOK),
        _Kind("partially_refunded", np.where(fates.whole, NEVER, fates.refund), by_hand, amount),
        _Kind("refunded", np.where(fates.whole, fates.refund, NEVER), by_hand, amount),
        _Kind("disputed", fates.disputed, _WEBHOOK, start["disputed"] + places(disputed)),
    ]
    return kinds, pa.concat_arrays(parts.values())


def _opened(plan: Plan, carts: Carts) -> pa.Array:
    """The detail that step 1 records. Carts differ less than orders do, so each is put into words once."""
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
                **mark_of(plan.shop),
            }
        )
        for currency, bought, used in zip(
            carts.currency[examples], carts.product[examples], carts.used[examples], strict=True
        )
    ]
    return join('{"amount_total": ', digits(carts.total), ", ", take([text[1:] for text in words], same))
