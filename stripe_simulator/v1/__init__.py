"""Stripe's own paths under `/v1`, a module for each kind of object."""
