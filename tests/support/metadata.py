"""Values that an application may keep on an order: one of each kind that JSON has."""

from collections.abc import Sequence

from checkout_core.domain.metadata import JsonValue

VALUES: Sequence[JsonValue] = (
    "text",
    "7",
    "true",
    "null",
    '{"a": 1}',
    "",
    "Ürümqi 🎟",
    7,
    -1,
    2**53 - 1,
    1.5,
    1e-300,
    True,
    False,
    None,
    [],
    {},
    ["F", 7, None, [True]],
    {"row": "F", "seats": [7, 8], "deep": {"deeper": {"x": 0.5}}},
)
