"""What one would write instead of our API: plain FastAPI and SQLModel, and a route that does nothing."""

import asyncio
import json
import os
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import stripe
from fastapi import FastAPI, Header, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from sqlmodel import Session, SQLModel, create_engine, select

from benchmarks.store.sqlmodel_tables import EventRow, OrderRow

from . import WEBHOOK_SECRET


class Line(BaseModel):
    """A line of a cart."""

    product: str
    quantity: int


class Cart(BaseModel):
    """The body of step 1."""

    items: list[Line]


class Pending(BaseModel):
    """The body of step 2."""

    stripe_checkout_session_id: str
    email: str
    name: str


def plain() -> FastAPI:
    """The four steps and the webhook as a tutorial would write them: the SDK, a session for each request, plain functions."""
    app = FastAPI()
    url = os.environ["CHECKOUT_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, pool_size=8, max_overflow=32)
    SQLModel.metadata.create_all(engine)
    client = stripe.StripeClient(os.environ["STRIPE_SECRET_KEY"], base_addresses={"api": os.environ["STRIPE_API_BASE"]})

    def settled(session_id: str) -> OrderRow:
        found = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["line_items"]})
        with Session(engine, expire_on_commit=False) as session:
            row = session.exec(select(OrderRow).where(OrderRow.stripe_checkout_session_id == session_id)).first()
            row = row or _row(found)
            if row.status != "paid" and found.payment_status == "paid":
                row.status, row.paid_at, row.version = "paid", datetime.now(UTC), row.version + 1
                session.add(_event(row, "paid"))
            session.add(row)
            session.commit()
            return row

    @app.post("/checkout/sessions", status_code=201)
    def create(cart: Cart) -> dict[str, Any]:
        made = client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "ui_mode": "elements",
                "return_url": "http://shop.test/complete?session_id={CHECKOUT_SESSION_ID}",
                "line_items": [
                    {
                        "quantity": line.quantity,
                        "price_data": {"currency": "eur", "unit_amount": 1200, "product_data": {"name": line.product}},
                    }
                    for line in cart.items
                ],
            }
        )
        return {"session_id": made.id, "client_secret": made.client_secret, "amount_total": made.amount_total}

    @app.post("/checkout/pending")
    def pending(body: Pending) -> dict[str, str]:
        found = client.v1.checkout.sessions.retrieve(body.stripe_checkout_session_id, {"expand": ["line_items"]})
        with Session(engine, expire_on_commit=False) as session:
            row = _row(found)
            row.email, row.name = body.email, body.name
            session.add_all([row, _event(row, "pending")])
            session.commit()
            return {"order_id": row.id, "status": row.status}

    @app.get("/checkout/complete")
    def complete(session_id: str) -> RedirectResponse:
        return RedirectResponse(f"/confirmation?session_id={settled(session_id).stripe_checkout_session_id}", 303)

    @app.get("/checkout/confirmation")
    def confirmation(stripe_checkout_session_id: str) -> dict[str, Any]:
        with Session(engine) as session:
            query = select(OrderRow).where(OrderRow.stripe_checkout_session_id == stripe_checkout_session_id)
            row = session.exec(query).first()
            assert row is not None
            return {"order_id": row.id, "status": row.status, "amount_total": row.amount_total}

    @app.post("/stripe/webhook")
    async def webhook(request: Request, stripe_signature: str = Header()) -> dict[str, bool]:
        body = await request.body()
        stripe.Webhook.construct_event(body, stripe_signature, WEBHOOK_SECRET)
        await asyncio.to_thread(settled, json.loads(body)["data"]["object"]["id"])
        return {"received": True}

    return app


def bare() -> FastAPI:
    """What the web framework costs: every route answers at once."""
    app = FastAPI()

    @app.post("/checkout/sessions", status_code=201)
    async def create(cart: Cart) -> dict[str, str]:
        return {"session_id": f"cs_{len(cart.items)}"}

    @app.post("/checkout/pending")
    async def pending(body: Pending) -> dict[str, str]:
        return {"order_id": body.stripe_checkout_session_id}

    @app.get("/checkout/complete")
    async def complete(session_id: str) -> RedirectResponse:
        return RedirectResponse(f"/confirmation?session_id={session_id}", 303)

    @app.get("/checkout/confirmation")
    async def confirmation(stripe_checkout_session_id: str) -> dict[str, str]:
        return {"order_id": stripe_checkout_session_id}

    @app.post("/stripe/webhook")
    async def webhook(request: Request) -> dict[str, int]:
        return {"received": len(await request.body())}

    return app


def _row(found: stripe.checkout.Session) -> OrderRow:
    now = datetime.now(UTC)
    lines = found.line_items.data if found.line_items else []
    return OrderRow(
        id=f"order_{uuid4().hex}",
        shop="default",
        stripe_checkout_session_id=found.id,
        status="pending",
        items=json.dumps([{"name": line.description, "quantity": line.quantity} for line in lines]),
        currency=found.currency or "eur",
        amount_total=found.amount_total or 0,
        amount_refunded=0,
        created_at=now,
        updated_at=now,
        version=1,
    )


def _event(row: OrderRow, kind: str) -> EventRow:
    return EventRow(
        id=f"event_{uuid4().hex}",
        order_id=row.id,
        stripe_checkout_session_id=row.stripe_checkout_session_id,
        kind=kind,
        source="redirect",
        at=datetime.now(UTC),
        detail={},
    )
