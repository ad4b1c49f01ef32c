"""The application's own database."""

import os
from collections.abc import Iterator
from functools import cache
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, create_engine


@cache
def engine() -> Engine:
    """Return the engine, with all tables made."""
    made = create_engine(os.environ.get("TICKETS_DATABASE", "sqlite:///tickets.sqlite"))
    SQLModel.metadata.create_all(made)
    return made


def session() -> Iterator[Session]:
    """Give a session for one request."""
    with Session(engine()) as opened:
        yield opened


DB = Annotated[Session, Depends(session)]
