"""Ids as Stripe makes them."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def random_id(prefix: str, length: int = 24) -> str:
    """Return a prefix followed by `length` random letters and digits."""
    bits = secrets.randbits(length * 8)
    return prefix + "".join([_ALPHABET[(bits >> (8 * i) & 255) % 62] for i in range(length)])
