"""Values that an application may keep on an order: one of each kind that JSON has."""

from collections.abc import Sequence

from checkout_core.domain.metadata import JsonValue
from checkout_core.domain.orders import Order
from checkout_core.domain.ownership import is_reserved

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


def own(order: Order) -> dict[str, JsonValue]:
    """Return what an application has given an order to keep: all but what we write ourselves."""
    return {key: value for key, value in order.metadata.items() if not is_reserved(key)}
