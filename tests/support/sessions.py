"""Sessions that another program on the account makes, with Stripe's own library."""

from typing import Any, cast

from stripe.params.checkout import SessionCreateParams

from checkout_core import Checkout

from .shopper import stripe_of


def foreign_session(checkout: Checkout, amount: int = 4900, **params: Any) -> str:
    """Make a session as another program does; return its id.

    Args:
        checkout: whose account it is made on.
        amount: minor units of euros.
        **params: more parameters of the session, or others in place of these.
    """
    line = {"price_data": {"currency": "eur", "unit_amount": amount, "product_data": {"name": "Seat"}}, "quantity": 1}
    asked = {"mode": "payment", "success_url": "http://yoga.test", "line_items": [line], **params}
    return stripe_of(checkout).v1.checkout.sessions.create(cast("SessionCreateParams", asked)).id
