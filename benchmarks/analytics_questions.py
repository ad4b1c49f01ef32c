"""The question that is asked of each view: in SQL on the view, in SQL by hand on the tables, in pandas."""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import pandas as pd

SESSION = "stripe_checkout_session_id"


class Load(Protocol):
    """How rows get into pandas."""

    def __call__(self, table: str, columns: Sequence[str], where: str = "true") -> pd.DataFrame:
        """Rows of a table with at least these columns, which are those that the question needs."""
        ...


class Question(NamedTuple):
    """One question, asked three ways with the same answer."""

    view: str
    of_view: str
    by_hand: str
    pandas: Callable[[Load], pd.DataFrame]


def _orders(load: Load) -> pd.DataFrame:
    orders = load("orders", ["status", "currency", "amount_total"])
    return orders.groupby(["status", "currency"], observed=True)["amount_total"].agg(["count", "sum"]).reset_index()


def _items(load: Load) -> pd.DataFrame:
    orders = load("orders", ["paid_at", "items"])
    lines = pd.DataFrame(orders.loc[orders["paid_at"].notna(), "items"].explode().tolist())
    lines["total"] = lines["unit_amount"] * lines["quantity"]
    return lines.groupby("product")[["quantity", "total"]].sum().reset_index()


def _events(load: Load) -> pd.DataFrame:
    return load("order_events", ["kind", "source"]).groupby(["kind", "source"]).size().reset_index()


def _funnel(load: Load) -> pd.DataFrame:
    opened = load("order_events", [SESSION, "detail"], "kind = 'session_created'").drop_duplicates(SESSION)
    opened = opened.assign(product=[json.loads(detail).get("products") for detail in opened["detail"]])
    orders = load("orders", ["id", SESSION, "paid_at"])[["id", SESSION, "paid_at"]]
    joined = opened[[SESSION, "product"]].merge(orders, how="left", on=SESSION)
    wanted = joined.explode("product").groupby("product")
    return wanted.agg(sessions=("product", "size"), pending=("id", "count"), paid=("paid_at", "count")).reset_index()


def _revenue(load: Load) -> pd.DataFrame:
    orders = load("orders", [SESSION, "currency", "amount_total", "paid_at"])
    paid = orders[orders["paid_at"].notna()]
    kinds = "kind IN ('refunded', 'partially_refunded', 'refund_failed')"
    back = load("order_events", [SESSION, "kind", "detail"], kinds)
    amount = pd.Series([json.loads(detail)["amount"] for detail in back["detail"]], index=back.index)
    back = back.assign(amount=amount.where(back["kind"] != "refund_failed", -amount))
    back = back.merge(orders[[SESSION, "currency"]], on=SESSION)
    gross, refunds = paid.groupby("currency")["amount_total"].sum(), back.groupby("currency")["amount"].sum()
    return pd.DataFrame({"gross": gross, "refunds": refunds, "net": gross - refunds}).reset_index()


def _time_to_pay(load: Load) -> pd.DataFrame:
    orders = load("orders", ["currency", "created_at", "paid_at"])
    paid = orders[orders["paid_at"].notna()]
    seconds = (paid["paid_at"] - paid["created_at"]).dt.total_seconds()
    by_currency = seconds.groupby(paid["currency"])
    return pd.DataFrame({"half": by_currency.quantile(0.5), "most": by_currency.quantile(0.9)}).reset_index()


def _abandoned(load: Load) -> pd.DataFrame:
    orders = load("orders", ["status", "currency", "amount_total", "created_at"])
    a_day_ago = pd.Timestamp.now("UTC").tz_localize(None) - pd.Timedelta(hours=24)
    left = (orders["status"] == "expired") | ((orders["status"] == "pending") & (orders["created_at"] < a_day_ago))
    return orders[left].groupby("currency")["amount_total"].agg(["count", "sum"]).reset_index()


def _cohorts(load: Load) -> pd.DataFrame:
    orders = load("orders", ["email", "paid_at"])
    paid = orders[orders["paid_at"].notna() & orders["email"].notna()]
    month = paid["paid_at"].dt.year * 12 + paid["paid_at"].dt.month
    active = pd.DataFrame({"shopper": paid["email"].str.lower(), "month": month}).drop_duplicates()
    active["cohort"] = active.groupby("shopper")["month"].transform("min")
    active["since"] = active["month"] - active["cohort"]
    return active.groupby("since").agg(shoppers=("since", "size")).reset_index()


def _outcomes(load: Load) -> pd.DataFrame:
    orders = load("orders", [SESSION, "status", "amount_total"])
    declined = load("order_events", [SESSION], "kind = 'payment_declined'")[SESSION]
    saw = orders[orders[SESSION].isin(declined)].assign(status="declined")
    return pd.concat([orders, saw]).groupby("status")["amount_total"].agg(["count", "sum"]).reset_index()


QUESTIONS = (
    Question(
        "orders",
        "SELECT status, currency, count(*) AS orders, sum(amount_total) AS total FROM orders GROUP BY ALL",
        "SELECT status, currency, count(*) AS orders, sum(amount_total) AS total FROM orders GROUP BY ALL",
        _orders,
    ),
    Question(
        "order_items",
        """SELECT product, sum(quantity) AS quantity, sum(amount_total) AS total
           FROM order_items WHERE paid_at IS NOT NULL GROUP BY ALL""",
        """SELECT item.product, sum(item.quantity) AS quantity, sum(item.unit_amount * item.quantity) AS total
           FROM (SELECT unnest(items) AS item FROM orders WHERE paid_at IS NOT NULL) GROUP BY ALL""",
        _items,
    ),
    Question(
        "order_events",
        "SELECT kind, source, count(*) AS events FROM order_events GROUP BY ALL",
        "SELECT kind, source, count(*) AS events FROM order_events GROUP BY ALL",
        _events,
    ),
    Question(
        "checkout_funnel",
        """SELECT product, sum(sessions) AS sessions, sum(pending) AS pending, sum(paid) AS paid
           FROM checkout_funnel GROUP BY ALL""",
        """WITH opened AS (
               SELECT stripe_checkout_session_id, any_value(detail) AS detail
               FROM order_events WHERE kind = 'session_created' GROUP BY ALL
           )
           SELECT product, count(*) AS sessions, count(id) AS pending, count(paid_at) AS paid
           FROM (
               SELECT unnest(from_json(detail, '{"products": ["VARCHAR"]}').products) AS product, id, paid_at
               FROM opened LEFT JOIN orders USING (stripe_checkout_session_id)
           ) GROUP BY ALL""",
        _funnel,
    ),
    Question(
        "revenue_daily",
        "SELECT currency, sum(gross) AS gross, sum(refunds) AS refunds, sum(net) AS net FROM revenue_daily GROUP BY ALL",
        """WITH paid AS (
               SELECT currency, sum(amount_total) AS gross FROM orders WHERE paid_at IS NOT NULL GROUP BY ALL
           ), back AS (
               SELECT currency, sum((detail->>'amount')::BIGINT * if(kind = 'refund_failed', -1, 1)) AS refunds
               FROM order_events JOIN orders USING (stripe_checkout_session_id)
               WHERE kind IN ('refunded', 'partially_refunded', 'refund_failed') GROUP BY ALL
           )
           SELECT currency, gross, refunds, gross - refunds AS net FROM paid JOIN back USING (currency)""",
        _revenue,
    ),
    Question(
        "time_to_pay",
        """SELECT currency, quantile_cont(seconds, 0.5) AS half, quantile_cont(seconds, 0.9) AS most
           FROM time_to_pay GROUP BY ALL""",
        """SELECT currency, quantile_cont(seconds, 0.5) AS half, quantile_cont(seconds, 0.9) AS most
           FROM (SELECT currency, epoch_us(paid_at - created_at) / 1e6 AS seconds FROM orders WHERE paid_at IS NOT NULL)
           GROUP BY ALL""",
        _time_to_pay,
    ),
    Question(
        "abandoned",
        "SELECT currency, count(*) AS orders, sum(amount_total) AS total FROM abandoned GROUP BY ALL",
        """SELECT currency, count(*) AS orders, sum(amount_total) AS total FROM orders
           WHERE status = 'expired' OR (status = 'pending' AND created_at < now()::TIMESTAMP - INTERVAL 24 HOURS)
           GROUP BY ALL""",
        _abandoned,
    ),
    Question(
        "cohorts",
        "SELECT months_since, sum(shoppers) AS shoppers FROM cohorts GROUP BY ALL",
        """WITH active AS (
               SELECT DISTINCT lower(email) AS shopper, date_trunc('month', paid_at) AS month
               FROM orders WHERE paid_at IS NOT NULL AND email IS NOT NULL
           ), began AS (SELECT shopper, min(month) AS cohort FROM active GROUP BY ALL)
           SELECT date_diff('month', cohort, month) AS months_since, count(*) AS shoppers
           FROM active JOIN began USING (shopper) GROUP BY ALL""",
        _cohorts,
    ),
    Question(
        "payment_outcomes",
        "SELECT status, sum(orders) AS orders, sum(amount_total) AS total FROM payment_outcomes GROUP BY ALL",
        """SELECT status, count(*) AS orders, sum(amount_total) AS total FROM orders GROUP BY ALL
           UNION ALL
           SELECT 'declined', count(*), sum(amount_total) FROM orders WHERE stripe_checkout_session_id IN (
               SELECT stripe_checkout_session_id FROM order_events WHERE kind = 'payment_declined')""",
        _outcomes,
    ),
)
