"""The tree of errors: its drawing, its codes, its sentences, its HTTP statuses."""

import re

import pytest

from checkout_core.domain import errors
from checkout_core.domain.errors import CheckoutError
from checkout_core.fastapi.error_codes import status_of


def kinds(root: type[CheckoutError] = CheckoutError) -> list[type[CheckoutError]]:
    """Return our classes of errors; other tests have an application's."""
    ours = [child for child in root.__subclasses__() if child.__module__ == errors.__name__]
    return [root, *(kind for child in ours for kind in kinds(child))]


def drawn() -> dict[str, str]:
    """The parent of every error in the drawing, read from how far it is indented."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").split("```")[1].strip().splitlines():
        found = re.search(r"[A-Z]\w+", line)
        assert found is not None, line
        while above and above[-1][0] >= found.start():
            above.pop()
        if above:
            parents[found.group()] = above[-1][1]
        above.append((found.start(), found.group()))
    return parents


def test_the_tree_that_is_drawn_is_the_tree_of_the_classes() -> None:
    assert drawn() == {kind.__name__: kind.__bases__[0].__name__ for kind in kinds() if kind is not CheckoutError}


STATUSES = {
    "CheckoutError": ("checkout_error", 500),
    "InvalidInput": ("invalid_input", 422),
    "UnknownProduct": ("unknown_product", 422),
    "SoldOut": ("sold_out", 409),
    "CapacityTooLow": ("capacity_too_low", 422),
    "HoldNotReleased": ("hold_not_released", 409),
    "QuantityNotAllowed": ("quantity_not_allowed", 422),
    "EmptyCart": ("empty_cart", 422),
    "SessionNotFound": ("session_not_found", 404),
    "SessionNotOpen": ("session_not_open", 400),
    "SessionNotComplete": ("session_not_complete", 400),
    "SessionStillOpen": ("session_not_complete", 400),
    "SessionExpired": ("session_not_complete", 400),
    "ForeignTables": ("foreign_tables", 503),
    "SessionRefused": ("session_refused", 409),
    "ProductSourceError": ("product_source_error", 500),
    "InvalidHandler": ("invalid_handler", 500),
    "SessionAlreadyPaid": ("already_paid", 409),
    "PaymentUnconfirmed": ("payment_unconfirmed", 503),
    "OrderNotFound": ("order_not_found", 404),
    "OrderLinkInvalid": ("order_link_invalid", 404),
    "ReceiptNotSent": ("receipt_not_sent", 409),
    "UnknownShop": ("unknown_shop", 404),
    "RefundNotPossible": ("refund_not_possible", 409),
    "RefundInProgress": ("refund_in_progress", 409),
    "WebhookSignatureInvalid": ("webhook_signature_invalid", 400),
    "Undeliverable": ("undeliverable", 500),
    "StripeError": ("stripe_error", 502),
    "StripeRejected": ("stripe_rejected", 502),
    "PriceMismatch": ("price_mismatch", 502),
    "IdempotencyKeyReused": ("idempotency_key_reused", 409),
    "StripeUnavailable": ("stripe_unavailable", 503),
    "StripeUnavailableAfterPayment": ("stripe_unavailable", 503),
    "RefundUnconfirmed": ("refund_unconfirmed", 503),
    "StoreError": ("store_error", 503),
    "StoreBusy": ("store_busy", 503),
    "StoreUnavailable": ("store_unavailable", 503),
    "SchemaTooNew": ("schema_too_new", 503),
    "ConfigurationError": ("configuration_error", 500),
}
"""Codes and statuses are what other programs rely on, so they are written out once more."""


def test_every_error_has_the_code_and_the_status_that_programs_rely_on() -> None:
    assert {kind.__name__: (kind.code, status_of(kind())) for kind in kinds()} == STATUSES


@pytest.mark.parametrize("kind", kinds())
def test_every_error_says_a_sentence_and_notebooks_show_it_alone(kind: type[CheckoutError]) -> None:
    error = kind()
    assert error.message == str(error) == kind.sentence
    assert error.message[0].isupper()
    assert error._render_traceback_() == [f"{kind.__name__}: {error.message}"]
    assert kind("Another sentence.").message == "Another sentence."


@pytest.mark.parametrize(
    ("kind", "charged"),
    [
        (errors.StripeRejected, "not charged"),
        (errors.StripeUnavailable, "not charged"),
        (errors.StripeUnavailableAfterPayment, "not confirmed yet"),
        (errors.PaymentUnconfirmed, "not confirmed yet"),
        (errors.RefundUnconfirmed, "not known yet"),
    ],
)
def test_not_charged_is_said_only_where_it_is_known(kind: type[CheckoutError], charged: str) -> None:
    assert charged in kind.sentence
    assert ("not charged" in kind.sentence) is (charged == "not charged")
