"""Metadata of an application: any JSON value, and the texts that Stripe keeps of it."""

import json
from decimal import Decimal

import pytest

from checkout_core.domain.customer import valid_metadata
from checkout_core.domain.errors import InvalidInput
from checkout_core.domain.metadata import (
    MAX_NUMBER,
    JsonValue,
    copied_metadata,
    metadata_from_stripe,
    metadata_to_stripe,
)
from checkout_core.domain.ownership import is_reserved, own_metadata
from tests.support.builders import MARK
from tests.support.metadata import VALUES


def within_itself() -> list[object]:
    """A list that has no end."""
    endless: list[object] = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_any_json_value_is_read_back_equal_from_the_texts_at_stripe(value: JsonValue) -> None:
    metadata = valid_metadata({"value": value, "user": "7", "seats": 7})
    texts = metadata_to_stripe(metadata)
    assert all(isinstance(text, str) and 0 < len(text) <= 500 for text in texts.values())
    assert all(map(is_reserved, texts.keys() - metadata.keys()))
    read = own_metadata({**texts, **MARK.metadata("order_1")})
    assert read == metadata == {"value": value, "user": "7", "seats": 7}
    assert type(read["value"]) is type(value)


def test_texts_are_kept_as_they_are_without_anything_beside_them() -> None:
    assert metadata_to_stripe({"user": "7", "json": '{"a": 1}'}) == {"user": "7", "json": '{"a": 1}'}


def test_twenty_long_keys_of_values_are_listed_in_parts_that_fit() -> None:
    metadata = valid_metadata({f"{number:02}" + "k" * 38: [number] for number in range(20)})
    texts = metadata_to_stripe(metadata)
    assert max(map(len, texts.values())) <= 500
    assert len(texts) <= 22
    assert metadata_from_stripe(texts).items() >= metadata.items()


@pytest.mark.parametrize("edited", ["[", '"a"', "7", '["gone"]', "[7]", "[null]"])
def test_what_somebody_edited_at_stripe_stays_a_text(edited: str) -> None:
    assert own_metadata({"checkout_json": edited, "a": "[1"}) == {"a": "[1"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "number beyond"),
        (float("inf"), "number beyond"),
        (MAX_NUMBER + 1, "number beyond"),
        (10**400, "number beyond"),
        (within_itself(), "nested more than 100 deep"),
        (Decimal("1.5"), "Decimal, which is no JSON value"),
        (b"x", "bytes, which is no JSON value"),
        ({1}, "set, which is no JSON value"),
        (object(), "object, which is no JSON value"),
        ({1: "x"}, "has the key 1"),
        ([{"deep": {"deeper": b"x"}}], "bytes"),
        ("a\x00b", "no database keeps"),
        ("\ud800", "no database keeps"),
        ({"a\x00": 1}, "no database keeps"),
        ("x" * 501, "values of 500 characters"),
        (["x" * 496], ""),
        (["x" * 497], "values of 500 characters"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(value: object, says: str) -> None:
    if not says:
        assert valid_metadata({"seat": value}) == {"seat": value}  # type: ignore[dict-item]
        return
    with pytest.raises(InvalidInput, match=says) as refused:
        valid_metadata({"seat": value})  # type: ignore[dict-item]
    assert "seat" in refused.value.message
    assert refused.value.field == "metadata"


def test_what_a_caller_changes_later_changes_no_metadata() -> None:
    rows: list[JsonValue] = ["F", "G"]
    metadata = valid_metadata({"rows": rows})
    copied = copied_metadata(metadata)
    rows.append("H")
    metadata["rows"] = []
    assert copied == {"rows": ["F", "G"]}
