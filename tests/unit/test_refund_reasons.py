"""Why a refund was not made: a sentence for every code of Stripe's, and the reasons that an operator may give."""

import pytest

from checkout_core.domain.errors import InvalidInput, RefundNotPossible
from checkout_core.domain.refund_reasons import FAILED, REFUSED, RefundReason, reason_in_words
from checkout_core.domain.refunding import valid_reason
from stripe_simulator.resources.refunds import FAILURE_REASONS, REASONS


@pytest.mark.parametrize("code", [*REFUSED, *FAILED])
def test_every_code_has_a_sentence_that_names_no_code(code: str) -> None:
    sentence = RefundNotPossible(reason=code).message
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "_" not in sentence


@pytest.mark.parametrize("code", ["charge_disputed", "refund_disputed_payment"])
def test_a_disputed_payment_says_what_to_do(code: str) -> None:
    assert RefundNotPossible(reason=code).message == "This payment is disputed: answer the dispute."


def test_every_failure_of_stripe_is_in_the_table() -> None:
    assert set(FAILURE_REASONS) == set(FAILED)


def test_a_code_that_is_not_known_is_named() -> None:
    assert reason_in_words("a_new_code") == "Stripe's reason is “a_new_code”."
    assert RefundNotPossible(reason="a_new_code").reason == "a_new_code"
    assert reason_in_words(None) == "Stripe did not say why."


def test_an_operators_reasons_are_stripes() -> None:
    assert [each.value for each in RefundReason] == list(REASONS)
    assert [valid_reason(each) for each in (None, *REASONS)] == [None, *RefundReason]


@pytest.mark.parametrize("reason", ["", "because", "Duplicate"])
def test_another_reason_is_refused_by_name(reason: str) -> None:
    with pytest.raises(InvalidInput, match="duplicate, fraudulent, requested_by_customer") as caught:
        valid_reason(reason)
    assert caught.value.field == "reason"
