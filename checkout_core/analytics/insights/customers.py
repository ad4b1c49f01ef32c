"""Questions about shoppers: who comes back, how soon, and what they bring. A shopper is an e-mail address."""

from datetime import date

from .base import Insight, Question, RunQuery, since

_ORDER_GAP_DAYS = 14
"""How many days each bar of `order_gaps` has."""


def cohorts(run: RunQuery, today: date | None = None) -> Insight:
    """Answer how many come back in the months after their first order, of the past twelve months.

    `numbers` leaves out the first month itself.
    """
    day = since(run, 1, today)
    every = run(
        """
        SELECT strftime(cohort, '%Y-%m') AS first_month, months_since, shoppers, repeat_orders,
               shoppers / max(shoppers) FILTER (months_since = 0) OVER (PARTITION BY cohort) AS share
        FROM cohorts WHERE cohort >= date_trunc('month', $today::DATE) - INTERVAL 1 YEAR ORDER BY cohort, months_since
        """,
        {"today": day},
    )
    later = every[every["months_since"] > 0]
    title = "Nobody has come back in a later month yet."
    if len(later):
        begun = every["first_month"] < f"{day:%Y-%m}"  # the month after the first one has begun
        due = every.loc[begun & (every["months_since"] == 0), "shoppers"].sum()
        back = later.loc[later["months_since"] == 1, "shoppers"].sum()
        title = f"{back / max(due, 1):.0%} of shoppers buy again in the month after their first order"
    return Insight(
        question=Question.cohorts,
        title=title,
        subtitle="Shoppers of each month who paid again later, as a share of that month's new shoppers",
        numbers=later,
    )


def regulars(run: RunQuery, currency: str) -> Insight:
    """Answer what share of the revenue those bring who come back."""
    numbers = run(
        """
        WITH lost AS (
            SELECT order_id AS id, sum((detail ->> 'amount')::BIGINT * if(kind = 'dispute_lost', 1, -1)) AS amount
            FROM order_events
            WHERE kind = 'dispute_lost' OR (kind = 'dispute_won' AND detail ->> 'corrected_from' = 'lost')
            GROUP BY order_id),
        shoppers AS (
            SELECT lower(email) AS shopper, least(count(*), 5) AS paid_orders,
                   sum(amount_total - amount_refunded - coalesce(lost.amount, 0)) AS net
            FROM orders LEFT JOIN lost USING (id)
            WHERE currency = $currency AND paid_at IS NOT NULL AND email IS NOT NULL GROUP BY shopper)
        SELECT if(paid_orders = 5, '5 or more', paid_orders::VARCHAR) AS paid_orders,
               count(*) / sum(count(*)) OVER () AS shoppers,
               coalesce(sum(net) / nullif(sum(sum(net)) OVER (), 0), 0) AS revenue
        FROM shoppers GROUP BY ALL ORDER BY paid_orders
        """,
        {"currency": currency},
    )
    back = numbers[numbers["paid_orders"] != "1"]
    came_back, revenue = back["shoppers"].sum(), back["revenue"].sum()
    title = f"The {came_back:.0%} of shoppers who came back bring {revenue:.0%} of the revenue"
    return Insight(
        question=Question.regulars,
        title=title if len(back) else "Every shopper has bought once so far",
        subtitle="Share of shoppers and of net revenue, by the number of orders they have paid",
        numbers=numbers,
        currency=currency,
    )


def order_gaps(run: RunQuery) -> Insight:
    """Answer how soon shoppers come back; `soon` marks the bars within which half of the repeat orders are."""
    numbers = run(
        """
        WITH paid AS (
            SELECT date_diff('day', lag(local_time(paid_at)) OVER (PARTITION BY lower(email) ORDER BY paid_at), local_time(paid_at)) AS days
            FROM orders WHERE paid_at IS NOT NULL AND email IS NOT NULL)
        SELECT days // $bar * $bar AS "start", "start" + $bar AS "end", count(*) AS orders,
               count(*) / sum(count(*)) OVER () AS share
        FROM paid WHERE days IS NOT NULL GROUP BY ALL ORDER BY "start"
        """,
        {"bar": _ORDER_GAP_DAYS},
    )
    title, half = "Nobody has come back yet", 0
    if len(numbers):
        half = int(numbers.loc[numbers["share"].cumsum() >= 0.5, "end"].min())
        title = f"Half of the repeat orders come within {half / 7:.0f} weeks of the one before"
    return Insight(
        question=Question.order_gaps,
        title=title,
        subtitle="Repeat orders by the days since the same shopper's last one, in steps of two weeks",
        numbers=numbers.assign(soon=numbers["start"] < half),
    )
