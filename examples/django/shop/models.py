"""What the shop remembers."""

from django.db import models


class Sale(models.Model):
    """One checkout session, and whether it was paid."""

    session_id = models.CharField(max_length=100, unique=True)
    amount_total = models.IntegerField()
    is_paid = models.BooleanField(default=False)
