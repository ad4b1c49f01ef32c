"""The names of handlers that have run, as metadata of a session at Stripe. Pure."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping

HANDLED = "checkout_handled"
"""The key of the metadata."""
_IS_DIGEST = re.compile(r"#[0-9a-f]{8}")
_MAX_VALUE = 500
"""How long a value of Stripe's metadata may be (https://docs.stripe.com/metadata)."""


def handled_metadata(names: Collection[str]) -> dict[str, str]:
    """Return the names as metadata: JSON, and where that is too long, digests of them."""
    text = json.dumps(sorted(names), ensure_ascii=False, separators=(",", ":"))
    if len(text) > _MAX_VALUE:
        text = json.dumps(sorted(map(_digest, names)), separators=(",", ":"))
    return {HANDLED: text[:_MAX_VALUE]}


def handled_of(metadata: Mapping[str, str]) -> list[str]:
    """Return the names or digests that `handled_metadata` wrote; none where somebody has edited them."""
    try:
        names = json.loads(metadata.get(HANDLED, "[]"))
    except ValueError:
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def was_handled(name: str, handled: Collection[str]) -> bool:
    """Whether a handler is among those that have run, by its name or its digest."""
    return name in handled or _digest(name) in handled


def _digest(name: str) -> str:
    if _IS_DIGEST.fullmatch(name):  # read from a session where the names were too long before
        return name
    return "#" + hashlib.sha256(name.encode()).hexdigest()[:8]
