"""The API beside a plain FastAPI and SQLModel one and beside a bare route, with a Stripe that answers at once or slowly.

    python -m benchmarks.api [--seconds 5] [--clients 1,40,200,500] [--stripe-ms 0,300] [--commit COMMIT] [--json]

Each service is one uvicorn process on a PostgreSQL database of its own; they take turns, so that a busy machine is unfair
to none. Stripe is a stand-in that gives recorded answers after a delay. `confirmation beside create` is the page of a
settled order while the clients create sessions. With `--commit` the API of that commit takes its turns as well.
"""

SERVICES = ("ours", "sqlmodel", "bare")
"""Ours is `api.main:app`; `services.py` has the others."""

BEFORE = "before"
"""The service of another commit."""

ROUTES = ("create", "pending", "complete", "confirmation", "webhook", "confirmation beside create")
"""What clients ask for."""

OPEN, PAID = "cs_test_open", "cs_test_paid"
"""How the ids of sessions begin that the stand-in calls open, and those that it calls paid."""

SETTLED = f"{PAID}settled"
"""The session of the order that is settled before anything is measured."""

PRODUCT = "enamel-mug"
WEBHOOK_SECRET = "whsec_benchmark"
