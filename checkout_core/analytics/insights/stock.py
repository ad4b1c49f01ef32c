"""Questions about what is limited: how much is left, since when, what becomes of holds, and what was missing."""

from datetime import date
from typing import TYPE_CHECKING, Any

from .base import Insight, Question, RunQuery, since, time_span

if TYPE_CHECKING:
    import pandas

_MOVES = """
    SELECT orders.shop, moved.product, moved.order_id, moved."at", moved.held, moved.sold
    FROM stock_events AS moved JOIN orders ON orders.id = moved.order_id
"""


def stock_left(run: RunQuery, days: int = 28, today: date | None = None) -> Insight:
    """Answer how much of each limited product is left, and for how long at the pace of the last days.

    Args:
        run: runs a query.
        days: of which the pace is.
        today: their last day; the current one unless given.
    """
    numbers = run(
        f"""
        WITH pace AS (
            SELECT shop, product, sum(sold) / $days AS a_day FROM ({_MOVES}) WHERE "at" >= $start GROUP BY shop, product
        )
        SELECT name, capacity, sold, held, available, coalesce(greatest(a_day, 0), 0) AS a_day,
               available / nullif(greatest(a_day, 0), 0) AS days_left
        FROM stock LEFT JOIN pace USING (shop, product)
        WHERE capacity IS NOT NULL ORDER BY days_left NULLS LAST, available, name
        """,
        {"days": days, "start": since(run, days, today)},
    )
    title = "No product is limited"
    if len(numbers):
        gone, lasting = numbers[numbers["available"] == 0], numbers[numbers["available"] > 0]
        title = f"{len(gone)} of {len(numbers)} limited products {'is' if len(gone) == 1 else 'are'} sold out"
        if lasting["days_left"].notna().any():
            following = lasting.iloc[0]
            title += f"; {following['name']} is next, in {time_span(float(following['days_left']) * 86_400)}"
    subtitle = f"Sold, held and left; how long it lasts at the pace of the last {days} days"
    return Insight(Question.stock_left, title, subtitle, numbers)


def stock_course(run: RunQuery) -> Insight:
    """Answer how what is available of each limited product came to be what it is, day by day; by today's capacity."""
    numbers = run(
        f"""
        WITH daily AS (
            SELECT shop, product, CAST(local_time("at") AS DATE) AS day, sum(held + sold) AS taken
            FROM ({_MOVES}) GROUP BY ALL
        )
        SELECT name, day, (greatest(0, capacity - held - sold + coalesce(sum(taken) OVER after, 0)))::BIGINT AS available
        FROM daily JOIN stock USING (shop, product) WHERE capacity IS NOT NULL
        WINDOW after AS (PARTITION BY shop, product ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
        ORDER BY day, name
        """,
        {},
    )
    title = "Nothing limited was sold yet"
    if len(numbers):
        gone = numbers[numbers["available"] == 0]
        last = numbers.groupby("name", observed=True).tail(1).sort_values("available").iloc[0]
        title = f"{last['name']} has the fewest left: {int(last['available']):,}"
        if len(gone):
            first = gone.iloc[0]
            title = f"{first['name']} was sold out first, on {_day(first['day'])}"
    return Insight(Question.stock_course, title, "Available at the end of each day, by today's capacity", numbers)


def holds(run: RunQuery) -> Insight:
    """Answer what becomes of what checkouts hold, and how long it was kept from others for nothing."""
    numbers = run(
        f"""
        WITH held AS (
            SELECT shop, product, order_id, min("at") FILTER (held > 0) AS held_at,
                   max("at") FILTER (held < 0) AS over_at, bool_or(sold > 0) AS sold
            FROM ({_MOVES}) GROUP BY ALL HAVING held_at IS NOT NULL
        )
        SELECT name, CASE WHEN held.sold THEN 'sold' WHEN over_at IS NULL THEN 'still held' ELSE 'released' END AS fate,
               count(*) AS checkouts, median(epoch(over_at - held_at)) AS seconds
        FROM held JOIN stock USING (shop, product) GROUP BY ALL ORDER BY name, fate
        """,
        {},
    )
    title = "Nothing was held yet"
    if len(numbers):
        released = numbers[numbers["fate"] == "released"]
        share = released["checkouts"].sum() / numbers["checkouts"].sum()
        title = f"{share:.0%} of holds were released unpaid"
        if len(released):
            title += f", mostly after {time_span(float(_middle(released)))}"
    return Insight(Question.holds, title, "Checkouts that held something limited, and what became of it", numbers)


def missing_days(run: RunQuery, noticed: float = 5.0) -> Insight:
    """Answer which product was in no cart for days although it is wanted on others: sold out, or not shown.

    Args:
        run: runs a query.
        noticed: so many checkouts must be missing that it is no chance.
    """
    gap = run(
        """
        WITH days AS (SELECT product, day, sum(sessions) AS checkouts FROM checkout_funnel
                      WHERE product IS NOT NULL GROUP BY product, day),
             wanted AS (SELECT product, sum(checkouts) / (max(day) - min(day) + 1) AS a_day FROM days GROUP BY product),
             gaps AS (SELECT product, day + 1 AS first, lead(day) OVER (PARTITION BY product ORDER BY day) - 1 AS last
                      FROM days)
        SELECT product, first, last, (last - first + 1) * a_day AS missed
        FROM gaps JOIN wanted USING (product) WHERE last >= first ORDER BY missed DESC, product LIMIT 1
        """,
        {},
    )
    title, product, first, last = "No product was missing for days", None, None, None
    if len(gap) and gap["missed"].iloc[0] >= noticed:
        found = gap.iloc[0]
        product, first, last = str(found["product"]), found["first"].date(), found["last"].date()
        named = run("SELECT any_value(name) AS name FROM order_items WHERE product = $product", {"product": product})
        name = named["name"].iloc[0] or product
        began = f"{first:%-d %B}" if first.year == last.year else _day(first)
        title = f"{name} was in no cart from {began} to {_day(last)}: about {found['missed']:.0f} checkouts too few"
    numbers = run(
        """
        WITH wanted AS (SELECT day, sum(sessions)::BIGINT AS checkouts FROM checkout_funnel
                        WHERE product = $product GROUP BY day)
        SELECT day::DATE AS day, coalesce(checkouts, 0) AS checkouts, day BETWEEN $first AND $last AS missing
        FROM (SELECT unnest(generate_series(min(day), max(day), INTERVAL 1 DAY))::DATE AS day FROM wanted) AS every
        LEFT JOIN wanted USING (day) ORDER BY day
        """,
        {"product": product, "first": first, "last": last},
    )
    return Insight(Question.missing_days, title, "Checkouts with the product in the cart, by day", numbers)


def _middle(released: "pandas.DataFrame") -> float:
    """Return the time that the product with the most released holds has in the middle."""
    return float(released.sort_values("checkouts")["seconds"].iloc[-1])


def _day(day: Any) -> str:
    return f"{day:%-d %B %Y}"
