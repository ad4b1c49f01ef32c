"""A Django shop on plain stripe-python."""
