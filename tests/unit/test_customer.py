"""What a shopper enters: the longest that is accepted, and what is refused by name."""

import pytest

from checkout_core.domain.customer import Details, masked_email, valid_details
from checkout_core.domain.errors import InvalidInput

EMAIL = "anna@example.com"
DOMAIN = "@example.com"
MAX_EMAIL_LENGTH = 254
"""https://www.rfc-editor.org/errata/eid1690"""


def details(**fields: object) -> Details:
    given: dict[str, object] = {"email": EMAIL, "name": None, "phone": None, "metadata": None} | fields
    return valid_details(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "a@example.com"},
        {"email": "a" * 64 + DOMAIN},
        {"email": "a" * 64 + "@" + ".".join(["d" * 63] * 3)[: MAX_EMAIL_LENGTH - 64 - 5] + ".com"},
        {"email": "anna@" + "d" * 63 + ".com"},
        {"email": "jörg@example.com"},
        {"email": "анна@почта.рф"},
        {"email": "anna@exämple.de"},
        {"email": "anna@مثال.إختبار"},
        {"name": "x"},
        {"name": "x" * 200},
        {"phone": "1" * 40},
        {"metadata": {}},
        {"metadata": {f"key{number}": "" for number in range(20)}},
        {"metadata": {"k" * 40: "v" * 500}},
    ],
)
def test_the_ends_of_every_range_are_accepted(fields: dict[str, object]) -> None:
    accepted = details(**fields)
    assert {name: getattr(accepted, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"email": ""}, "email", "name@example.com"),
        ({"email": "anna"}, "email", "name@example.com"),
        ({"email": "anna@"}, "email", "name@example.com"),
        ({"email": "@example.com"}, "email", "name@example.com"),
        ({"email": "a b@example.com"}, "email", "name@example.com"),
        ({"email": "a" * 65 + DOMAIN}, "email", "name@example.com"),
        ({"email": "ä" * 33 + DOMAIN}, "email", "name@example.com"),
        ({"email": "a" * 64 + "@" + ".".join(["d" * 63] * 3) + ".com"}, "email", "name@example.com"),
        ({"email": "anna@" + "d" * 64 + ".com"}, "email", "name@example.com"),
        ({"email": "anna@" + "ä" * 60 + ".com"}, "email", "name@example.com"),
        ({"email": "anna@example.com."}, "email", "name@example.com"),
        ({"email": "anna@xn--a.de"}, "email", "name@example.com"),
        ({"email": '"anna b"@example.com'}, "email", "name@example.com"),
        ({"email": "anna@[127.0.0.1]"}, "email", "name@example.com"),
        ({"email": "a" * 10**6 + "@example.com"}, "email", "name@example.com"),
        ({"name": "x" * 201}, "name", "at most 200"),
        ({"name": "x" * 2**20}, "name", "at most 200"),
        ({"phone": "1" * 41}, "phone", "at most 40"),
        ({"metadata": {f"key{number}": "" for number in range(21)}}, "metadata", "at most 20"),
        ({"metadata": {"k" * 41: ""}}, "metadata", "keys of 40"),
        ({"metadata": {"": "v" * 501}}, "metadata", "values of 500"),
    ],
)
def test_what_is_one_too_long_is_refused_by_name(fields: dict[str, object], field: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as refused:
        details(**fields)
    assert refused.value.field == field
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("blank", ["", "   ", "\t\n"])
@pytest.mark.parametrize("field", ["name", "phone"])
def test_blank_text_clears_a_field_and_none_leaves_it(field: str, blank: str) -> None:
    assert details(**{field: blank}).changes({})[field] is None
    assert field not in details(**{field: None}).changes({})


def test_metadata_is_merged() -> None:
    assert details(metadata={"seat": "C1"}).changes({"user": "7", "seat": "B7"})["metadata"] == {
        "user": "7",
        "seat": "C1",
    }
    assert details().changes({"user": "7"})["metadata"] == {"user": "7"}


def test_space_around_text_and_control_characters_are_dropped() -> None:
    assert details(email="  anna@example.com ").email == EMAIL
    assert details(name=" Anna\x00\r\nSmith\x7f ").name == "Anna   Smith"


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        (EMAIL, "a•••@example.com"),
        ("a@example.com", "a•••@example.com"),
        ("a@b@example.com", "a•••@example.com"),
        (None, None),
        ("", None),
        ("anna", None),
    ],
)
def test_an_email_is_masked(email: str | None, masked: str | None) -> None:
    assert masked_email(email) == masked
