"""How long Stripe may take in tests."""

from checkout_core.gateway import CallLimits

QUICK_RETRIES = CallLimits(longest_pause=0.01, rate_limit_pauses=(0.002, 0.002), waiting_per_second=100_000.0)
"""As many tries as ever, with short pauses between them: nothing recovers on loopback by being waited for, nor is
anybody's limit used up there."""
