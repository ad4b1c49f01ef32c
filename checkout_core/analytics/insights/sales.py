"""Questions about money: what comes in, when, with what, and what goes back."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from ...domain.money import format_amount
from .base import Insight, Question, RunQuery, in_major_units, period_name, since, step_of
from .breakdowns import revenue_by

if TYPE_CHECKING:
    import pandas


def currencies(run: RunQuery) -> "pandas.DataFrame":
    """Return what came in and went back in each currency, in minor units; the one that most orders are in first."""
    return run(
        """
        SELECT currency::VARCHAR AS currency, sum(orders)::BIGINT AS orders, sum(gross)::BIGINT AS gross,
               sum(refunds)::BIGINT AS refunds, sum(lost_disputes)::BIGINT AS lost_disputes, sum(net)::BIGINT AS net
        FROM revenue_daily GROUP BY ALL ORDER BY orders DESC, currency
        """,
        {},
    )


def revenue(
    run: RunQuery, currency: str, days: int = 365, today: date | None = None, *, by: str | None = None
) -> Insight:
    """Answer what came in and what went back in a period, against the period before, or by something else.

    Args:
        run: runs a query.
        currency: of which orders, in lower case.
        days: how long the period is.
        today: its last day; the current one unless given.
        by: divides it by product, payment_method, country, campaign, …: `breakdowns.BY` and `BY_ITEM` have all.

    Raises:
        InvalidInput: there is no such division.
    """
    if by is not None:
        return revenue_by(run, currency, by, days, today)
    start, step = since(run, days, today), step_of(days)
    numbers = run(
        """
        SELECT date_trunc($step, day)::DATE AS period, sum(orders)::BIGINT AS orders, sum(gross)::BIGINT AS gross,
               sum(refunds)::BIGINT AS refunds, sum(lost_disputes)::BIGINT AS lost_disputes, sum(net)::BIGINT AS net
        FROM revenue_daily WHERE currency = $currency AND day >= $start::DATE GROUP BY ALL ORDER BY period
        """,
        {"step": step, "currency": currency, "start": start},
    )
    before = run(
        """
        SELECT coalesce(sum(net), 0)::BIGINT AS net
        FROM revenue_daily WHERE currency = $currency AND day >= $earlier::DATE AND day < $start::DATE
        """,
        {"currency": currency, "earlier": start - timedelta(days=days), "start": start},
    )
    net = int(numbers["net"].sum())
    change = _against(net, int(before["net"].iloc[0]), days)
    return Insight(
        question=Question.revenue,
        title=f"{format_amount(net, currency)} came in over {period_name(days)}{change}"
        if len(numbers)
        else "Nothing in this period.",
        subtitle="Net of refunds and lost disputes, which count on their own day. "
        f"In {currency.upper()} only: currencies are never added up.",
        numbers=in_major_units(numbers, currency, gross="Sold", refunds="Refunded", lost_disputes="Lost", net="Net"),
        currency=currency,
        step=step,
    )


def weekly_revenue(run: RunQuery, currency: str) -> Insight:
    """Answer how much came in each week, and which was the best."""
    numbers = run(
        """
        SELECT date_trunc('week', day)::DATE AS week, sum(orders)::BIGINT AS orders, sum(net)::BIGINT AS net
        FROM revenue_daily WHERE currency = $currency GROUP BY ALL ORDER BY week
        """,
        {"currency": currency},
    )
    title = "Nothing has come in yet"
    if len(numbers):
        best = numbers["week"].iloc[int(numbers["net"].argmax())]
        title = (
            f"{format_amount(int(numbers['net'].sum()), currency)} since {numbers['week'].min():%-d %B %Y}; "
            f"the best week began on {best:%-d %B %Y}"
        )
    return Insight(
        question=Question.weekly_revenue,
        title=title,
        subtitle="Paid less refunded, by week",
        numbers=numbers.assign(best=numbers["net"] == numbers["net"].max()),
        currency=currency,
        step="week",
    )


def busiest_hours(run: RunQuery) -> Insight:
    """Answer at which hours of the week shoppers pay."""
    numbers = run(
        """
        WITH paid AS (SELECT local_time(paid_at) AS at_the_shop FROM orders WHERE paid_at IS NOT NULL)
        SELECT isodow(at_the_shop) AS weekday, strftime(at_the_shop, '%a') AS day, hour(at_the_shop) AS hour,
               count(*) AS orders, count(*) / sum(count(*)) OVER () AS share
        FROM paid GROUP BY ALL ORDER BY weekday, hour
        """,
        {},
    )
    title = "Nobody has paid yet"
    if len(numbers):
        peak = numbers.iloc[int(numbers["orders"].argmax())]
        title = (
            f"The busiest hour is {peak['day']} {peak['hour']}:00: {peak['share']:.1%} of a week's orders are paid then"
        )
    subtitle = "Share of all paid orders, by weekday and hour"
    return Insight(Question.busiest_hours, title, subtitle, numbers)


def best_sellers(run: RunQuery, currency: str) -> Insight:
    """Answer which twelve products bring the most."""
    numbers = run(
        """
        SELECT name, sum(quantity)::BIGINT AS sold, sum(amount_total)::BIGINT AS amount,
               sum(amount_total) / sum(sum(amount_total)) OVER () AS share
        FROM order_items WHERE paid_at IS NOT NULL AND currency = $currency GROUP BY name ORDER BY amount DESC LIMIT 12
        """,
        {"currency": currency},
    )
    title = "Nothing has been sold yet"
    if len(numbers):
        first, share = numbers["name"].iloc[0], numbers["share"]
        title = f"{first} brings {share.iloc[0]:.0%} of sales, the first three {share.head(3).sum():.0%}"
    return Insight(
        question=Question.best_sellers,
        title=title,
        subtitle=f"Sales in {currency.upper()}, before discounts and refunds; the number is how many were sold",
        numbers=numbers,
        currency=currency,
    )


def refund_share(run: RunQuery, currency: str) -> Insight:
    """Answer which share of each month's sales went back."""
    numbers = run(
        """
        SELECT date_trunc('month', day)::DATE AS month, sum(gross)::BIGINT AS gross, sum(refunds)::BIGINT AS refunds,
               coalesce(sum(refunds) / nullif(sum(gross), 0), 0) AS share
        FROM revenue_daily WHERE currency = $currency GROUP BY ALL ORDER BY month
        """,
        {"currency": currency},
    )
    title = "Nothing has been paid yet"
    if len(numbers):
        whole = numbers["refunds"].sum() / max(numbers["gross"].sum(), 1)
        title = f"{whole:.1%} of what was paid went back, at most {numbers['share'].max():.1%} in a month"
    return Insight(
        question=Question.refund_share,
        title=title,
        subtitle=f"Refunds of a month as a share of its sales in {currency.upper()}; a refund counts when it is made",
        numbers=numbers,
        currency=currency,
    )


def _against(now: int, before: int, days: int) -> str:
    """Return how an amount compares to the one of the period before; of ten times as much that says nothing.

    Then the shop had not begun, or had a few days of that period.
    """
    if before <= 0 or now >= 10 * before:
        return ""
    change = now / before - 1
    if abs(change) < 0.005:
        return f", as much as in the {period_name(days)} before"
    return f", {abs(change):.0%} {'more' if change > 0 else 'less'} than in the {period_name(days)} before"
