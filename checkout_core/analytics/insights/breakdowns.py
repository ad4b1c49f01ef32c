"""Questions that are divided by something: revenue, conversion, fees and disputes by product, country, campaign, …"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ...domain.errors import InvalidInput
from ...domain.money import format_amount
from .base import Insight, Question, RunQuery, in_major_units, since

if TYPE_CHECKING:
    import pandas

BY: Mapping[str, str] = {
    "payment_method": "coalesce(payment_method_type, 'not known')",
    "brand": "coalesce(payment_method_brand, 'not a card')",
    "country": "coalesce(metadata ->> 'country', payment_method_country, 'not known')",
    "device": "coalesce(metadata ->> 'device', 'not known')",
    "campaign": "coalesce(metadata ->> 'campaign', 'none')",
    "shop": "shop",
    "currency": "currency",
    "month": "strftime(local_time(created_at), '%Y-%m')",
    "weekday": "strftime(local_time(created_at), '%a')",
    "hour": "lpad(hour(local_time(created_at))::VARCHAR, 2, '0')",
}
"""What orders can be divided by, beside their products and prices, and how SQL says it."""

BY_ITEM: Mapping[str, str] = {
    "product": "item.name",
    "price": "to_decimal(item.unit_amount, currency)::DECIMAL(18, 2)::VARCHAR",
}
"""What lines of orders can be divided by; an order with several lines counts in each."""

_KNOWN_WHEN_PAID = frozenset({"payment_method", "brand"})

IN_ORDER = frozenset({"month", "weekday", "hour", "price"})
"""What is drawn in its own order; everything else by size."""

_WEEKDAY = "isodow(any_value(local_time(created_at)))"
MOST = 12
"""So many bars are drawn."""

_FEW = 20
"""Parts with fewer orders are not compared in a title, where there are others."""


def _grouped(by: str) -> tuple[str, str, str]:
    """Return SQL for the rows, for what they are divided by, and for the order of the answer.

    Raises:
        InvalidInput: there is no such division.
    """
    if by not in BY and by not in BY_ITEM:
        raise InvalidInput(f"{by} is nothing to divide by. There are: {', '.join((*BY, *BY_ITEM))}.", field="by")
    if by in BY_ITEM:
        rows = "(SELECT *, unnest(items) AS item FROM orders)"
        return rows, BY_ITEM[by], "any_value(item.unit_amount)" if by == "price" else "orders DESC"
    order = {"weekday": _WEEKDAY, "month": "part", "hour": "part"}.get(by, "orders DESC")
    return "orders", BY[by], order


def _ends(numbers: "pandas.DataFrame") -> "tuple[pandas.Series[Any], pandas.Series[Any]]":
    """Return the parts with the smallest and the largest share."""
    many = numbers[numbers["orders"] >= _FEW]
    compared = many if len(many) else numbers
    return compared.iloc[int(compared["share"].argmin())], compared.iloc[int(compared["share"].argmax())]


def _named(row: "pandas.Series[Any]", by: str) -> str:
    return f"{row['part']}:00" if by == "hour" else str(row["part"])


def revenue_by(run: RunQuery, currency: str, by: str, days: int | None = None, today: date | None = None) -> Insight:
    """Answer where the revenue comes from.

    Args:
        run: runs a query.
        currency: of which orders, in lower case.
        by: what it is divided by: product, price, payment_method, brand, country, device, campaign, month, …
        days: how long the period is in which the orders were paid; all time unless given.
        today: its last day; the current one unless given.

    Raises:
        InvalidInput: there is no such division.
    """
    rows, part, order = _grouped(by)
    amount = "coalesce(item.amount_subtotal, item.unit_amount * item.quantity)" if by in BY_ITEM else "amount_total"
    back = "0" if by in BY_ITEM else "amount_refunded"
    numbers = run(
        f"""
        SELECT {part} AS part, count(*) AS orders, sum({amount})::BIGINT AS gross, sum({back})::BIGINT AS refunded,
               sum({amount}) / nullif(sum(sum({amount})) OVER (), 0) AS share
        FROM {rows} WHERE paid_at IS NOT NULL AND currency = $currency AND ($start IS NULL OR paid_at >= $start)
        GROUP BY part ORDER BY {"gross DESC" if by not in IN_ORDER else order}
        """,
        {"currency": currency, "start": None if days is None else since(run, days, today)},
    )
    title = "Nothing has been paid yet"
    if len(numbers):
        best = numbers.iloc[int(numbers["gross"].argmax())]
        title = f"{_named(best, by)} brings {best['share']:.0%} of the {format_amount(int(numbers['gross'].sum()), currency)}"
    of = "before discounts, by" if by in BY_ITEM else "before refunds, by"
    return Insight(
        question=Question.revenue_by,
        title=title,
        subtitle=f"What was paid in {currency.upper()}, {of} {by.replace('_', ' ')}",
        numbers=in_major_units(numbers, currency, gross="Sold"),
        currency=currency,
        step=by,
    )


def conversion(
    run: RunQuery, by: str, days: int | None = None, today: date | None = None, *, currency: str | None = None
) -> Insight:
    """Answer which orders get paid.

    Args:
        run: runs a query.
        by: what they are divided by: product, price, country, device, campaign, month, weekday, hour, …
        currency: of which orders, in lower case; prices of several cannot be compared.
        days: how long the period is in which the orders were made; all time unless given.
        today: its last day; the current one unless given.

    Raises:
        InvalidInput: there is no such division.
    """
    if by in _KNOWN_WHEN_PAID:
        raise InvalidInput(
            f"Only what is paid has a {by.replace('_', ' ')}: it says nothing of conversion.", field="by"
        )
    rows, part, order = _grouped(by)
    numbers = run(
        f"""
        SELECT {part} AS part, count(*) AS orders, count(paid_at) AS paid, count(paid_at) / count(*) AS share
        FROM {rows} WHERE ($start IS NULL OR created_at >= $start) AND ($currency IS NULL OR currency = $currency)
        GROUP BY part ORDER BY {order}
        """,
        {"start": None if days is None else since(run, days, today), "currency": currency},
    )
    title = "There are too few orders yet"
    if len(numbers):
        worst, best = _ends(numbers)
        title = f"{best['share']:.0%} of orders get paid"
        if best["share"] > worst["share"]:
            title = f"Between {worst['share']:.0%} ({_named(worst, by)}) and {best['share']:.0%} ({_named(best, by)}) get paid"
    subtitle = f"Paid orders as a share of those that were noted, by {by.replace('_', ' ')}"
    return Insight(Question.conversion, title, subtitle, numbers, step=by)


def fees(run: RunQuery, by: str = "brand") -> Insight:
    """Answer what Stripe keeps, as a share of what was paid.

    Args:
        run: runs a query.
        by: what it is divided by: payment_method, brand, country, month, ….

    Raises:
        InvalidInput: there is no such division of orders.
    """
    if by not in BY:
        raise InvalidInput(f"Fees are not divided by {by}. There are: {', '.join(BY)}.", field="by")
    _, part, order = _grouped(by)
    numbers = run(
        f"""
        SELECT {part} AS part, balance_currency, count(*) AS orders, sum(amount_fee)::BIGINT AS fees,
               sum(amount_fee) / nullif(sum(amount_fee + amount_net), 0) AS share
        FROM orders WHERE amount_fee IS NOT NULL
        GROUP BY part, balance_currency ORDER BY {order}
        """,
        {},
    )
    title = "No fee is known yet"
    if len(numbers):
        cheap, dear = _ends(numbers)
        title = f"Stripe keeps {dear['share']:.1%} of payments"
        if dear["share"] > cheap["share"]:
            title = (
                f"Stripe keeps {cheap['share']:.1%} ({_named(cheap, by)}) to {dear['share']:.1%} ({_named(dear, by)})"
            )
    return Insight(
        question=Question.fees,
        title=title,
        subtitle=f"Fees as a share of what was paid, in the currency of the Stripe balance, by {by.replace('_', ' ')}",
        numbers=numbers,
        step=by,
    )


def dispute_rate(run: RunQuery, by: str = "month") -> Insight:
    """Answer which share of the card payments was disputed.

    Args:
        run: runs a query.
        by: what they are divided by: month, country, brand, campaign, ….

    Raises:
        InvalidInput: there is no such division of orders.
    """
    if by not in BY:
        raise InvalidInput(f"Disputes are not divided by {by}. There are: {', '.join(BY)}.", field="by")
    _, part, order = _grouped(by)
    numbers = run(
        f"""
        WITH claims AS (SELECT DISTINCT order_id AS id, reason, outcome FROM disputes WHERE outcome NOT LIKE 'inquiry%')
        SELECT {part} AS part, count(*) AS orders, count(claims.id) AS disputed,
               count(*) FILTER (outcome = 'lost') AS lost, count(claims.id) / count(*) AS share
        FROM orders LEFT JOIN claims USING (id) WHERE paid_at IS NOT NULL AND payment_method_type = 'card'
        GROUP BY part ORDER BY {order}
        """,
        {},
    )
    title = "Nothing has been disputed yet"
    if len(numbers) and numbers["disputed"].sum():
        whole, worst = numbers["disputed"].sum() / numbers["orders"].sum(), _ends(numbers)[1]
        title = f"{whole:.2%} of card payments were disputed, most of {_named(worst, by)}: {worst['share']:.2%}"
    subtitle = f"Disputed payments as a share of card payments, by {by.replace('_', ' ')} of the order"
    return Insight(Question.dispute_rate, title, subtitle, numbers, step=by)


def dispute_outcomes(run: RunQuery) -> Insight:
    """Answer how disputes end, by their reason."""
    numbers = run(
        """
        SELECT reason, outcome, count(*) AS disputes
        FROM disputes WHERE reason IS NOT NULL GROUP BY ALL ORDER BY reason, outcome
        """,
        {},
    )
    decided = numbers[numbers["outcome"].isin(["won", "lost"])]
    title = "No dispute is decided yet"
    if len(decided):
        won = int(decided.loc[decided["outcome"] == "won", "disputes"].sum())
        title = f"{won / decided['disputes'].sum():.0%} of {int(decided['disputes'].sum()):,} decided disputes were won"
    return Insight(Question.dispute_outcomes, title, "Disputes by the bank's reason and how they stand", numbers)
