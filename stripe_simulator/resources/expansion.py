"""`expand`: ids replaced by what they stand for: https://docs.stripe.com/api/expanding_objects."""

import hashlib
from typing import Any

from ..errors import JSON, not_simulated
from ..state import Account
from .lists import list_object

PAGE = 10
TABLES = {
    "checkout.session": {"payment_intent": "payment_intents", "customer": "customers"},
    "payment_intent": {"latest_charge": "charges", "customer": "customers"},
    "charge": {"payment_intent": "payment_intents", "customer": "customers"},
    "refund": {"charge": "charges", "payment_intent": "payment_intents"},
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


class Expansion:
    """The expansions of one answer. Products that only a session's line items know are found as well."""

    def __init__(self, account: Account, inline: list[JSON]) -> None:
        self._account = account
        self._inline = {product["id"]: product for product in inline}

    def __call__(self, answer: JSON, wanted: list[str]) -> JSON:
        """`answer` with everything expanded that is wanted."""
        for path in wanted:
            answer = self._expanded(answer, path.split("."), path, "")
        return answer

    def _expanded(self, value: Any, path: list[str], whole: str, kind: str) -> Any:
        if not path or value is None:
            return value
        if isinstance(value, list):
            return [self._expanded(one, path, whole, kind) for one in value]
        name, rest = path[0], path[1:]
        if not isinstance(value, dict) or name not in value:
            raise not_simulated(f"the expansion of {whole}", "expand")
        kind = value.get("object", kind)
        inner = value[name]
        table = TABLES.get(kind, {}).get(name)
        if kind == "checkout.session" and name in ("line_items", "total_details"):
            inner = self._of_session(value["id"], name, inner)
        elif kind == "charge" and name == "refunds":
            inner = self._refunds(value["id"])
        elif table is not None and isinstance(inner, str):
            inner = self._account.tables[table].get(inner) or self._inline.get(inner, inner)
        elif not rest and table is None and (kind, name) != ("total_details", "breakdown"):
            raise not_simulated(f"the expansion of {whole}", "expand")
        return {**value, name: self._expanded(inner, rest, whole, name)}

    def _of_session(self, id: str, name: str, inner: Any) -> Any:
        record = self._account.tables["sessions"][id]
        if name == "line_items":
            self._inline |= {product["id"]: product for product in record["products"]}
            return inner or list_object(record["lines"], f"/v1/checkout/sessions/{id}/line_items")
        return inner if inner["breakdown"] else {**inner, "breakdown": breakdown(record["session"])}

    def _refunds(self, charge_id: str) -> JSON:
        """The first page of a charge's refunds, the newest first."""
        refunds = [one for one in self._account.tables["refunds"].values() if one["charge"] == charge_id]
        url = f"/v1/charges/{charge_id}/refunds"
        return list_object(refunds[: -PAGE - 1 : -1], url, len(refunds) > PAGE)


def breakdown(session: JSON) -> JSON:
    """`total_details.breakdown` of a session: what each discount took off."""
    applied = [
        {"amount": session["total_details"]["amount_discount"], "discount": _discount(session, one)}
        for one in session["discounts"]
    ]
    return {"discounts": applied, "taxes": []}


def _discount(session: JSON, chosen: JSON) -> JSON:
    nothing = ("customer_account", "end", "invoice", "invoice_item", "subscription", "subscription_item")
    return {
        **{"id": "di_1" + hashlib.sha256(session["id"].encode()).hexdigest()[:23], "object": "discount"},
        **dict.fromkeys(nothing),
        **{"checkout_session": session["id"], "customer": session["customer"], "start": session["created"]},
        "promotion_code": chosen["promotion_code"],
        "source": {"coupon": chosen["coupon"], "type": "coupon"},
    }
