"""The operator's insights: questions of `checkout_core.analytics`, each answered by a title, a chart and the numbers."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from checkout_core import open_orders
from checkout_core.analytics import charts, insights
from storefront import markup
from storefront.operator import layout
from storefront.rendering import line

if TYPE_CHECKING:
    import pandas

FRESH = 30  # seconds for which an answer is kept, so that many lookers ask the store once


@st.cache_data(ttl=FRESH, max_entries=500, show_spinner=False)
def answer(_url: str, key: int, shop: str, timezone: str, query: str, params: Mapping[str, Any]) -> "pandas.DataFrame":
    """Run a query on a shop's orders and remember the answer for a moment.

    Args:
        _url: the database; as it may hold a password, it is not part of what the answer is remembered by.
        key: stands for the database instead.
        shop: whose orders.
        timezone: in which days begin.
        query: DuckDB's SQL, on the views.
        params: its parameters by name.
    """
    return open_orders(_url, shop=shop, timezone=timezone).sql(query, params)


def show(insight: insights.Insight) -> None:
    """Show the answer to one question."""
    if insight.empty:
        st.html(line('<p class="under">{}</p>', insight.title))
        return
    pattern = '<h2 class="finding">{}</h2><p class="under">{}</p>'
    st.html(line(pattern, insight.title, insight.subtitle))
    ink = "#d8ccdb" if st.context.theme.type == "dark" else "#4d3a54"
    drawn = (
        charts.draw_bare(insight)
        .configure(aria=False)  # the title is the description; marks have no roles of their own
        .configure_mark(aria=False)
        .configure_range(heatmap={"scheme": "viridis"})  # can be read on a dark page, too
        .configure_axis(labelColor=ink, titleColor=ink)
        .configure_legend(labelColor=ink, titleColor=ink)
    )
    st.altair_chart(drawn, width="stretch", alt=insight.title)
    with st.expander("The numbers"):
        st.dataframe(insight.numbers, hide_index=True, width="stretch")


with layout.page("Insights") as checkout:
    url = checkout.settings.database_url.get_secret_value()

    run = partial(answer, url, hash(url), checkout.shop, checkout.settings.timezone)

    if not checkout.store.find(limit=1):
        st.html(markup.notice("Nothing sold yet", "The first paid order brings the charts.", mark="✦"))
        st.stop()
    with st.spinner("Asking the orders …"):
        currencies = list(insights.currencies(run)["currency"])
    if not currencies:
        st.html(markup.notice("Nothing sold yet", "The first paid order brings the charts.", mark="✦"))
        st.stop()
    with st.container(key="insights-filter", horizontal=True):
        days = st.segmented_control(
            "Period",
            list(insights.PERIODS),
            default=30,
            required=True,
            format_func=insights.PERIODS.__getitem__,
            key="insights-days",
            persist_state="session",
        )
        currency = currencies[0]
        if len(currencies) > 1:
            currency = st.segmented_control(
                "Currency",
                currencies,
                default=currencies[0],
                required=True,
                format_func=str.upper,
                key="insights-currency",
                persist_state="session",
            )
    with st.spinner("Asking the orders …"):
        show(insights.revenue(run, currency, days))
        left, right = st.columns(2, gap="large")
        with left:
            show(insights.funnel(run, days))
            show(insights.time_to_pay(run, days))
        with right:
            show(insights.outcomes(run, days))
            show(insights.abandoned(run, currency, days))
        show(insights.cohorts(run))
