"""What the door's browser is told: answers, and the list for when there is no network. All values are JSON's."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError, InvalidInput
from checkout_core.domain.tickets import Admission, DoorAnswer, Ticket, read_code

DIGEST_LENGTH = 32


def answered(checkout: Checkout, product: str | None, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a scan, or to what somebody has typed.

    Args:
        checkout: the shop's.
        product: whose showing people are let in to; a ticket of another is not redeemed. None: all.
        asked: `text`, and `key` that names this scan.
    """
    text, key = str(asked.get("text", "")), str(asked.get("key", ""))
    if read_code(text):
        return {"key": key, **found(checkout, text)}
    if product is not None:
        answer = checkout.check_ticket(text)
        if answer.ticket is not None and answer.ticket.product != product:
            return {"key": key, **_shown(answer.ticket), "admission": "elsewhere"}
    return {"key": key, **_answer(checkout.redeem_ticket(text, key=key))}


def found(checkout: Checkout, code: str) -> dict[str, Any]:
    """Return the tickets of the order that a code names; nothing is redeemed yet."""
    tickets = checkout.find_tickets(code)
    if not tickets:
        return {"admission": "unknown", "text": "No order has this code, or it has no tickets."}
    return {"found": [{**_shown(ticket), "token": ticket.token} for ticket in tickets]}


def handed_in(checkout: Checkout, sent: Sequence[object]) -> list[dict[str, Any]]:
    """Redeem what was let in without a network, and return the answers. What cannot be redeemed now stays with the browser.

    Args:
        checkout: the shop's.
        sent: what the browser has kept: `key`, `at`, and `text` of the ticket, or `code` and `product`.
    """
    answers = []
    for each in sent:
        if not isinstance(each, dict) or not isinstance(key := each.get("key"), str):
            continue
        try:
            at = datetime.fromisoformat(str(each.get("at")))
            answer = checkout.redeem_ticket(_token(checkout, each), key=key, at=at if at.tzinfo else None)
        except (InvalidInput, ValueError):  # never, however often it is handed in
            answer = DoorAnswer(Admission.unknown)
        except CheckoutError:
            continue
        answers.append({"code": str(each.get("code", "")), **_answer(answer), "key": key})
    return answers


def list_of(checkout: Checkout, product: str | None) -> dict[str, Any]:
    """Return the tickets that may be let in, without names, addresses or anything to make a ticket of.

    A row for each, because a browser keeps 5 MB: digest, code, product, how many it admits, when it was redeemed.

    Args:
        checkout: the shop's.
        product: of this showing; None: of all.
    """
    tickets = [ticket for ticket in checkout.door_list() if ticket.admits_now]
    products = {ticket.product: (ticket.name, _when(ticket)) for ticket in tickets}
    rows = [[_digest(each), each.code, each.product, each.admits, _moment(each.redeemed_at)] for each in tickets]
    made = checkout.asynchronous.clock().isoformat()
    return {"made": made, "product": product, "products": products, "tickets": rows}


def _token(checkout: Checkout, sent: Mapping[str, Any]) -> str:
    if isinstance(text := sent.get("text"), str):
        return text
    tickets = checkout.find_tickets(str(sent.get("code", "")))
    return next((ticket.token for ticket in tickets if ticket.product == sent.get("product")), "")


def _answer(answer: DoorAnswer) -> dict[str, Any]:
    shown = {} if answer.ticket is None else _shown(answer.ticket)
    return {**shown, "admission": answer.admission.value, "redeemed_at": _moment(answer.redeemed_at)}


def _shown(ticket: Ticket) -> dict[str, Any]:
    return {
        "digest": _digest(ticket),
        "code": ticket.code,
        "product": ticket.product,
        "name": ticket.name,
        "when": _when(ticket),
        "admits": ticket.admits,
        "admission": ticket.admission.value,
        "redeemed_at": _moment(ticket.redeemed_at),
    }


def _digest(ticket: Ticket) -> str:
    return hashlib.sha256(ticket.token.encode()).hexdigest()[:DIGEST_LENGTH]


def _when(ticket: Ticket) -> str:
    return ticket.showing.short() if ticket.showing else ""


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
