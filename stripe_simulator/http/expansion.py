"""`expand`: ids replaced by what they stand for: https://docs.stripe.com/api/expanding_objects."""

import hashlib
from typing import Any

from ..errors import not_simulated
from ..state import Account
from ..wire import JSON, Session
from .lists import list_object

MAX_REFUNDS = 10
"""So many refunds of a charge are shown: the first page."""
TABLES = {
    "checkout.session": {"payment_intent": "payment_intents", "customer": "customers"},
    "payment_intent": {"latest_charge": "charges", "customer": "customers"},
    "charge": {
        "payment_intent": "payment_intents",
        "customer": "customers",
        "balance_transaction": "balance_transactions",
    },
    "refund": {
        "charge": "charges",
        "payment_intent": "payment_intents",
        "balance_transaction": "balance_transactions",
        "failure_balance_transaction": "balance_transactions",
    },
    "dispute": {"charge": "charges", "payment_intent": "payment_intents"},
    "price": {"product": "products"},
    "product": {"default_price": "prices"},
    "promotion_code": {"customer": "customers"},
    "discount": {"customer": "customers", "promotion_code": "promotion_codes"},
    "shipping_cost": {"shipping_rate": "shipping_rates"},
    "shipping_options": {"shipping_rate": "shipping_rates"},
    "discounts": {"coupon": "coupons", "promotion_code": "promotion_codes"},
    "promotion": {"coupon": "coupons"},
    "source": {"coupon": "coupons"},
}
"""For each kind of object, the fields that can be expanded and the table of what they name."""


SOURCES = ("charges", "refunds", "disputes")
"""What moves the balance."""


class Expansion:
    """The expansions of one answer.

    Args:
        account: where the objects are.
        products: products that are in no table, because only the line items of a session know them.
        lines: line items that the answer shows without their taxes.
    """

    def __init__(self, account: Account, products: list[JSON], lines: list[JSON]) -> None:
        self._account = account
        self.lines = {line["id"]: line for line in lines}
        self._products = {product["id"]: product for product in products}

    def __call__(self, answer: JSON, expand: list[str]) -> JSON:
        """Return `answer` with every path of `expand` expanded."""
        for path in expand:
            answer = self._expand(answer, path.split("."), path, "")
        return answer

    def _expand(self, value: Any, path: list[str], whole: str, kind: str) -> Any:
        if not path or value is None:
            return value
        if isinstance(value, list):
            return [self._expand(one, path, whole, kind) for one in value]
        name, rest = path[0], path[1:]
        if not isinstance(value, dict) or name not in value:
            raise not_simulated(f"the expansion of {whole}", "expand")
        kind = value.get("object", kind)
        inner, found = self._look_up(value, kind, name)
        if not found and not rest:
            raise not_simulated(f"the expansion of {whole}", "expand")
        return {**value, name: self._expand(inner, rest, whole, name)}

    def _look_up(self, value: JSON, kind: str, name: str) -> tuple[Any, bool]:
        """Return what a field stands for, and whether the field can be expanded."""
        inner = value[name]
        if kind == "checkout.session" and name == "line_items":
            return inner or self._line_items(value["id"]), True
        if kind == "checkout.session" and name == "total_details":
            return self._total_details(value["id"], inner), True
        if kind == "item" and name == "taxes":
            return self.lines[value["id"]]["taxes"], True
        if kind == "charge" and name == "refunds":
            return self._refunds(value["id"]), True
        if (kind, name) == ("balance_transaction", "source"):
            tables = (self._account.tables[table] for table in SOURCES)
            return next((table[inner] for table in tables if inner in table), inner), True
        table = TABLES.get(kind, {}).get(name)
        if table is None:
            return inner, (kind, name) == ("total_details", "breakdown")
        if isinstance(inner, str):
            inner = self._account.tables[table].get(inner) or self._products.get(inner, inner)
        return inner, True

    def _line_items(self, session_id: str) -> JSON:
        record = self._account.sessions[session_id]
        self._products |= {product["id"]: product for product in record.products}
        self.lines |= {line["id"]: line for line in record.lines}
        return list_object(shown_lines(record.lines), f"/v1/checkout/sessions/{session_id}/line_items")

    def _total_details(self, session_id: str, inner: JSON) -> JSON:
        if inner["breakdown"]:
            return inner
        record = self._account.sessions[session_id]
        return {**inner, "breakdown": breakdown(record.session, record.lines)}

    def _refunds(self, charge_id: str) -> JSON:
        """Return the first page of a charge's refunds, the newest first."""
        refunds = [one for one in self._account.tables["refunds"].values() if one["charge"] == charge_id]
        url = f"/v1/charges/{charge_id}/refunds"
        return list_object(refunds[: -MAX_REFUNDS - 1 : -1], url, len(refunds) > MAX_REFUNDS)


def shown_lines(lines: list[JSON]) -> list[JSON]:
    """Return line items as they travel: their taxes are shown only when they are expanded."""
    return [{**line, "taxes": []} if line["taxes"] else line for line in lines]


def breakdown(session: Session, lines: list[JSON]) -> JSON:
    """Return `total_details.breakdown` of a session: what each discount took off, and the tax of each rate.

    Args:
        session: the session.
        lines: its line items.
    """
    taxes: dict[str, JSON] = {}
    for tax in (tax for line in lines for tax in line["taxes"]):
        so_far = taxes.get(tax["rate"]["id"], {"amount": 0, "taxable_amount": 0})
        added = {name: so_far[name] + tax[name] for name in ("amount", "taxable_amount")}
        taxes[tax["rate"]["id"]] = {**tax, **added}
    amount = session["total_details"]["amount_discount"]
    discounts = [{"amount": amount, "discount": _discount(session, one)} for one in session["discounts"]]
    return {"discounts": discounts, "taxes": list(taxes.values())}


def _discount(session: Session, applied: JSON) -> JSON:
    return {
        "id": "di_1" + hashlib.sha256(session["id"].encode()).hexdigest()[:23],
        "object": "discount",
        "checkout_session": session["id"],
        "customer": session["customer"],
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": applied["promotion_code"],
        "source": {"coupon": applied["coupon"], "type": "coupon"},
        "start": session["created"],
        "subscription": None,
        "subscription_item": None,
    }
