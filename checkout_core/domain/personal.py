"""What names a person in an order and its history, and how it is blanked. Pure."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email

from .events import Change, Decision, EventKind, OrderEvent, Source
from .orders import Order
from .ownership import is_reserved

BLANK = "(erased)"
"""What stands in the details of events where a person was named."""

_KEPT = frozenset({"recovered"})


def is_of(order: Order, email: str) -> bool:
    """Whether an order has this e-mail address, however it is capitalised and its domain is written."""
    return order.email is not None and _comparable(order.email) == _comparable(email)


def spellings(email: str) -> Sequence[str]:
    """Return an address as it may be written; the last is with the domain as mail servers have it (`xn--…`)."""
    written = email.strip()
    try:
        read = validate_email(written, check_deliverability=False, allow_quoted_local=True, globally_deliverable=False)
    except EmailNotValidError:
        return [written]
    local = read.local_part
    return [written, f"{local}@{read.domain}", f"{local}@{read.ascii_domain}"]


def search_texts(email: str) -> Sequence[str]:
    """Return texts of which every spelling of an address has one, for a search that may know capitals of ASCII only."""
    return list(dict.fromkeys(max(re.findall(r"[!-~]+", text), key=len, default="@") for text in spellings(email)))


def _comparable(email: str) -> str:
    """Return the one form in which two spellings of an address are equal."""
    return unicodedata.normalize("NFC", spellings(email)[-1]).casefold()


def session_digest(session_id: str) -> str:
    """Return what the list of erasures keeps of a session: whether a session is on it can be told, and no more."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def erase_change(now: datetime, source: Source) -> Change:
    """Make the change that blanks who bought, and keeps what was bought and paid.

    Args:
        now: the time to write on the order and the event.
        source: who asks for it.
    """

    def change(order: Order | None) -> Decision:
        if order is None:
            return Decision(None)
        metadata = {key: value for key, value in order.metadata.items() if is_reserved(key) or key in _KEPT}
        if not order.personal and metadata == order.metadata:
            return Decision(order)
        erased = order.evolve(now, email=None, name=None, phone=None, metadata=metadata)
        return Decision(erased, [OrderEvent.of(erased, kind=EventKind.erased, source=source, at=now)])

    return change


def names_of(order: Order) -> list[str]:
    """Return the texts by which the details of events may name the shopper, longest first."""
    addresses = spellings(order.email) if order.email else ()
    texts = {*addresses, order.name, order.phone, *(order.email or "").split("@")[:1]}
    return sorted({text for text in texts if text and len(text) > 2}, key=len, reverse=True)


def blanked(detail: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the detail of an event without these texts, however they are capitalised."""
    return {key: _blanked(value, names) for key, value in detail.items()}


def _blanked(value: Any, names: list[str]) -> Any:
    if isinstance(value, str):
        for name in names:
            value = re.sub(re.escape(name), BLANK, value, flags=re.IGNORECASE)
        return value
    if isinstance(value, Mapping):
        return {key: _blanked(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_blanked(each, names) for each in value]
    return value
