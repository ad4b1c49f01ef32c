"""`expand`: ids replaced by what they stand for: https://docs.stripe.com/api/expanding_objects."""

import hashlib
from collections.abc import Sequence
from typing import Any

from ..errors import not_simulated
from ..expandable import ABSENT, EXPANDED_IN_LISTS, SOURCES, TABLES
from ..state import Account
from ..wire import JSON, Session
from .lists import list_object


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
        """Return `answer` with every path of `expand` expanded; Stripe knows them all."""
        for path in expand:
            answer = self._expand(answer, path.split("."), path, "", answer)
        return answer

    def _expand(self, value: Any, path: list[str], whole: str, kind: str, owner: JSON) -> Any:
        """Return a value with one path of it expanded; `owner` is the object that it is in."""
        if not path or value is None:
            return value
        if isinstance(value, list):
            return [self._expand(one, path, whole, kind, owner) for one in value]
        name, rest = path[0], path[1:]
        if not isinstance(value, dict):
            raise not_simulated(f"the expansion of {whole}", "expand")
        kind = value.get("object", kind)
        owner = value if "object" in value else owner
        if name in ABSENT.get(kind, ()):
            inner = value.get(name) or self._absent(kind, name, value, owner)
            if inner is None:
                return value
        elif name in value:
            inner = self._look_up(value, kind, name, whole)
        else:  # Stripe leaves it out while there is nothing to expand
            return value
        return {**value, name: self._expand(inner, rest, whole, name, owner)}

    def _look_up(self, value: JSON, kind: str, name: str, whole: str) -> Any:
        """Return what a field stands for."""
        inner = value[name]
        if (kind, name) == ("checkout.session", "subscription") and value["mode"] == "subscription":
            raise not_simulated(f"the expansion of {whole}", "expand")
        tables = SOURCES if (kind, name) == ("balance_transaction", "source") else [TABLES.get(kind, {}).get(name)]
        if isinstance(inner, list):
            return [self._named(one, tables, whole) if isinstance(one, str) else one for one in inner]
        return self._named(inner, tables, whole) if isinstance(inner, str) else inner

    def _named(self, id: str, tables: Sequence[str | None], whole: str) -> Any:
        """Return what an id of one of the tables stands for; an object that is gone leaves its id."""
        known = [table for table in tables if table is not None]
        if not known:
            raise not_simulated(f"the expansion of {whole}", "expand")
        found = (self._account.tables[table][id] for table in known if id in self._account.tables[table])
        return next(found, None) or self._products.get(id) or self._account.given_inline(id) or id

    def _absent(self, kind: str, name: str, value: JSON, owner: JSON) -> Any:
        """Return a field that is absent until it is expanded; None leaves it absent."""
        id = owner["id"]
        if kind == "checkout.session":
            return self._line_items(id)
        if kind in ("total_details", "shipping_cost"):
            return self._of_session(kind, id)
        if kind == "item":
            return self.lines[id][name] if id in self.lines else []
        if kind == "charge":
            return self._refunds(id)
        if kind == "customer":
            return self._of_customer(name, id)
        if (kind, name) == ("price", "currency_options"):
            return {value["currency"]: _option_of(value), **self._hidden(id).get(name, {})}
        if kind == "fixed_amount":
            own = {"amount": value["amount"], "tax_behavior": owner["tax_behavior"]}
            return {value["currency"]: own, **self._hidden(id).get(name, {})}
        if (kind, name) == ("invoice", "payments"):
            return list_object([], f"/v1/invoice_payments?invoice={id}")
        return self._hidden(id).get(name)

    def _hidden(self, id: str) -> JSON:
        hidden: JSON = self._account.tables["hidden"].get(id, {})
        return hidden

    def _line_items(self, session_id: str) -> JSON:
        record = self._account.sessions[session_id]
        self._products |= {product["id"]: product for product in record.products}
        self.lines |= {line["id"]: line for line in record.lines}
        return list_object(shown_lines(record.lines), f"/v1/checkout/sessions/{session_id}/line_items")

    def _of_session(self, kind: str, session_id: str) -> Any:
        """Return what amounts of a session are made of."""
        record = self._account.sessions.get(session_id)
        if record is None:  # the shipping of an invoice
            return None
        if kind == "shipping_cost":
            return record.shipping_taxes
        return breakdown(
            record.session, [*(tax for line in record.lines for tax in line["taxes"]), *record.shipping_taxes]
        )

    def _refunds(self, charge_id: str) -> JSON:
        """Return the first page of a charge's refunds, the newest first."""
        refunds = [one for one in self._account.tables["refunds"].values() if one["charge"] == charge_id]
        url = f"/v1/charges/{charge_id}/refunds"
        return list_object(refunds[: -EXPANDED_IN_LISTS - 1 : -1], url, len(refunds) > EXPANDED_IN_LISTS)

    def _of_customer(self, name: str, id: str) -> JSON:
        url = f"/v1/customers/{id}/{name}"
        if name == "tax_ids":
            mine = [one for one in self._account.tables["tax_ids"].values() if one["customer"] == id]
            return list_object(mine[: -EXPANDED_IN_LISTS - 1 : -1], url, len(mine) > EXPANDED_IN_LISTS)
        if name == "tax":
            return {
                "automatic_tax": "unrecognized_location",
                "ip_address": None,
                "location": None,
                "provider": "stripe",
            }
        if name == "cash_balance":
            settings = {"reconciliation_mode": "automatic", "using_merchant_default": True}
            return {
                "object": "cash_balance",
                "available": None,
                "customer": id,
                "customer_account": None,
                "livemode": False,
                "settings": settings,
            }
        return list_object([], url)


def _option_of(price: JSON) -> JSON:
    names = ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal")
    return {name: price[name] for name in names}


def shown_lines(lines: list[JSON]) -> list[JSON]:
    """Return line items as they travel: their taxes and discounts are shown only when they are expanded."""
    hidden = ABSENT["item"]
    return [{name: value for name, value in line.items() if name not in hidden} for line in lines]


def breakdown(session: Session, taxes: list[JSON]) -> JSON:
    """Return `total_details.breakdown` of a session: what each discount took off, and the tax of each rate.

    Args:
        session: the session.
        taxes: the taxes of its lines and its shipping.
    """
    sums: dict[str, JSON] = {}
    for tax in taxes:
        so_far = sums.get(tax["rate"]["id"], {"amount": 0, "taxable_amount": 0})
        added = {name: so_far[name] + tax[name] for name in ("amount", "taxable_amount")}
        sums[tax["rate"]["id"]] = {**tax, **added}
    amount = session["total_details"]["amount_discount"]
    discounts = [{"amount": amount, "discount": _discount(session, one)} for one in session["discounts"]]
    return {"discounts": discounts, "taxes": list(sums.values())}


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
