"""Stripe's resources: for each one its routes, and how its objects are made, changed and shown."""
