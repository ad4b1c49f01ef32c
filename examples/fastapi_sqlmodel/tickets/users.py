"""The application's own users."""

from typing import Annotated

from fastapi import Depends, Header, HTTPException
from sqlmodel import select

from .database import DB
from .models import User


def current_user(db: DB, authorization: Annotated[str, Header()] = "") -> User:
    """Return who asks."""
    user = db.exec(select(User).where(User.token == authorization.removeprefix("Bearer "))).first()
    if user is None:
        raise HTTPException(401, {"reason": "no such user"})
    return user


CurrentUser = Annotated[User, Depends(current_user)]
