"""What a test pays with, and how that ends, as the number or the bank's page that the simulator knows."""

from typing import NamedTuple

from ..payment_methods import PAYMENT_METHODS
from ..payments import OUTCOMES

DEBIT_OUTCOMES = ("succeeded", "failed")
"""The order of a debit's test numbers."""


class WayToPay(NamedTuple):
    """A test number, or, without one, a method with a page of its own and what happens there."""

    number: str | None
    method: str = ""
    outcome: str = ""


def way_to_pay(card: str | None, method: str | None, outcome: str | None) -> WayToPay:
    """Return how to pay.

    Args:
        card: a test card or test account; None stands for a card that is never declined.
        method: the type of a payment method, instead of `card`.
        outcome: how a payment by `method` ends; None stands for the first of its outcomes.

    Raises:
        ValueError: there is no such method or outcome, or they do not go together.
    """
    if method is None:
        if outcome is not None:
            raise ValueError("`outcome` needs a `method`: the number of a card or account says by itself how it ends.")
        return WayToPay(card or PAYMENT_METHODS["card"].test_numbers[0].number)
    if method not in PAYMENT_METHODS:
        raise ValueError(f"`method` is one of {', '.join(PAYMENT_METHODS)}, not {method!r}.")
    if card is not None:
        raise ValueError("Give either `card` or `method`: the number of a card or account says what it is.")
    found = PAYMENT_METHODS[method]
    outcomes = tuple(OUTCOMES) if found.redirects else DEBIT_OUTCOMES if found.delayed else DEBIT_OUTCOMES[:1]
    chosen = outcomes[0] if outcome is None else outcome
    if chosen not in outcomes:
        wanted = " or ".join(outcomes)
        raise ValueError(f"A payment by {method} is {wanted}, not {chosen!r}; a card's number says how it is declined.")
    if found.redirects:
        return WayToPay(None, method, chosen)
    return WayToPay(found.test_numbers[outcomes.index(chosen)].number)
