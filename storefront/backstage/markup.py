"""The panel's pieces of HTML."""

import json
from collections.abc import Iterable
from datetime import datetime

from checkout_core.domain.customer import masked_email
from checkout_core.domain.orders import Order
from checkout_core.gateway.call_log import StripeCall
from storefront.operator import labels
from storefront.rendering import render

from .steps import TimelineEntry


def timeline(entries: Iterable[TimelineEntry]) -> str:
    """Return what happened in one step: calls with their time, events with their source."""
    return render("backstage/timeline.html", entries=[_entry(entry) for entry in entries])


def _entry(entry: TimelineEntry) -> dict[str, object]:
    what = entry.what
    if isinstance(what, StripeCall):
        return {"call": what, "milliseconds": f"{what.seconds * 1000:,.0f}", "time": _clock(what.started_at)}
    return {"call": None, "event": what, "source": labels.SOURCES[what.source], "time": _clock(what.at)}


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03}"


def heading(number: int, title: str, note: str, *, done: bool) -> str:
    """Return a step's number and name.

    Args:
        number: 1 to 4, or 5 for what comes later.
        title: the step's name.
        note: said below it; may be empty.
        done: whether it has brought what it is for.
    """
    sign = "✓" if done else str(number) if number < 5 else "…"
    return render("backstage/step.html", sign=sign, title=title, note=note, done=done)


def row(order: Order) -> str:
    """Return the order's row. Who holds a session id sees no more of the shopper than on the confirmation page."""
    values = order.model_dump(mode="json")
    values["email"] = masked_email(order.email)
    for hidden in ("name", "phone"):
        values[hidden] = values[hidden] and f"{values[hidden][:1]}•••"
    cells = [(name, _cell(value)) for name, value in values.items()]
    return render("backstage/order_row.html", values=cells)


def _cell(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
