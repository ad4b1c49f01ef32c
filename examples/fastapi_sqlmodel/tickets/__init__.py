"""Tickets for concerts: an application with products and users of its own."""
