"""The panel's pieces of HTML."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from checkout_core.domain.customer import masked_email
from checkout_core.domain.events import OrderEvent, Tone
from checkout_core.domain.orders import Order
from checkout_core.gateway.call_log import StripeCall
from storefront import markup as pieces
from storefront.operator import labels
from storefront.rendering import line, render

from .objects import Exchange
from .sequence import Arrow, Party
from .stage import Said
from .steps import LATER, TimelineEntry


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
    return render("backstage/step.html", sign="✓" if done else sign(number), title=title, note=note, done=done)


def sign(number: int) -> str:
    """Return what stands for a step that is not done."""
    return str(number) if number < LATER else "…"


def said(what: Said) -> str:
    """Return what came of the last action."""
    if what.is_problem:
        return pieces.problem(what.text)
    return line('<p class="said" role="status">{}</p>', what.text)


def status(order: Order | None, history: Sequence[OrderEvent], session_id: str | None) -> str:
    """Return in one line where a checkout is now.

    Args:
        order: its order, if there is one.
        history: its events, oldest first.
        session_id: the checkout; None: there is none.
    """
    last = history[-1] if history else None
    name = labels.STATUS[order.status] if order else "No order yet" if session_id else "No checkout yet"
    tone = labels.status_tone(order.status) if order else Tone.plain
    note = f"{last.kind.label}, by {labels.SOURCES[last.source]}" if last else ""
    time = _clock(last.at) if last else ""
    return render("backstage/status.html", name=name, tone=tone, note=note, time=time, session_id=session_id)


def diagram(arrows: Iterable[Arrow]) -> str:
    """Return the sequence diagram: a list that reads as sentences, drawn as arrows."""
    return render("backstage/diagram.html", parties=list(Party), arrows=list(arrows))


def exchange(of: Exchange) -> str:
    """Return a request and its answer, or a webhook, with what changed first."""
    changed = [(path, _cell(before) or "null", _cell(now) or "null") for path, before, now in of.changed]
    body = json.dumps(of.body, indent=2, ensure_ascii=False)
    is_webhook = of.title.startswith("webhook ")
    return render("backstage/exchange.html", changed=changed, sent=of.sent, body=body, is_webhook=is_webhook)


def title_of(of: Exchange) -> str:
    """Return how an exchange is called in a list."""
    return f"{_clock(of.at)} {of.title}"


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
