"""The application's own tables."""

from sqlmodel import Field, SQLModel


class User(SQLModel, table=True):
    """Somebody who has an account."""

    id: int | None = Field(default=None, primary_key=True)
    email: str
    token: str = Field(unique=True)


class Ticket(SQLModel, table=True):
    """What is sold. `cents` is its price."""

    sku: str = Field(primary_key=True)
    title: str
    cents: int


class Booking(SQLModel, table=True):
    """A ticket that somebody has."""

    order_id: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    user_id: int = Field(foreign_key="user.id")
    seats: int
