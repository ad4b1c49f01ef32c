"""The application: what it had before, and the routes of its checkout."""

from collections.abc import Sequence

from fastapi import FastAPI
from sqlmodel import select

from . import checkout
from .database import DB
from .models import Booking, Ticket
from .users import CurrentUser

app = FastAPI(title="Tickets", lifespan=checkout.checkout_lifespan)
app.include_router(checkout.routes)


@app.get("/tickets")
def list_tickets(db: DB) -> Sequence[Ticket]:
    """List what is sold."""
    return db.exec(select(Ticket)).all()


@app.get("/bookings")
def list_bookings(db: DB, user: CurrentUser) -> Sequence[Booking]:
    """List what a user has."""
    return db.exec(select(Booking).where(Booking.user_id == user.id)).all()
