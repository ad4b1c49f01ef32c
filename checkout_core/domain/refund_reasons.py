"""Why an operator refunds, and why a refund was not made: Stripe's codes in an operator's words."""

from collections.abc import Mapping
from enum import StrEnum


class RefundReason(StrEnum):
    """Why an operator refunds, as Stripe takes it (https://docs.stripe.com/api/refunds/create#create_refund-reason)."""

    duplicate = "duplicate"
    fraudulent = "fraudulent"
    requested_by_customer = "requested_by_customer"


NOTHING_PAID = "nothing_paid"
"""Our own code of an order of 0.00: Stripe has no payment of it."""

REFUSED: Mapping[str, str] = {
    "amount_too_large": "This is more than what is left of the payment.",
    "amount_too_small": "This is less than the smallest amount that Stripe refunds in this currency.",
    "balance_insufficient": (
        "The Stripe balance is too low for this refund. Add funds in the Stripe dashboard, then refund again."
    ),
    "charge_already_refunded": "This payment has been refunded already.",
    "charge_disputed": "This payment is disputed: answer the dispute.",
    "charge_exceeds_source_limit": "Stripe refuses this payment method for now: its weekly limit is reached.",
    "charge_exceeds_transaction_limit": "This is more than the payment method moves in one transaction.",
    "charge_expired_for_capture": "This payment was never captured, so there is nothing to refund.",
    "charge_not_refundable": "Stripe says that this payment cannot be refunded.",
    "insufficient_funds": "The Stripe balance was too low for this refund. Add funds, then refund again.",
    "invalid_charge_amount": "Stripe does not take this amount.",
    "payment_intent_unexpected_state": "This payment has not succeeded, so there is nothing to refund.",
    "refund_disputed_payment": "This payment is disputed: answer the dispute.",
    "resource_missing": (
        "Stripe does not know this payment. It may be demo data, or belong to another Stripe account."
    ),
    NOTHING_PAID: "Nothing was paid for this order, so there is nothing to refund.",
}
"""Why Stripe refuses to refund, by its error code (https://docs.stripe.com/error-codes)."""

FAILED: Mapping[str, str] = {
    "charge_for_pending_refund_disputed": (
        "The shopper disputed the payment while the refund was on its way: answer the dispute."
    ),
    "declined": "The shopper's bank declined the refund.",
    "expired_or_canceled_card": "The shopper's card has expired or was canceled: pay the money back in another way.",
    "insufficient_funds": "The Stripe balance was too low for this refund. Add funds, then refund again.",
    "lost_or_stolen_card": "The shopper's card was lost or stolen: pay the money back in another way.",
    "merchant_request": "The refund was canceled because the shop asked for it.",
    "unknown": "The shopper's bank sent the refund back and did not say why.",
}
"""Why a refund came back, by Stripe's `failure_reason` (https://docs.stripe.com/refunds#failed-refunds)."""


def reason_in_words(code: str | None) -> str:
    """Return the sentence for a code of Stripe's; of a code that is not known here it names the code."""
    if code is None:
        return "Stripe did not say why."
    return REFUSED.get(code) or FAILED.get(code) or f"Stripe's reason is “{code}”."
