"""Every parameter that stripe-python knows for a session is sent: it is taken, or refused by its name."""

from typing import Any

import pytest
import stripe
from stripe.params.checkout import _session_create_params, _session_update_params

from stripe_simulator.resources.checkout_sessions.parameters import PARAMETERS
from stripe_simulator.testing.server import Running
from tests.support.sdk_parameters import Leaf, Types, plain_value

LINK = "https://shop.test/x.png"
ENDINGS: dict[str, Any] = {"currency": "eur", "url": LINK, "custom_mandate_url": LINK, "country": "DE"}
"""Values that the last part of a name tells."""
CREATE = Types(_session_create_params, "SessionCreateParams", ENDINGS)
UPDATE = Types(_session_update_params, "SessionUpdateParams", ENDINGS)
LEAVES = list(CREATE.leaves())
LEAST_TOP_LEVEL, LEAST_LEAVES = 46, 230
PRICE: Any = {"currency": "eur", "unit_amount": 1250, "product_data": {"name": "Tea"}}
LINE: Any = {"price_data": PRICE, "quantity": 1}
SALE: Any = {"mode": "payment", "success_url": "https://shop.test", "line_items": [LINE]}
ON_PAGE: Any = {"ui_mode": "elements", "success_url": None, "return_url": "https://shop.test"}
SETUP: Any = {"mode": "setup", "line_items": None, "currency": "eur"}
MONTHLY: Any = {**PRICE, "recurring": {"interval": "month"}}
SUBSCRIPTION: Any = {"mode": "subscription", "line_items": [{"price_data": MONTHLY, "quantity": 1}]}
LABEL: Any = {"custom": "A", "type": "custom"}
RATE: Any = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 1, "currency": "eur"}}
COLOR, PICTURE = "#112233", {"type": "url", "url": LINK}
VALUES: dict[str, Any] = {
    "allowed_payment_method_types": ["card"],
    "automatic_tax[liability][type]": "self",
    "invoice_creation[invoice_data][issuer][type]": "self",
    "branding_settings[background_color]": COLOR,
    "branding_settings[button_color]": COLOR,
    "cancel_url": LINK,
    "currency": "eur",
    "customer_email": "ada@example.com",
    "excluded_payment_method_types": ["klarna"],
    "expand": ["customer"],
    "mode": "payment",
    "payment_intent_data[receipt_email]": "ada@example.com",
    "return_url": LINK,
    "success_url": LINK,
    "ui_mode": "hosted_page",
    "line_items[price_data][product_data][images]": [LINK],
    "payment_method_options[pix][expires_after_seconds]": 60,
    "line_items[price_data][unit_amount]": 100,
    "payment_method_options[acss_debit][currency]": "cad",
    "payment_method_options[payto][mandate_options][amount]": 100,
}
"""Values that a type does not tell."""
OBJECTS = {
    "customer": "customer",
    "discounts[coupon]": "coupon",
    "discounts[promotion_code]": "code",
    "line_items[price]": "price",
    "line_items[price_data][product]": "product",
    "line_items[tax_rates]": "tax_rate",
    "optional_items[price]": "price",
    "shipping_options[shipping_rate]": "rate",
}
"""Parameters that name an object."""
WITH: dict[str, Any] = {
    "redirect_on_completion": {**ON_PAGE, "ui_mode": "embedded_page"},
    "return_url": ON_PAGE,
    "permissions": ON_PAGE,
    "setup_intent_data": SETUP,
    "payment_method_collection": SUBSCRIPTION,
    "subscription_data": SUBSCRIPTION,
}
"""Parameters that belong to another page or mode than most."""


def merged(under: Any, over: Any) -> Any:
    if isinstance(under, dict) and isinstance(over, dict):
        return {
            name: merged(under.get(name), over[name]) if name in over else under[name] for name in {**under, **over}
        }
    return over


@pytest.fixture
def objects(client: stripe.StripeClient) -> dict[str, str]:
    product = client.v1.products.create({"name": "Cup"}).id
    coupon = client.v1.coupons.create({"percent_off": 10}).id
    promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon}, "code": "TEN"}
    return {
        "product": product,
        "price": client.v1.prices.create({"product": product, "currency": "eur", "unit_amount": 500}).id,
        "coupon": coupon,
        "code": client.v1.promotion_codes.create(promotion).id,
        "customer": client.v1.customers.create({"email": "ada@example.com"}).id,
        "rate": client.v1.shipping_rates.create(RATE).id,
        "tax_rate": client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True}).id,
    }


def request_with(leaf: Leaf, objects: dict[str, str], now: int) -> dict[str, Any]:
    """Return the parameters of a session that has one parameter, and what belongs to it."""
    top = leaf.path[0]
    value = VALUES.get(leaf.name, ENDINGS.get(leaf.path[-1], plain_value(leaf.annotation)))
    if leaf.name in OBJECTS:
        found = objects[OBJECTS[leaf.name]]
        value = [found] if "List[" in leaf.annotation else found
    if leaf.name == "expires_at":
        value = now + 3600
    sent = CREATE.value(leaf, value)
    complete = COMPLETED.get(top)
    if complete is not None:
        sent[top] = complete(leaf, sent[top], objects)
    around = {**SALE, **WITH.get(top, {})}
    if top == "customer_update":
        around["customer"] = objects["customer"]
    if leaf.path[:3] == ("line_items", "price_data", "recurring"):
        around["mode"] = "subscription"
    return {name: one for name, one in {**around, **sent}.items() if one is not None}


def a_custom_field(leaf: Leaf, given: Any, objects: dict[str, str]) -> Any:
    """Return a custom field of the type that a parameter belongs to."""
    part, last = leaf.path[1], leaf.path[-1]
    kind = part if part in ("dropdown", "numeric", "text") else "text"
    inside = dict(given[0].get(kind, {}))
    if kind == "dropdown":
        inside = {"options": [{"label": "A", "value": "x"}], **inside}
    elif last == "default_value":
        inside = {last: "1"}
    shown = {"key": "a", "label": LABEL, **given[0], "type": kind}
    return [{**shown, kind: inside} if inside else shown]


def a_line(leaf: Leaf, given: Any, objects: dict[str, str]) -> Any:
    """Return a line that has a price."""
    line = given[0]
    if "price" in line:
        return [{**line, "quantity": 1}]
    data = {**PRICE, **line.get("price_data", {})}
    if "product" in data:
        del data["product_data"]
    else:
        data["product_data"] = {"name": "Tea", **data["product_data"]}
    if "unit_amount_decimal" in data:
        del data["unit_amount"]
    return [{"quantity": 1, **line, "price_data": data}]


def a_shipping_option(leaf: Leaf, given: Any, objects: dict[str, str]) -> Any:
    """Return a shipping option with a rate that has all it needs."""
    if "shipping_rate_data" not in given[0]:
        return given
    data = merged(RATE, given[0]["shipping_rate_data"])
    data["fixed_amount"]["currency"] = "eur"
    if "currency_options" in data["fixed_amount"]:
        data["fixed_amount"]["currency_options"] = {"usd": data["fixed_amount"]["currency_options"]}
    return [{"shipping_rate_data": data}]


def a_brand(leaf: Leaf, given: Any, objects: dict[str, str]) -> Any:
    """Return branding settings; a picture is a file or has an address."""
    if leaf.path[1] not in ("icon", "logo"):
        return given
    return {leaf.path[1]: {"type": "file", "file": "file_1"} if leaf.path[2] == "file" else PICTURE}


COMPLETED = {
    "branding_settings": a_brand,
    "custom_fields": a_custom_field,
    "line_items": a_line,
    "optional_items": lambda leaf, given, objects: [{**given[0], "price": objects["price"]}],
    "shipping_options": a_shipping_option,
}
"""Parameters that need more than what their types require."""


def outcome(client: stripe.StripeClient, leaf: Leaf, sent: Any) -> bool:
    """Return whether a parameter is simulated; fail when it is neither taken nor refused by its name."""
    refused: stripe.InvalidRequestError | None = None
    try:
        client.v1.checkout.sessions.create(sent)
    except stripe.InvalidRequestError as error:
        refused = error
    if refused is None:
        return True
    assert "does not simulate" in str(refused), (leaf.name, sent, str(refused))
    named = str(refused.param).replace("[0]", "")
    assert leaf.name.startswith(named), (leaf.name, named)
    return False


def test_every_parameter_is_taken_or_refused_by_name(
    client: stripe.StripeClient, simulator: Running, objects: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    now = int(simulator.simulator.now())
    taken = {leaf.name: outcome(client, leaf, request_with(leaf, objects, now)) for leaf in LEAVES}
    tops = list(CREATE.fields(CREATE.root))
    simulated = [top for top in tops if any(is_taken for name, is_taken in taken.items() if name.split("[")[0] == top)]
    leaves = sum(taken.values())
    refused = sorted(name for name, is_taken in taken.items() if not is_taken)
    with capsys.disabled():
        print(
            f"\nsimulated {len(simulated)} of {len(tops)} top-level, {leaves} of {len(taken)} leaves; refused: {refused}"
        )
    assert len(simulated) >= LEAST_TOP_LEVEL
    assert leaves >= LEAST_LEAVES


def test_the_table_of_parameters_is_that_of_the_sdk() -> None:
    assert list(PARAMETERS) == sorted(CREATE.fields(CREATE.root))


def test_an_empty_string_unsets_only_what_can_be_unset(
    client: stripe.StripeClient, simulator: Running, objects: dict[str, str]
) -> None:
    now = int(simulator.simulator.now())
    for leaf in LEAVES:
        if "Literal[]" in leaf.annotation or "Dict[" in leaf.annotation:  # it can be unset
            continue
        sent: Any = request_with(leaf, objects, now)
        emptied(sent, leaf.path)
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.checkout.sessions.create(sent)
        said = str(refused.value)
        known = refused.value.code == "parameter_invalid_empty" or "does not simulate" in said
        assert known or leaf.name == "expand", (leaf.name, said)


def emptied(sent: Any, path: tuple[str, ...]) -> None:
    """Make the parameter at a path an empty string."""
    for part in path[:-1]:
        sent = sent[part]
        sent = sent[0] if isinstance(sent, list) else sent
        if part == "currency_options":
            sent = sent["usd"]
    sent[path[-1]] = ""
