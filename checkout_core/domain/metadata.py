"""Metadata of an application: JSON values on orders, and the texts that Stripe keeps of them. Pure.

Stripe keeps texts only. A value that is no text is kept as JSON text, and the keys of these are listed beside them, so
that `"7"` and `7` are told apart when an order is made of the payment alone.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import JsonValue

from .errors import InvalidInput

__all__ = [
    "JSON_KEYS",
    "MAX_ENTRIES",
    "MAX_KEY_LENGTH",
    "MAX_VALUE_LENGTH",
    "JsonValue",
    "copied_metadata",
    "in_parts",
    "joined_parts",
    "json_entry",
    "metadata_from_stripe",
    "metadata_to_stripe",
]

MAX_ENTRIES = 20
"""Entries of an application; Stripe takes 50, and some are ours (https://docs.stripe.com/metadata)."""
MAX_KEY_LENGTH = 40
MAX_VALUE_LENGTH = 500
"""Of a text, or of a value's JSON text: as much as Stripe keeps."""
MAX_NUMBER = 2**53 - 1
"""The largest number that every reader of JSON reads exactly (https://www.rfc-editor.org/rfc/rfc8259#section-6)."""
MAX_DEPTH = 100
"""Lists and objects within each other; a value that holds itself has no end."""
JSON_KEYS = "checkout_json"
"""The key at Stripe that lists the keys whose values are JSON text."""

_NO_DATABASE_KEEPS = re.compile("[\x00\ud800-\udfff]")


def json_entry(key: str, value: object) -> JsonValue:
    """Return a value as JSON has it: tuples become lists, and what it holds is copied.

    Raises:
        InvalidInput: it is no JSON value, or longer than Stripe keeps.
    """
    copied = _json(key, value)
    if len(copied if isinstance(copied, str) else _text(copied)) > MAX_VALUE_LENGTH:
        raise InvalidInput(
            f"Metadata can have values of {MAX_VALUE_LENGTH} characters. Shorten {key[:MAX_KEY_LENGTH]!r}, or keep it "
            "in a table of your own.",
            field="metadata",
        )
    return copied


def metadata_to_stripe(metadata: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return metadata as Stripe keeps it."""
    listed = sorted(key for key, value in metadata.items() if not isinstance(value, str) or not value)
    texts = {key: _text(value) if key in listed else cast("str", value) for key, value in metadata.items()}
    return {**texts, **in_parts(JSON_KEYS, listed)} if listed else texts


def metadata_from_stripe(metadata: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return what `metadata_to_stripe` was given; a text that somebody has edited at Stripe stays a text."""
    read: dict[str, JsonValue] = dict(metadata)
    listed = joined_parts(JSON_KEYS, metadata)
    for key in listed if isinstance(listed, list) else ():
        try:
            read[key] = json.loads(metadata[key])
        except (KeyError, TypeError, ValueError):
            continue
    return read


def copied_metadata(metadata: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return metadata that shares nothing that a caller could change."""
    return {
        key: json.loads(_text(value)) if isinstance(value, list | dict) else value for key, value in metadata.items()
    }


def in_parts(key: str, values: Iterable[JsonValue]) -> dict[str, str]:
    """Return a list as JSON in parts that fit at Stripe, under `key`, `key_1` …"""
    text = _text(list(values))
    starts = range(0, len(text), MAX_VALUE_LENGTH)
    parts = [text[start : start + MAX_VALUE_LENGTH] for start in starts]
    return {key if number == 0 else f"{key}_{number}": part for number, part in enumerate(parts)}


def joined_parts(key: str, metadata: Mapping[str, str]) -> Any:
    """Return the JSON value that is in parts under `key`; an empty list where there is none, or somebody edited it."""
    if not metadata.get(key):
        return []
    parts = [metadata[key]]
    while (part := metadata.get(f"{key}_{len(parts)}")) is not None:
        parts.append(part)
    try:
        return json.loads("".join(parts))
    except ValueError:
        return []


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json(key: str, value: object, depth: int = 0) -> JsonValue:
    if depth > MAX_DEPTH:
        raise _refused(key, f"is nested more than {MAX_DEPTH} deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if _NO_DATABASE_KEEPS.search(value):
            raise _refused(key, "holds characters that no database keeps")
        return str(value)
    if isinstance(value, int | float):
        if not abs(value) <= MAX_NUMBER:  # a NaN is neither less nor more
            raise _refused(key, f"is a number beyond {MAX_NUMBER}, or none. Write it as text")
        return value
    if isinstance(value, Mapping):
        return {_name(key, name): _json(key, part, depth + 1) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_json(key, part, depth + 1) for part in value]
    raise _refused(key, f"is a {type(value).__name__}, which is no JSON value. Write it as text")


def _name(key: str, name: object) -> str:
    if not isinstance(name, str):
        raise _refused(key, f"has the key {name!r}, which is no text")
    return str(_json(key, name))


def _refused(key: str, fault: str) -> InvalidInput:
    return InvalidInput(f"The metadata {key[:MAX_KEY_LENGTH]!r} {fault}.", field="metadata")
