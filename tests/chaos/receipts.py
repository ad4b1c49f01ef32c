"""What must hold for the receipts that were written: one for each paid order, whose rows add up."""

import email
import re
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from checkout_core import Order

_ROW = re.compile(r"(?P<label>.+): (?P<sign>-?)€(?P<amount>[\d,]+\.\d\d)")
_CHANGES = ("Discount", "Shipping", "Tax")
_NO_LINES = ("Total", "Subtotal", "Refunded", "Paid in the end", *_CHANGES)


def receipt_violations(folder: Path, orders: Iterable[Order]) -> Iterator[str]:
    """Yield what is wrong with the receipts in a folder."""
    paid = {order.id: order for order in orders if order.paid_at is not None}
    receipts = {path.stem: path for path in folder.glob("*")}
    for order_id in paid.keys() ^ receipts.keys():
        yield f"{order_id} is {'' if order_id in paid else 'not '}paid, and {len(receipts)} receipts were written"
    for order_id in paid.keys() & receipts.keys():
        yield from _violations_of(receipts[order_id], paid[order_id])


def _violations_of(path: Path, order: Order) -> Iterator[str]:
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    if message["To"] != order.email:
        yield f"the receipt of {order.id} is for {message['To']}, not for {order.email}"
    text = message.get_body(("plain",))
    rows = _rows(str(text.get_content()) if text else "")
    lines = [amount for label, amount in rows if label not in _NO_LINES]
    said = dict(rows)
    if sum(lines) != said.get("Subtotal", said.get("Total")):
        yield f"the lines of the receipt of {order.id} do not add up: {rows}"
    if said.get("Total") != sum(lines) + sum(said.get(label, 0) for label in _CHANGES):
        yield f"the rows of the receipt of {order.id} do not add up: {rows}"
    if said.get("Total") != order.amount_total:
        yield f"the receipt of {order.id} is about {said.get('Total')}, and {order.amount_total} was paid"
    for label, amount in (("Discount", -order.amount_discount), ("Shipping", order.amount_shipping)):
        if said.get(label, 0) != amount:
            yield f"the receipt of {order.id} has {label} {said.get(label, 0)}, and it is {amount}"
    if said.get("Paid in the end", 0) != said.get("Total", 0) + said["Refunded"] if "Refunded" in said else False:
        yield f"the refunds on the receipt of {order.id} do not add up: {rows}"


def _rows(text: str) -> list[tuple[str, int]]:
    found = (_ROW.fullmatch(line.strip()) for line in text.splitlines())
    return [(row["label"], int(row["sign"] + row["amount"].replace(",", "").replace(".", ""))) for row in found if row]
