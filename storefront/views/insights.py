"""The operator's insights: the analytics views, each as a finding, a chart and the numbers."""

from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from checkout_core import open_orders
from storefront import markup
from storefront.operator import findings, layout

if TYPE_CHECKING:
    import pandas

FRESH = 30  # seconds for which an answer is kept, so that many lookers ask the store once


@st.cache_data(ttl=FRESH, max_entries=500, show_spinner=False)
def answer(_url: str, key: int, shop: str, query: str, params: dict[str, Any]) -> "pandas.DataFrame":
    """One query on a shop's orders, remembered for a moment; `key` stands for the address, which may hold a password."""
    return open_orders(_url, shop=shop).sql(query, params)


def show(insight: findings.Insight | None, missing: str) -> None:
    """One finding."""
    if insight is None:
        st.html(f'<p class="under">{escape(missing)}</p>')
        return
    st.html(f'<h2 class="finding">{escape(insight.title)}</h2><p class="under">{escape(insight.under)}</p>')
    ink = "#d8ccdb" if st.context.theme.type == "dark" else "#4d3a54"
    drawn = (
        insight.chart.configure(aria=False)
        .configure_axis(labelColor=ink, titleColor=ink)
        .configure_legend(labelColor=ink, titleColor=ink)
    )
    st.altair_chart(drawn, width="stretch", alt=insight.title)
    with st.expander("The numbers"):
        st.dataframe(insight.numbers, hide_index=True, width="stretch")


with layout.page("Insights") as checkout:
    url = checkout.settings.database_url.get_secret_value()

    def ask(query: str, **params: Any) -> "pandas.DataFrame":
        """Through the cache."""
        return answer(url, hash(url), checkout.shop, query, params)

    if not checkout.store.find(limit=1):
        st.html(markup.notice("Nothing sold yet", "The first paid order brings the charts.", mark="✦"))
        st.stop()
    with st.spinner("Asking the orders …"):
        sold = ask("SELECT currency::VARCHAR AS currency FROM revenue_daily GROUP BY ALL ORDER BY sum(orders) DESC")
    currencies = list(sold["currency"])
    if not currencies:
        st.html(markup.notice("Nothing sold yet", "The first paid order brings the charts.", mark="✦"))
        st.stop()
    with st.container(key="insights-filter", horizontal=True):
        days = st.segmented_control(
            "Period",
            list(findings.PERIODS),
            default=30,
            required=True,
            format_func=findings.PERIODS.__getitem__,
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
    nothing = "Nothing in this period."
    with st.spinner("Asking the orders …"):
        show(findings.revenue(ask, currency, days), nothing)
        left, right = st.columns(2, gap="large")
        with left:
            show(findings.funnel(ask, days), nothing)
            show(findings.time_to_pay(ask, days), nothing)
        with right:
            show(findings.outcomes(ask, days), nothing)
            show(findings.abandoned(ask, currency, days), "Nothing was left behind in this period.")
        show(findings.cohorts(ask), "Nobody has come back in a later month yet.")
