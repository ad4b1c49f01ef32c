"""The four steps, with the application's own tickets, users and bookings."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from checkout_core import AsyncCheckout, Order, open_async_checkout
from checkout_core.domain.errors import UnknownProduct
from checkout_core.domain.products import PricedItem
from checkout_core.fastapi import checkout_dependency, checkout_router, lifespan

from .database import engine
from .models import Booking, Ticket
from .users import CurrentUser


class Tickets:
    """Prices come from the table of tickets."""

    def price(self, cart: Mapping[str, int], *, context: object = None) -> Sequence[PricedItem]:
        with Session(engine()) as db:
            found = {sku: db.get(Ticket, sku) for sku in cart}
        if unknown := [sku for sku, ticket in found.items() if ticket is None]:
            raise UnknownProduct(f"There is no ticket {unknown[0]}.", field="items")
        return [PricedItem(t.sku, t.title, t.cents, cart[t.sku], "eur") for t in found.values() if t]


def book(order: Order) -> None:
    """Book what was paid, in the application's own table; asked again for the same order, it changes nothing."""
    with Session(engine()) as db:
        for item in order.items:
            user_id = int(str(order.metadata["user"]))
            db.merge(Booking(order_id=order.id, sku=item.product, user_id=user_id, seats=item.quantity))
        db.commit()


checkout_lifespan = lifespan(lambda: open_async_checkout(products=Tickets(), handlers=[book]))
routes = APIRouter()
routes.include_router(checkout_router())


@routes.post("/tickets/{sku}/buy")
async def buy(
    sku: str, user: CurrentUser, checkout: Annotated[AsyncCheckout, Depends(checkout_dependency)]
) -> dict[str, str | None]:
    """Return where the user pays for a ticket."""
    session = await checkout.create_session({sku: 1}, email=user.email, metadata={"user": str(user.id)})
    await checkout.create_pending_order(session.id, email=user.email)
    return {"pay_at": session.url}
