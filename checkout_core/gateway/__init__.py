"""Stripe, as the domain sees it. No module outside this package imports the SDK.

`account.py` has what can be asked of an account, `connection.py` how it is asked (time-outs, retries, what is
remembered), `translation.py` whose fault a failure is, `sessions.py` what a session is to us.
"""

from .sessions import CheckoutSession, Dispute
from .stripe_gateway import StripeGateway

__all__ = ["CheckoutSession", "Dispute", "StripeGateway"]
