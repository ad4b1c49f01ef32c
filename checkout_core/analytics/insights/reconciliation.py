"""Do our orders agree with Stripe's sessions, to the cent?"""

from typing import TYPE_CHECKING

from ..orders import Orders
from .base import Insight, Question

if TYPE_CHECKING:
    import pandas

_COMPARISON = """
    SELECT session_id, ours.status AS ours, theirs.status || ', ' || payment_status AS stripes,
           ours.amount_total - ours.amount_refunded AS our_net, theirs.amount_total - theirs.amount_refunded AS stripe_net,
           CASE
               WHEN ours.id IS NULL AND payment_status = 'paid' THEN 'money without an order'
               WHEN ours.id IS NULL THEN 'agrees'
               WHEN theirs.session_id IS NULL THEN 'order without a session'
               WHEN payment_status = 'paid' AND ours.paid_at IS NULL THEN 'paid, and we do not know'
               WHEN payment_status != 'paid' AND ours.paid_at IS NOT NULL THEN 'not paid, and we say it is'
               WHEN ours.amount_refunded != theirs.amount_refunded THEN 'refund that we do not know'
               WHEN ours.amount_total != theirs.amount_total OR ours.currency != theirs.currency THEN 'another amount'
               ELSE 'agrees'
           END AS finding
    FROM (SELECT *, stripe_checkout_session_id AS session_id FROM orders) AS ours FULL JOIN theirs USING (session_id)
"""


def reconciliation(orders: Orders, sessions: "pandas.DataFrame") -> Insight:
    """Answer which orders do not agree with Stripe's sessions; `finding` says how.

    Args:
        orders: ours.
        sessions: all of Stripe's, with the columns `session_id`, `status`, `payment_status`, `currency`,
            `amount_total` and `amount_refunded` (in minor units).
    """
    numbers = orders.sql(_COMPARISON, tables={"theirs": sessions})
    wrong = int((numbers["finding"] != "agrees").sum())
    return Insight(
        question=Question.reconciliation,
        title=f"{wrong:,} of {len(numbers):,} sessions do not agree with our orders",
        subtitle="Checkout sessions at Stripe against our orders",
        numbers=numbers,
    )
