"""Sessions that another program on the account makes, with Stripe's own library."""

from typing import Any, cast

import stripe
from stripe.params.checkout import SessionCreateParams

from checkout_core import Checkout


def stripe_of(checkout: Checkout) -> stripe.StripeClient:
    """Return a client of the checkout's Stripe account."""
    settings = checkout.settings
    return stripe.StripeClient(
        settings.stripe_secret_key.get_secret_value(), base_addresses={"api": settings.stripe_api_base}
    )


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
