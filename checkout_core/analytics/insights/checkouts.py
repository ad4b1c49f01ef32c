"""Questions about checkouts: how far they get, how long they take, and why they fail."""

from datetime import date

from ...domain.money import format_amount
from .base import Insight, Question, RunQuery, in_major_units, since, step_of, time_span

BUCKETS = {30: "under 30 s", 60: "30–60 s", 120: "1–2 min", 300: "2–5 min", 900: "5–15 min", 3600: "15–60 min"}
LONG_BUCKETS = ("1–24 h", "over a day")


def funnel(run: RunQuery, days: int, today: date | None = None) -> Insight:
    """Answer how far the twelve products get that are taken to the checkout most often.

    Args:
        run: runs a query.
        days: how long the period is in which the checkouts were opened.
        today: its last day; the current one unless given.
    """
    numbers = run(
        """
        SELECT coalesce(product, 'not recorded') AS product, sum(sessions)::BIGINT AS sessions,
               sum(paid)::BIGINT AS paid, sum(dropped_before_payment)::BIGINT AS dropped_before_payment,
               sum(dropped_before_pending)::BIGINT AS dropped_before_pending
        FROM checkout_funnel WHERE day >= $start::DATE GROUP BY ALL ORDER BY sessions DESC LIMIT 12
        """,
        {"start": since(run, days, today)},
    )
    title = "Nothing in this period."
    if len(numbers):
        total = {name: int(numbers[name].sum()) for name in numbers.columns if name != "product"}
        late = total["dropped_before_payment"] > total["dropped_before_pending"]
        title = (
            f"{total['paid'] / total['sessions']:.0%} of what is taken to the checkout gets paid; the most is lost "
            f"{'at the payment' if late else 'before shoppers say who they are'}"
        )
    subtitle = "By product, on the day the checkout was opened. A checkout with several products counts in each."
    return Insight(Question.funnel, title, subtitle, numbers)


def funnel_steps(run: RunQuery) -> Insight:
    """Answer how many of all checkouts get as far as each step."""
    counted = run(
        """
        WITH checkouts AS (
            SELECT stripe_checkout_session_id AS id FROM order_events WHERE kind = 'session_created' GROUP BY ALL
        )
        SELECT count(*) AS "Checkout opened", count(orders.id) AS "Order noted", count(orders.paid_at) AS "Paid"
        FROM checkouts LEFT JOIN orders ON checkouts.id = orders.stripe_checkout_session_id
        """,
        {},
    )
    numbers = counted.T.reset_index().set_axis(["step", "checkouts"], axis=1)
    numbers["share"] = numbers["checkouts"] / max(numbers["checkouts"].iloc[0], 1)
    lost_before, lost_after = -numbers["share"].diff().iloc[1:]
    title = f"{numbers['share'].iloc[2]:.0%} of checkouts are paid"
    if lost_before + lost_after:
        worst = "before the shopper gives an e-mail address" if lost_before > lost_after else "at the payment"
        title += f"; most are lost {worst}"
    return Insight(Question.funnel_steps, title, "Checkout sessions that got as far as each step", numbers)


def product_funnel(run: RunQuery) -> Insight:
    """Answer of which products the largest and the smallest share gets paid, by name and over all time."""
    numbers = run(
        """
        WITH names AS (SELECT product, any_value(name) AS name FROM order_items GROUP BY product)
        SELECT coalesce(name, product) AS product, sum(sessions)::BIGINT AS sessions,
               sum(paid) / sum(sessions) AS "paid",
               sum(dropped_before_payment) / sum(sessions) AS "left at the payment",
               sum(dropped_before_pending) / sum(sessions) AS "left before"
        FROM checkout_funnel LEFT JOIN names USING (product) WHERE product IS NOT NULL
        GROUP BY ALL ORDER BY sessions DESC LIMIT 12
        """,
        {},
    )
    title = "Nothing has been taken to the checkout yet"
    if len(numbers):
        best, worst = (numbers.iloc[int(at)] for at in (numbers["paid"].argmax(), numbers["paid"].argmin()))
        title = f"Whatever the product, {best['paid']:.0%} are paid"
        if best["paid"] > worst["paid"]:
            title = (
                f"Between {worst['paid']:.0%} ({worst['product']}) and {best['paid']:.0%} ({best['product']}) are paid"
            )
    subtitle = "The products that were taken to the checkout most often, by how it ended"
    return Insight(Question.product_funnel, title, subtitle, numbers)


def time_to_pay(run: RunQuery, days: int, today: date | None = None) -> Insight:
    """Answer how long those take who pay, in steps that a person knows.

    Args:
        run: runs a query.
        days: how long the period is in which they paid.
        today: its last day; the current one unless given.
    """
    tests = " ".join(f"WHEN seconds < {limit} THEN '{label}'" for limit, label in BUCKETS.items())
    numbers = run(
        f"""
        SELECT CASE {tests} WHEN seconds < 86400 THEN '{LONG_BUCKETS[0]}' ELSE '{LONG_BUCKETS[1]}' END AS taken,
               count(*) AS orders, count(*) / sum(count(*)) OVER () AS share, min(seconds) AS least
        FROM time_to_pay WHERE paid_at >= $start GROUP BY ALL ORDER BY least
        """,
        {"start": since(run, days, today)},
    )
    median = run(
        "SELECT median(seconds) AS half FROM time_to_pay WHERE paid_at >= $start", {"start": since(run, days, today)}
    )
    title = "Nothing in this period."
    if len(numbers):
        title = f"Half of the shoppers have paid within {time_span(float(median['half'].iloc[0]))}"
    numbers = numbers[["taken", "orders", "share"]]
    return Insight(Question.time_to_pay, title, "Bank debits are the ones that take days.", numbers)


def time_to_pay_histogram(run: RunQuery) -> Insight:
    """Answer how long those take who pay, over all time; each bar of it is 1.4 times as long as the one before."""
    numbers = run(
        """
        SELECT least(floor(log2(greatest(seconds, 1)) * 2), 40) AS bin, 2 ** (bin / 2) AS "start",
               2 ** ((bin + 1) / 2) AS "end", count(*) AS orders, count(*) / sum(count(*)) OVER () AS share,
               (SELECT median(seconds) FROM time_to_pay) AS median,
               (SELECT quantile_cont(seconds, 0.9) FROM time_to_pay) AS slowest_tenth
        FROM time_to_pay GROUP BY ALL ORDER BY bin
        """,
        {},
    )
    title = "Nobody has paid yet"
    if len(numbers):
        median, slow = (time_span(float(numbers[name].iloc[0])) for name in ("median", "slowest_tenth"))
        title = f"Half of the shoppers have paid within {median}, nine in ten within {slow}"
    subtitle = "From the pending order to the money; what takes days is a bank debit"
    return Insight(Question.time_to_pay_histogram, title, subtitle, numbers)


def outcomes(run: RunQuery, days: int, today: date | None = None) -> Insight:
    """Answer how the orders of a period stand now.

    Args:
        run: runs a query.
        days: how long the period is in which the orders were made.
        today: its last day; the current one unless given.
    """
    numbers = run(
        """
        SELECT status::VARCHAR AS status, sum(orders)::BIGINT AS orders
        FROM payment_outcomes WHERE day >= $start::DATE GROUP BY ALL ORDER BY orders DESC
        """,
        {"start": since(run, days, today)},
    )
    count = dict(zip(numbers["status"], map(int, numbers["orders"]), strict=True))
    declined = count.pop("declined", 0)  # these count a second time by their status
    total = sum(count.values())
    title = "Nothing in this period."
    if total:
        good = count.get("paid", 0) + count.get("refunded", 0)
        title = f"{good / total:.0%} of orders were paid, and {declined / total:.1%} saw a card declined on the way"
    return Insight(
        question=Question.outcomes,
        title=title,
        subtitle=f"{total:,} order{'s' if total != 1 else ''} by where they stand now; those that saw a decline once more.",
        numbers=numbers.assign(share=numbers["orders"] / max(total, 1)),
    )


def declines(run: RunQuery) -> Insight:
    """Answer why cards are declined, and who pays after all."""
    numbers = run(
        """
        WITH declined AS (
            SELECT stripe_checkout_session_id AS id,
                   replace(coalesce(last(detail->>'decline_code' ORDER BY seq), 'not said'), '_', ' ') AS reason
            FROM order_events WHERE kind = 'payment_declined' GROUP BY ALL)
        SELECT reason, if(paid_at IS NULL, 'never paid', 'paid after all') AS outcome, count(*) AS orders
        FROM declined JOIN orders ON declined.id = stripe_checkout_session_id GROUP BY ALL ORDER BY orders DESC, reason, outcome
        """,
        {},
    )
    total = int(numbers["orders"].sum())
    rescued = int(numbers.loc[numbers["outcome"] == "paid after all", "orders"].sum())
    title = f"{rescued / max(total, 1):.0%} of {total:,} shoppers whose card was declined paid after all"
    return Insight(
        question=Question.declines,
        title=title if total else "No card has been declined yet",
        subtitle="Orders that saw a decline, by the bank's last reason",
        numbers=numbers,
    )


def abandoned(run: RunQuery, currency: str, days: int, today: date | None = None) -> Insight:
    """Answer what was left behind in a period.

    Args:
        run: runs a query.
        currency: of which orders, in lower case.
        days: how long the period is in which the orders were made.
        today: its last day; the current one unless given.
    """
    step = step_of(days)
    numbers = run(
        """
        SELECT date_trunc($step, local_time(created_at))::DATE AS period, count(*) AS orders, sum(amount_total)::BIGINT AS amount
        FROM abandoned WHERE currency = $currency AND created_at >= $start GROUP BY ALL ORDER BY period
        """,
        {"step": step, "currency": currency, "start": since(run, days, today)},
    )
    amount, orders = int(numbers["amount"].sum()), int(numbers["orders"].sum())
    title = f"{format_amount(amount, currency)} was left behind in {orders:,} checkouts"
    return Insight(
        question=Question.abandoned,
        title=title if orders else "Nothing was left behind in this period.",
        subtitle="Orders that were noted and never paid. The notebooks have their e-mail addresses, in the view abandoned.",
        numbers=in_major_units(numbers, currency, amount="Left behind"),
        currency=currency,
        step=step,
    )
