"""Whose a session is, which products its lines are, and the id of its order."""

from datetime import UTC, datetime

import pytest

from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.orders import new_id
from checkout_core.domain.ownership import (
    Mark,
    is_reserved,
    order_id_of,
    own_metadata,
    products_metadata,
    products_of,
    repeatable_id,
)
from tests.support.builders import MARK, NOW, session

UNMARKED = {"site": "yoga"}


@pytest.mark.parametrize(
    ("said", "owned", "claimable"),
    [
        (session(), True, True),
        (session(metadata={}), False, True),
        (session(metadata=UNMARKED), False, True),
        (session(metadata=Mark("testserver", "books").metadata()), False, False),
        (session(metadata=Mark("elsewhere.test", "default").metadata()), False, False),
        (session(mode="subscription"), False, False),
        (session(mode="setup"), False, False),
        (session(mode="setup", metadata={}), False, False),
    ],
)
def test_only_a_marked_payment_is_ours_and_only_an_unmarked_one_can_be_claimed(
    said: CheckoutSession, owned: bool, claimable: bool
) -> None:
    assert MARK.owns(said) is owned
    assert MARK.may_claim(said) is claimable


@pytest.mark.parametrize(
    "products",
    [
        ["tee"],
        ["tee", "mug", "tee"],
        ['with "quotes"', "a,b", "ключ", "🎟"],
        [f"a-product-with-a-name-of-about-sixty-characters-that-is-long-{number}" for number in range(40)],
    ],
)
def test_product_ids_survive_the_metadata(products: list[str]) -> None:
    written = products_metadata(products)
    assert max(map(len, written.values())) <= 500
    assert len(written) <= 10
    assert all(map(is_reserved, written))
    assert products_of({**written, "user": "7"}) == products


def test_product_ids_of_older_sessions_are_read_and_broken_ones_are_nothing() -> None:
    assert products_of({"product_0": "tee", "product_1": "mug"})[:2] == ["tee", "mug"]
    assert products_of({"checkout_products": '["tee",'}) == [None]
    assert products_of({"checkout_products": '["tee",7]'}) == ["tee", None]
    assert products_of({}) == []


def test_metadata_of_the_application_is_without_ours() -> None:
    ours = {**MARK.metadata("order_1"), **products_metadata(["tee"]), "product_0": "tee"}
    assert own_metadata({**ours, "user": "7", "product_name": "x"}) == {"user": "7", "product_name": "x"}


def test_an_order_made_again_has_the_id_that_its_session_carries() -> None:
    id = new_id("order")
    assert order_id_of(session(metadata=MARK.metadata(id))) == id


@pytest.mark.parametrize("carried", ["", "order_1", "order_" + "z" * 26, "event_01h455vb4pex5vsknk084sn02q"])
def test_a_session_without_a_usable_id_has_one_of_its_own_that_never_changes(carried: str) -> None:
    said = session(metadata={**MARK.metadata(), "checkout_order": carried})
    assert order_id_of(said) == order_id_of(said) == repeatable_id("order", NOW, "cs_test_1")


def test_a_session_that_stripe_made_of_an_expired_one_has_an_id_of_its_own() -> None:
    id = new_id("order")
    assert order_id_of(session(metadata=MARK.metadata(id), recovered=True)) != id


def test_ids_sort_by_time_and_differ_by_seed() -> None:
    moments = [datetime(year, 1, 1, tzinfo=UTC) for year in range(1990, 2100, 10)]
    ids = [repeatable_id("order", moment, "cs_1") for moment in moments]
    assert ids == sorted(ids)
    assert repeatable_id("order", NOW, "cs_1") != repeatable_id("order", NOW, "cs_2")
