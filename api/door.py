"""Routes for scanners at the door, with the operator's password: check a ticket, redeem it once, the list for a bad line.

A redemption is a PUT under a key of the scanner's own: asked again under it, a door whose line broke gets its answer. No
other site can make a browser send one.
"""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from checkout_core.domain.products import MAX_ID_LENGTH
from checkout_core.domain.tickets import Admission
from checkout_core.fastapi.error_codes import error_responses
from checkout_core.services.door import Door
from checkout_core.services.tickets import MAX_KEY_LENGTH

from .operator import OperatorCheckout
from .rates import limited

ScanKey = Annotated[
    str,
    Path(
        max_length=MAX_KEY_LENGTH, description="Names one scan, such as a UUID: under one key one ticket is redeemed."
    ),
]
TicketText = Annotated[str, Field(max_length=500, description="What the QR code says as `ticket`, or an order's code.")]


class CheckRequest(BaseModel):
    """What was read."""

    model_config = ConfigDict(extra="forbid")

    text: TicketText


class RedemptionRequest(BaseModel):
    """What was read, for which product, and when the people went in where that was before now."""

    model_config = ConfigDict(extra="forbid")

    text: TicketText
    product: Annotated[str, Field(max_length=MAX_ID_LENGTH)] | None = None
    at: AwareDatetime | None = None


class DoorTicketResponse(BaseModel):
    """A ticket as the door may see it: no person."""

    code: str
    product: str
    name: str
    when: str
    admits: int
    admission: Admission
    redeemed_at: datetime | None
    digest: str


class CheckResponse(BaseModel):
    """The tickets of which the text is the token or the code, as they are; none: it is unknown."""

    tickets: list[DoorTicketResponse]


class RedemptionResponse(BaseModel):
    """The answer: `valid` means that these people may go in now."""

    admission: Literal["valid", "used", "refunded", "unpaid", "unknown", "elsewhere"]
    redeemed_at: datetime | None = None
    code: str | None = None
    product: str | None = None
    name: str | None = None
    when: str | None = None
    admits: int | None = None
    digest: str | None = None


class ListedProductResponse(BaseModel):
    """What a listed ticket is for."""

    product: str
    name: str
    when: str


class ListedTicketResponse(BaseModel):
    """A ticket that may be let in; `digest` is the first 32 digits of the SHA-256 of its token."""

    digest: str
    code: str
    product: str
    admits: int
    redeemed_at: datetime | None


class DoorListResponse(BaseModel):
    """The tickets that may be let in without a network, as they were when the list was made."""

    made: datetime
    products: list[ListedProductResponse]
    tickets: list[ListedTicketResponse]


door_routes = APIRouter(prefix="/operator/door", tags=["operator"], dependencies=[Depends(limited)])


@door_routes.post("/check", operation_id="checkTicket", responses=error_responses(401, 404, 413, 422, 429, 503))
async def check_ticket(asked: CheckRequest, checkout: OperatorCheckout) -> CheckResponse:
    """Show what the door says of a ticket, or of all of a code, and redeem nothing."""
    door = Door(checkout)
    tickets = [DoorTicketResponse.model_validate(door.shown(each)) for each in await door.find(asked.text)]
    return CheckResponse(tickets=tickets)


@door_routes.put(
    "/redemptions/{key}", operation_id="redeemTicket", responses=error_responses(401, 404, 413, 422, 429, 503)
)
async def redeem_ticket(key: ScanKey, asked: RedemptionRequest, checkout: OperatorCheckout) -> RedemptionResponse:
    """Redeem a ticket: of all who ask at the same time, one is told `valid`. Also what was let in without a network."""
    answer = await Door(checkout).redeem(asked.text, key=key, product=asked.product, at=asked.at)
    return RedemptionResponse.model_validate(answer)


@door_routes.get("/list", operation_id="getDoorList", responses=error_responses(401, 404, 422, 429, 503))
async def show_list(
    checkout: OperatorCheckout,
    product: Annotated[str | None, Query(max_length=MAX_ID_LENGTH, description="Only tickets for this one.")] = None,
) -> DoorListResponse:
    """Show the tickets of all paid orders, without names, addresses or anything to make a ticket of."""
    told = await Door(checkout).offline_list()
    names = ListedTicketResponse.model_fields
    tickets = [dict(zip(names, row, strict=True)) for row in told["tickets"]]
    products = [{"product": id, "name": name, "when": when} for id, (name, when) in told["products"].items()]
    return DoorListResponse(
        made=told["made"],
        products=[ListedProductResponse(**each) for each in products if product in (None, each["product"])],
        tickets=[ListedTicketResponse.model_validate(each) for each in tickets if product in (None, each["product"])],
    )
