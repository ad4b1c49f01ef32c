"""The operator of a shop, as HTTP knows one."""

PASSWORD = "correct horse"
OPERATOR = ("anybody", PASSWORD)
"""Credentials of HTTP Basic: the name does not matter."""
