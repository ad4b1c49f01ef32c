"""The table of sales."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create `Sale`."""

    initial = True
    operations = [  # noqa: RUF012
        migrations.CreateModel(
            name="Sale",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("session_id", models.CharField(max_length=100, unique=True)),
                ("amount_total", models.IntegerField()),
                ("is_paid", models.BooleanField(default=False)),
            ],
        )
    ]
