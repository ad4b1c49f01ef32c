"""The insights: one question each, answered by a view, said in a sentence, drawn as a chart. Times are UTC.

Marks carry no ARIA roles of their own: the page gives each chart its finding as the description.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from checkout_core.analytics.charts import BLUE, GREY, VERMILION
from checkout_core.domain.money import exponent, format_amount

if TYPE_CHECKING:
    import altair
    import pandas

PERIODS = {7: "7 days", 30: "30 days", 90: "90 days", 365: "12 months"}


class Ask(Protocol):
    """A query on the analytics views."""

    def __call__(self, query: str, **params: Any) -> "pandas.DataFrame":
        """The answer."""
        ...


@dataclass(frozen=True, slots=True)
class Insight:
    """A finding, the chart that shows it, and the numbers behind it."""

    title: str
    under: str
    chart: "altair.Chart | altair.LayerChart"
    numbers: "pandas.DataFrame"


def since(days: int) -> datetime:
    """The first moment of a period that ends today."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return today - timedelta(days=days - 1)


def revenue(ask: Ask, currency: str, days: int) -> Insight | None:
    """What came in and what went back."""
    import altair as alt

    start = since(days)
    step = "week" if days > 90 else "day"
    numbers = ask(
        "SELECT date_trunc($step, day)::DATE AS period, sum(orders)::BIGINT AS orders, sum(gross)::BIGINT AS gross, "
        "sum(refunds)::BIGINT AS refunds, sum(net)::BIGINT AS net FROM revenue_daily "
        "WHERE currency = $currency AND day >= $start::DATE GROUP BY ALL ORDER BY period",
        step=step,
        currency=currency,
        start=start,
    )
    if numbers.empty:
        return None
    before = ask(
        "SELECT coalesce(sum(net), 0)::BIGINT AS net FROM revenue_daily "
        "WHERE currency = $currency AND day >= $earlier::DATE AND day < $start::DATE",
        currency=currency,
        earlier=start - timedelta(days=days),
        start=start,
    )
    net = int(numbers["net"].sum())
    title = (
        f"{format_amount(net, currency)} came in over {PERIODS[days]}{_against(net, int(before['net'].iloc[0]), days)}"
    )
    numbers = _in_main_units(numbers, currency, gross="Sold", refunds="Refunded", net="Net")
    drawn = numbers.assign(Refunded=-numbers["Refunded"]).melt("period", ["Sold", "Refunded"], "What", "amount")
    chart = (
        alt.Chart(drawn)
        .mark_bar(aria=False)
        .encode(
            x=_time(step),
            y=alt.Y("amount:Q", title=f"{currency.upper()} per {step}"),
            color=alt.Color(
                "What:N",
                scale=alt.Scale(domain=["Sold", "Refunded"], range=[BLUE, VERMILION]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=[
                alt.Tooltip("period:T", title=step.capitalize()),
                "What:N",
                alt.Tooltip("amount:Q", format=",.2f"),
            ],
        )
    )
    under = f"Net of refunds, which count on the day of the refund. In {currency.upper()} only: currencies are never added up."
    return Insight(title, under, chart, numbers)


_ENDS = {"paid": "Paid", "dropped_before_payment": "Left at the payment", "dropped_before_pending": "Left before"}


def funnel(ask: Ask, days: int) -> Insight | None:
    """How far products get."""
    import altair as alt

    numbers = ask(
        "SELECT coalesce(product, 'not recorded') AS product, sum(sessions)::BIGINT AS sessions, "
        "sum(paid)::BIGINT AS paid, sum(dropped_before_payment)::BIGINT AS dropped_before_payment, "
        "sum(dropped_before_pending)::BIGINT AS dropped_before_pending FROM checkout_funnel "
        "WHERE day >= $start::DATE GROUP BY ALL ORDER BY sessions DESC LIMIT 12",
        start=since(days),
    )
    if numbers.empty:
        return None
    total = {name: int(numbers[name].sum()) for name in ("sessions", *_ENDS)}
    late = total["dropped_before_payment"] > total["dropped_before_pending"]
    where = "at the payment" if late else "before shoppers say who they are"
    title = (
        f"{total['paid'] / total['sessions']:.0%} of what is taken to the checkout gets paid; the most is lost {where}"
    )
    drawn = numbers.rename(columns=_ENDS).melt("product", list(_ENDS.values()), "End", "checkouts")
    chart = (
        alt.Chart(drawn)
        .mark_bar(aria=False)
        .encode(
            y=alt.Y("product:N", sort=list(numbers["product"]), title=None, axis=alt.Axis(labelLimit=180)),
            x=alt.X("checkouts:Q", stack="normalize", title="Share of checkouts", axis=alt.Axis(format="%")),
            color=alt.Color(
                "End:N",
                scale=alt.Scale(domain=list(_ENDS.values()), range=[BLUE, VERMILION, GREY]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            order=alt.Order("rank:Q"),
            tooltip=["product:N", "End:N", alt.Tooltip("checkouts:Q", format=",")],
        )
        .transform_calculate(rank=f"indexof({list(_ENDS.values())}, datum.End)")
    )
    under = "By product, on the day the checkout was opened. A checkout with several products counts in each."
    return Insight(title, under, chart, numbers)


_BUCKETS = {30: "under 30 s", 60: "30–60 s", 120: "1–2 min", 300: "2–5 min", 900: "5–15 min", 3600: "15–60 min"}


def time_to_pay(ask: Ask, days: int) -> Insight | None:
    """How long shoppers take."""
    import altair as alt

    tests = " ".join(f"WHEN seconds < {limit} THEN '{label}'" for limit, label in _BUCKETS.items())
    numbers = ask(
        f"SELECT CASE {tests} WHEN seconds < 86400 THEN '1–24 h' ELSE 'over a day' END AS taken, count(*) AS orders, "
        "min(seconds) AS least FROM time_to_pay WHERE paid_at >= $start GROUP BY ALL ORDER BY least",
        start=since(days),
    )
    if numbers.empty:
        return None
    median = ask("SELECT median(seconds) AS half FROM time_to_pay WHERE paid_at >= $start", start=since(days))
    numbers["share"] = numbers["orders"] / numbers["orders"].sum()
    order = [*_BUCKETS.values(), "1–24 h", "over a day"]
    chart = (
        alt.Chart(numbers)
        .mark_bar(aria=False, color=BLUE)
        .encode(
            x=alt.X("taken:N", sort=order, title="From the details to the money", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("share:Q", title="Share of paid orders", axis=alt.Axis(format="%")),
            tooltip=["taken:N", alt.Tooltip("orders:Q", format=","), alt.Tooltip("share:Q", format=".1%")],
        )
    )
    half = _duration(float(median["half"].iloc[0]))
    under = "Bank debits are the ones that take days."
    return Insight(f"Half of the shoppers have paid within {half}", under, chart, numbers[["taken", "orders", "share"]])


def outcomes(ask: Ask, days: int) -> Insight | None:
    """How orders stand."""
    import altair as alt

    numbers = ask(
        "SELECT status::VARCHAR AS status, sum(orders)::BIGINT AS orders FROM payment_outcomes WHERE day >= $start::DATE "
        "GROUP BY ALL ORDER BY orders DESC",
        start=since(days),
    )
    if numbers.empty:
        return None
    count = dict(zip(numbers["status"], numbers["orders"], strict=True))
    declined = count.pop("declined", 0)  # these count a second time by their status
    total = sum(count.values())
    numbers["share"] = numbers["orders"] / total
    good = count.get("paid", 0) + count.get("refunded", 0)
    title = f"{good / total:.0%} of orders were paid, and {declined / total:.1%} saw a card declined on the way"
    chart = (
        alt.Chart(numbers)
        .mark_bar(aria=False)
        .encode(
            y=alt.Y("status:N", sort="-x", title=None),
            x=alt.X("share:Q", title="Share of orders", axis=alt.Axis(format="%")),
            color=alt.condition(
                "datum.status == 'failed' || datum.status == 'declined'", alt.value(VERMILION), alt.value(BLUE)
            ),
            tooltip=["status:N", alt.Tooltip("orders:Q", format=","), alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=220)
    )
    return Insight(
        title,
        f"{total:,} order{'s' if total != 1 else ''} by where they stand now; those that saw a decline once more.",
        chart,
        numbers,
    )


def abandoned(ask: Ask, currency: str, days: int) -> Insight | None:
    """What was left behind."""
    import altair as alt

    step = "week" if days > 90 else "day"
    numbers = ask(
        "SELECT date_trunc($step, created_at)::DATE AS period, count(*) AS orders, sum(amount_total)::BIGINT AS amount "
        "FROM abandoned WHERE currency = $currency AND created_at >= $start GROUP BY ALL ORDER BY period",
        step=step,
        currency=currency,
        start=since(days),
    )
    if numbers.empty:
        return None
    amount, orders = int(numbers["amount"].sum()), int(numbers["orders"].sum())
    numbers = _in_main_units(numbers, currency, amount="Left behind")
    chart = (
        alt.Chart(numbers)
        .mark_bar(aria=False, color=VERMILION)
        .encode(
            x=_time(step),
            y=alt.Y("Left behind:Q", title=f"{currency.upper()} left behind per {step}"),
            tooltip=[
                alt.Tooltip("period:T", title=step.capitalize()),
                "orders:Q",
                alt.Tooltip("Left behind:Q", format=",.2f"),
            ],
        )
    )
    title = f"{format_amount(amount, currency)} was left behind in {orders:,} checkouts"
    return Insight(
        title,
        "Orders that were noted and never paid. The notebooks have their e-mail addresses, in the view abandoned.",
        chart,
        numbers,
    )


def cohorts(ask: Ask) -> Insight | None:
    """Who comes back."""
    import altair as alt

    numbers = ask(
        "SELECT strftime(cohort, '%Y-%m') AS first_month, months_since, shoppers, repeat_orders FROM cohorts "
        "WHERE cohort >= date_trunc('month', $start::DATE) - INTERVAL 1 YEAR ORDER BY cohort, months_since",
        start=since(1),
    )
    if numbers.empty:
        return None
    first = numbers[numbers["months_since"] == 0].set_index("first_month")["shoppers"]
    numbers["share"] = numbers["shoppers"] / numbers["first_month"].map(first)
    later = numbers[numbers["months_since"] > 0]
    if later.empty:
        return None
    due = first[first.index < f"{since(1):%Y-%m}"].sum()  # whose next month has begun
    back = later.loc[later["months_since"] == 1, "shoppers"].sum()
    title = f"{back / due:.0%} of shoppers buy again in the month after their first order"
    chart = (
        alt.Chart(later)
        .mark_rect(aria=False)
        .encode(
            x=alt.X("months_since:O", title="Months since the first order", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("first_month:O", title="First order in"),
            color=alt.Color(
                "share:Q", title="Came back", scale=alt.Scale(scheme="viridis"), legend=alt.Legend(format="%")
            ),
            tooltip=["first_month:O", "months_since:O", "shoppers:Q", alt.Tooltip("share:Q", format=".1%")],
        )
    )
    return Insight(title, "A shopper is an e-mail address. Twelve months at most.", chart, numbers)


def _time(step: str) -> "altair.X":
    """A band for each day or week."""
    import altair as alt

    return alt.X(
        "period:T",
        timeUnit="yearweek" if step == "week" else "yearmonthdate",
        title=None,
        axis=alt.Axis(format="%d %b"),
    )


def _against(now: int, before: int, days: int) -> str:
    if before <= 0:
        return ""
    change = now / before - 1
    if abs(change) < 0.005:
        return f", as much as in the {PERIODS[days]} before"
    return f", {abs(change):.0%} {'more' if change > 0 else 'less'} than in the {PERIODS[days]} before"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _in_main_units(numbers: "pandas.DataFrame", currency: str, **columns: str) -> "pandas.DataFrame":
    """Amounts as a person reads and a chart draws them, under new names."""
    unit = 10 ** exponent(currency)
    return numbers.assign(**{old: numbers[old] / unit for old in columns}).rename(columns=columns)
