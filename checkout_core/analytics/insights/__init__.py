"""Questions that a shop has, each answered with numbers and a title; `charts` draws them.

```python
from checkout_core import open_orders
from checkout_core.analytics import charts, insights

orders = open_orders()
charts.draw(insights.revenue(orders.sql, "eur", days=30))
```

The queries are on the views. Days and hours are those of the orders' time zone; currencies are never added up.
"""

from .base import PERIODS, Insight, Question, RunQuery
from .breakdowns import conversion, dispute_outcomes, dispute_rate, fees, revenue_by
from .checkouts import (
    abandoned,
    declines,
    funnel,
    funnel_steps,
    outcomes,
    product_funnel,
    time_to_pay,
    time_to_pay_histogram,
)
from .customers import cohorts, order_gaps, regulars
from .reconciliation import reconciliation
from .sales import best_sellers, busiest_hours, currencies, refund_share, revenue, weekly_revenue
from .stock import holds, missing_days, stock_course, stock_left

__all__ = [
    "PERIODS",
    "Insight",
    "Question",
    "RunQuery",
    "abandoned",
    "best_sellers",
    "busiest_hours",
    "cohorts",
    "conversion",
    "currencies",
    "declines",
    "dispute_outcomes",
    "dispute_rate",
    "fees",
    "funnel",
    "funnel_steps",
    "holds",
    "missing_days",
    "order_gaps",
    "outcomes",
    "product_funnel",
    "reconciliation",
    "refund_share",
    "regulars",
    "revenue",
    "revenue_by",
    "stock_course",
    "stock_left",
    "time_to_pay",
    "time_to_pay_histogram",
    "weekly_revenue",
]
