"""The door: what the operator's page and scanners are told, and the list for when there is no network. All values are JSON's."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..domain.errors import CheckoutError, InvalidInput
from ..domain.tickets import DoorAnswer, Ticket, read_code
from . import portal
from .checkout import AsyncCheckout

DIGEST_LENGTH = 32
ELSEWHERE = "elsewhere"
"""What is said of a ticket for another showing, which stays valid."""


class Door:
    """A door of one shop.

    Args:
        checkout: the shop's.
        product: whose showing people are let in to; a ticket of another is not redeemed. None: all.
        locale: how days and hours are written.
    """

    def __init__(self, checkout: AsyncCheckout, product: str | None = None, locale: str = "en_US") -> None:
        self._checkout = checkout
        self._product = product
        self._locale = locale

    async def answer(self, text: str, key: str) -> dict[str, Any]:
        """Return the answer to a scan, or to what somebody has typed: a code shows its tickets and redeems none.

        Args:
            text: what was read.
            key: names this scan.
        """
        if read_code(text):
            tickets = await self.find(text)
            if not tickets:
                return {"key": key, "admission": "unknown", "text": "No order has this code, or it has no tickets."}
            return {"key": key, "found": [{**self.shown(ticket), "token": ticket.token} for ticket in tickets]}
        return {"key": key, **await self.redeem(text, key=key, product=self._product)}

    async def find(self, text: str) -> list[Ticket]:
        """Return the tickets of which a text is the token or the code, as they are; nothing is redeemed."""
        if read_code(text):
            return await self._checkout.tickets.find(text)
        answer = await self._checkout.check_ticket(text)
        return [answer.ticket] if answer.ticket else []

    async def redeem(
        self, text: str, *, key: str, product: str | None = None, at: datetime | None = None
    ) -> dict[str, Any]:
        """Redeem a ticket, and return the answer: of all who ask at the same time, one is told `valid`.

        Args:
            text: its token, or the code of its order.
            key: names this scan: asking again under it gives the same answer.
            product: what it must be for; a ticket for another is `elsewhere`, and stays valid. None: whatever it is for.
            at: when the people went in, where that was before now.

        Raises:
            InvalidInput: the key cannot be used, or a code has several tickets and no product says which.
        """
        if read_code(text):
            tickets = [each for each in await self.find(text) if product in (None, each.product)]
            if len(tickets) > 1:
                raise InvalidInput("This order has several tickets. Say for which product.", field="product")
            token = tickets[0].token if tickets else ""
        else:
            token = text
            answer = await self._checkout.check_ticket(token) if product is not None else None
            if answer is not None and answer.ticket is not None and answer.ticket.product != product:
                return {**self.shown(answer.ticket), "admission": ELSEWHERE}
        return self._said(await self._checkout.redeem_ticket(token, key=key, at=at))

    async def hand_in(self, sent: Sequence[object]) -> list[dict[str, Any]]:
        """Redeem what was let in without a network, and return the answers. What cannot be redeemed now stays where it is.

        Args:
            sent: what was kept: `key`, `at`, and `text` of the ticket, or `code` and `product`.
        """
        answers = []
        for each in sent:
            if not isinstance(each, dict) or not isinstance(key := each.get("key"), str):
                continue
            try:
                answers.append({"code": str(each.get("code", "")), **await self._handed_in(each, key), "key": key})
            except (InvalidInput, ValueError):  # never, however often it is handed in
                answers.append({"code": str(each.get("code", "")), "admission": "unknown", "key": key})
            except CheckoutError:
                continue
        return answers

    async def _handed_in(self, sent: Mapping[str, Any], key: str) -> dict[str, Any]:
        at = datetime.fromisoformat(str(sent.get("at")))
        at_known = at if at.tzinfo else None
        if isinstance(text := sent.get("text"), str):
            return await self.redeem(text, key=key, at=at_known)
        return await self.redeem(str(sent.get("code", "")), key=key, product=str(sent.get("product", "")), at=at_known)

    async def offline_list(self) -> dict[str, Any]:
        """Return the tickets that may be let in, without names, addresses or anything to make a ticket of.

        A row for each, because a browser keeps 5 MB: digest, code, product, how many it admits, when it was redeemed.
        """
        tickets = [ticket for ticket in await self._checkout.tickets.list_of() if ticket.admits_now]
        products = {ticket.product: (ticket.name, self._when(ticket)) for ticket in tickets}
        rows = [[_digest(each), each.code, each.product, each.admits, _moment(each.redeemed_at)] for each in tickets]
        made = self._checkout.clock().isoformat()
        return {"made": made, "product": self._product, "products": products, "tickets": rows}

    def shown(self, ticket: Ticket) -> dict[str, Any]:
        """Return what may be shown of a ticket: no person, and no token."""
        return {
            "digest": _digest(ticket),
            "code": ticket.code,
            "product": ticket.product,
            "name": ticket.name,
            "when": self._when(ticket),
            "admits": ticket.admits,
            "admission": ticket.admission.value,
            "redeemed_at": _moment(ticket.redeemed_at),
        }

    def _said(self, answer: DoorAnswer) -> dict[str, Any]:
        shown = {} if answer.ticket is None else self.shown(answer.ticket)
        return {**shown, "admission": answer.admission.value, "redeemed_at": _moment(answer.redeemed_at)}

    def _when(self, ticket: Ticket) -> str:
        return ticket.showing.short(self._locale) if ticket.showing else ""


class BlockingDoor:
    """The door for programs that block. Its methods run those of `Door` of that name, and wait.

    Args:
        door: the door.
    """

    def __init__(self, door: Door) -> None:
        self._door = door

    def answer(self, text: str, key: str) -> dict[str, Any]:
        """Return the answer to a scan, or to what somebody has typed."""
        return portal.run(self._door.answer(text, key))

    def hand_in(self, sent: Sequence[object]) -> list[dict[str, Any]]:
        """Redeem what was let in without a network, and return the answers."""
        return portal.run(self._door.hand_in(sent))

    def offline_list(self) -> dict[str, Any]:
        """Return the tickets that may be let in."""
        return portal.run(self._door.offline_list())


def _digest(ticket: Ticket) -> str:
    return hashlib.sha256(ticket.token.encode()).hexdigest()[:DIGEST_LENGTH]


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
