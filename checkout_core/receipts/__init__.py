"""Receipts: the message, its PDF, and the ways to send it."""
