"""The orders as SQLModel tables, for comparison."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime
from sqlmodel import Field, SQLModel


def _moment(nullable: bool = False) -> Any:
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=nullable)


class OrderRow(SQLModel, table=True):
    """An order."""

    __tablename__ = "orders"

    id: str = Field(index=True)
    shop: str
    stripe_checkout_session_id: str = Field(primary_key=True)
    stripe_payment_intent_id: str | None = None
    status: str
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    items: str
    currency: str
    amount_total: int
    amount_refunded: int
    amount_subtotal: int | None = None
    amount_discount: int | None = None
    amount_shipping: int | None = None
    amount_tax: int | None = None
    amount_disputed: int | None = None
    dispute_status: str | None = None
    dispute_evidence_due_at: datetime | None = _moment(nullable=True)
    amount_fee: int | None = None
    amount_net: int | None = None
    balance_currency: str | None = None
    payment_method_type: str | None = None
    payment_method_brand: str | None = None
    payment_method_last4: str | None = None
    payment_method_country: str | None = None
    oversold: str | None = None
    # `metadata` is taken by SQLModel
    created_at: datetime = _moment()
    updated_at: datetime = _moment()
    paid_at: datetime | None = _moment(nullable=True)
    version: int


class EventRow(SQLModel, table=True):
    """An event."""

    __tablename__ = "order_events"

    id: str = Field(primary_key=True)
    order_id: str | None = Field(index=True)
    stripe_checkout_session_id: str = Field(index=True)
    kind: str
    source: str
    stripe_event_id: str | None = None
    at: datetime = _moment()
    detail: dict[str, Any] = Field(sa_column=Column(JSON))
