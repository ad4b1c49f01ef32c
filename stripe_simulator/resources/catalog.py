"""Products and prices."""

from typing import Any

from ..amounts import CURRENCIES, MAXIMUM
from ..errors import JSON, invalid, not_simulated
from ..forms import Params
from ..state import Account, random_id
from .session_fields import NOTHING


def currency(params: Params, name: str = "currency") -> str:
    """A currency that Stripe knows, in lower case."""
    value = params.text(name)
    if value is None:
        raise params.missing(name)
    code = value.lower()
    if code not in CURRENCIES:
        raise invalid(f"Invalid currency: {code}.", params.name(name))
    return code


def product(params: Params, now: int, *, active: bool = True) -> JSON:
    """A product from `product_data` or from `POST /v1/products`."""
    name = params.text("name")
    if name is None:
        raise params.missing("name")
    images = params.texts("images")
    if len(images) > 8:
        raise invalid("A product can have at most 8 images.", params.name("images"))
    id = params.text("id") or random_id("prod_", 14)
    made: dict[str, Any] = {
        **{"id": id, "object": "product", "active": active, "created": now, "updated": now},
        **{"name": name, "description": params.text("description"), "images": images or NOTHING},
        **{"metadata": params.metadata(), "livemode": False, "type": "service", "url": params.url("url")},
        **{"tax_code": params.text("tax_code"), "unit_label": params.text("unit_label"), "marketing_features": NOTHING},
        **dict.fromkeys(("default_price", "package_dimensions", "shippable", "statement_descriptor", "tax_details")),
    }
    params.finish(("tax_details", "default_price_data", "active", "package_dimensions", "shippable"))
    return made


def price(params: Params, product_id: str, now: int, *, active: bool = True) -> JSON:
    """A one-time price from `price_data` or from `POST /v1/prices`."""
    code = currency(params)
    if "recurring" in params:
        raise not_simulated("recurring prices", params.name("recurring"))
    if "custom_unit_amount" in params or "tiers" in params:
        raise not_simulated("prices without a fixed amount", params.name("unit_amount"))
    decimal = params.text("unit_amount_decimal")
    if decimal is not None and not decimal.isdecimal():
        raise not_simulated("fractions of a minor unit", params.name("unit_amount_decimal"))
    amount = params.integer("unit_amount", 0, MAXIMUM)
    if amount is None and decimal is None:
        raise params.missing("unit_amount")
    amount = int(decimal) if amount is None and decimal is not None else amount
    made: dict[str, Any] = {
        **{"id": random_id("price_1", 23), "object": "price", "active": active, "billing_scheme": "per_unit"},
        **{"created": now, "currency": code, "livemode": False, "metadata": params.metadata(), "type": "one_time"},
        **{"product": product_id, "nickname": params.text("nickname"), "lookup_key": params.text("lookup_key")},
        **{"tax_behavior": params.choice("tax_behavior", ("exclusive", "inclusive", "unspecified")) or "unspecified"},
        **{"unit_amount": amount, "unit_amount_decimal": str(amount)},
        **dict.fromkeys(("currency_options", "custom_unit_amount", "recurring", "tiers", "tiers_mode")),
        "transform_quantity": None,
    }
    params.finish(("currency_options", "tiers_mode", "transform_quantity", "active"))
    return made


def line_item(account: Account, params: Params, now: int) -> tuple[JSON, JSON]:
    """One line of a session and the product it sells."""
    quantity = params.integer("quantity", 0, 999_999)
    if quantity is None:
        raise params.missing("quantity")
    price_id, data = params.text("price"), params.mapping("price_data")
    if (price_id is None) == (data is None):
        raise invalid("Each line item needs either `price` or `price_data`.", params.name("price"))
    if price_id is not None:
        priced = account.get("prices", price_id, "price", params.name("price"), 400)
        sold = account.tables["products"][priced["product"]]
        if not priced["active"]:
            raise invalid(
                "The price specified is inactive. This field only accepts active prices.", params.name("price")
            )
    else:
        assert data is not None
        product_id, product_data = data.text("product"), data.mapping("product_data")
        if product_id is not None:
            sold = account.get("products", product_id, "product", data.name("product"), 400)
        elif product_data is not None:
            sold = product(product_data, now, active=False)
        else:
            raise data.missing("product_data")
        priced = price(data, sold["id"], now, active=False)
    metadata = params.metadata()
    params.finish(("adjustable_quantity", "tax_rates", "dynamic_tax_rates"))
    total = priced["unit_amount"] * quantity
    line: JSON = {
        **{"id": random_id("li_1", 23), "object": "item", "adjustable_quantity": None, "amount_discount": 0},
        **{"amount_subtotal": total, "amount_tax": 0, "amount_total": total, "currency": priced["currency"]},
        **{"description": sold["name"], "discounts": NOTHING, "metadata": metadata, "price": priced},
        **{"quantity": quantity, "taxes": NOTHING},
    }
    return line, sold


def seeded(catalogue: JSON, now: int) -> list[tuple[JSON, JSON]]:
    """A product and a price for every `[[product]]`: `id`, `name`, `unit_amount`, `currency`, `description`."""
    tables = catalogue.get("product")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise invalid("A catalogue has [[product]] tables.", "product")
    pairs = []
    for index, table in enumerate(tables):
        where = f"product[{index}]"
        texts = {name: str(table[name]) for name in ("id", "name", "description") if table.get(name)}
        if "id" not in texts:
            raise invalid(f"Missing required param: {where}[id].", f"{where}[id]", "parameter_missing")
        sold = product(Params(texts, where), now)
        amounts = {name: str(table[name]) for name in ("unit_amount", "currency") if name in table}
        priced = price(Params({**amounts, "lookup_key": texts["id"]}, where), sold["id"], now)
        pairs.append((sold, {**priced, "id": f"price_{texts['id']}"}))
    return pairs
