"""The panel's pieces of HTML. Everything goes through `escape`."""

import json
from collections.abc import Iterable
from datetime import datetime
from html import escape

from checkout_core.domain.orders import Order, OrderEvent
from checkout_core.gateway.call_log import StripeCall
from checkout_core.services.checkout import masked_email
from storefront.operator import words

from .steps import Moment


def moments(of: Iterable[Moment]) -> str:
    """What happened in one step: calls with their time, events with their source."""
    rows = "".join(_call(one.what) if isinstance(one.what, StripeCall) else _event(one.what) for one in of)
    return f'<ul class="moments">{rows}</ul>'


def _call(call: StripeCall) -> str:
    good = call.outcome == "ok"
    outcome = "" if good else f" {escape(call.outcome)}"
    return (
        f'<li class="call{"" if good else " bad"}"><code>{escape(call.name)}</code>'
        f"<b>{call.seconds * 1000:,.0f} ms{outcome}</b>{_clock(call.started_at)}</li>"
    )


def _event(event: OrderEvent) -> str:
    return (
        f'<li class="event {words.tone(event.kind)}"><span>{escape(words.event(event.kind))}</span>'
        f"<b>by {escape(words.SOURCES[event.source])}</b>{_clock(event.at)}</li>"
    )


def _clock(at: datetime) -> str:
    return f"<time>{at:%H:%M:%S}.{at.microsecond // 1000:03}</time>"


def heading(number: int, title: str, note: str, *, done: bool) -> str:
    """A step's number and name."""
    sign = "✓" if done else str(number) if number < 5 else "…"
    return (
        f'<h3 class="act{" done" if done else ""}"><span aria-hidden="true">{sign}</span>{escape(title)}'
        f"<small>{escape(note)}</small></h3>"
    )


def row(order: Order) -> str:
    """The order's row. Who holds a session id sees no more of the shopper than on the confirmation page."""
    values = order.model_dump(mode="json")
    values["email"] = masked_email(order.email)
    for hidden in ("name", "phone"):
        values[hidden] = values[hidden] and f"{values[hidden][:1]}•••"
    cells = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{_cell(value)}</td></tr>" for name, value in values.items()
    )
    return f'<table class="the-row"><tbody>{cells}</tbody></table>'


def _cell(value: object) -> str:
    if value is None:
        return '<i class="null">NULL</i>'
    return escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
