"""Stripe, as the domain sees it. No module outside this package imports the SDK.

`stripe_gateway.py` has what can be asked of an account, `client.py` and `transport.py` how it is asked (time-outs,
retries, what is logged), `pace.py` how fast, `errors.py` whose fault a failure is, `sessions.py` what a session is to us.
"""

from .pace import calls_that_can_wait
from .stripe_gateway import StripeGateway
from .transport import CallLimits

__all__ = ["CallLimits", "StripeGateway", "calls_that_can_wait"]
