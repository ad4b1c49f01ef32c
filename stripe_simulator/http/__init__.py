"""What every request has in common: keys, parameters, idempotency, faults, lists and expansion."""
