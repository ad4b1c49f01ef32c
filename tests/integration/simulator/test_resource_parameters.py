"""Every parameter that stripe-python knows for what is simulated beside sessions: none of them is called unknown."""

import importlib
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.payment_methods.card import CHALLENGED, DECLINES, RISKS, SAVED_AND_DECLINED
from stripe_simulator.testing.server import Running
from tests.support.sdk_parameters import Types, plain_value

from .conftest import params

HEADERS = {"authorization": "Bearer sk_test_123"}
BACK = "https://shop.test"
REQUESTS = {
    **{f"POST {path}": f"{name}_create" for path, name in {
        "products": "product", "prices": "price", "customers": "customer", "coupons": "coupon",
        "promotion_codes": "promotion_code", "tax_rates": "tax_rate", "shipping_rates": "shipping_rate",
        "webhook_endpoints": "webhook_endpoint", "payment_intents": "payment_intent",
        "payment_methods": "payment_method", "refunds": "refund",
    }.items()},
    **{f"GET {path}": f"{name}_list" for path, name in {
        "products": "product", "prices": "price", "customers": "customer", "coupons": "coupon",
        "promotion_codes": "promotion_code", "tax_rates": "tax_rate", "shipping_rates": "shipping_rate",
        "webhook_endpoints": "webhook_endpoint", "payment_intents": "payment_intent",
        "payment_methods": "payment_method", "refunds": "refund", "charges": "charge", "disputes": "dispute",
        "events": "event", "invoices": "invoice", "setup_intents": "setup_intent", "tax_ids": "tax_id",
        "balance_transactions": "balance_transaction",
    }.items()},
    "POST customers/{customer}": "customer_modify",
    "POST customers/{customer}/tax_ids": "customer_create_tax_id",
    "POST products/{product}": "product_modify",
    "POST payment_methods/{method}": "payment_method_modify",
    "POST payment_methods/{method}/attach": "payment_method_attach",
    "POST payment_methods/{method}/detach": "payment_method_detach",
    "POST payment_intents/{open}": "payment_intent_modify",
    "POST payment_intents/{open}/confirm": "payment_intent_confirm",
    "POST payment_intents/{open}/capture": "payment_intent_capture",
    "POST payment_intents/{open}/cancel": "payment_intent_cancel",
    "POST charges/{charge}": "charge_modify",
    "POST refunds/{refund}": "refund_modify",
}  # fmt: skip
"""Requests, and the parameters of stripe-python that each of them takes."""
REQUIRED = {
    "POST products": {"name": "Cup"},
    "POST prices": {"currency": "eur", "product": "{product}", "unit_amount": 900},
    "POST coupons": {"percent_off": 10},
    "POST promotion_codes": {"promotion": {"type": "coupon", "coupon": "{coupon}"}},
    "POST tax_rates": {"display_name": "VAT", "inclusive": False, "percentage": 19},
    "POST shipping_rates": {
        "display_name": "Post",
        "type": "fixed_amount",
        "fixed_amount": {"amount": 490, "currency": "eur"},
    },
    "POST webhook_endpoints": {"url": "https://shop.localhost/hook", "enabled_events": ["*"]},
    "POST payment_intents": {"amount": 500, "currency": "eur"},
    "POST refunds": {"charge": "{charge}", "amount": 1},
    "POST customers/{customer}/tax_ids": {"type": "eu_vat", "value": "DE123456789"},
    "POST payment_methods/{method}/attach": {"customer": "{customer}"},
}
"""What a request has to have before Stripe looks at the rest."""
LISTS_OF = {
    "charge": ("disputes", "refunds"),
    "customer": ("charges", "payment_intents", "payment_methods", "setup_intents", "invoices", "checkout/sessions"),
    "payment_intent": ("charges", "disputes", "refunds", "checkout/sessions"),
}
"""Lists that can be narrowed by an object."""


@pytest.fixture
def ids(client: stripe.StripeClient) -> dict[str, str]:
    paid: Any = {
        "amount": 500,
        "currency": "eur",
        "payment_method": "pm_card_visa",
        "confirm": True,
        "return_url": BACK,
    }
    charge = client.v1.payment_intents.create(paid).latest_charge
    assert isinstance(charge, str)
    return {
        "charge": charge,
        "coupon": client.v1.coupons.create({"percent_off": 10}).id,
        "customer": client.v1.customers.create({"email": "ada@example.com"}).id,
        "method": client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id,
        "open": client.v1.payment_intents.create({"amount": 500, "currency": "eur"}).id,
        "product": client.v1.products.create({"name": "Cup"}).id,
        "refund": client.v1.refunds.create({"charge": charge, "amount": 10}).id,
    }


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield parameters as a form spells them."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from flat(one, f"{path}[{name}]" if path else name)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from flat(one, f"{path}[{index}]")
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def types_of(request_line: str) -> Types:
    """Return the types of stripe-python for a request."""
    module = f"_{REQUESTS[request_line]}_params"
    root = "".join(part.capitalize() for part in module.strip("_").split("_"))
    return Types(importlib.import_module(f"stripe.params.{module}"), root)


def form_of(request_line: str, ids: dict[str, str], given: Any) -> dict[str, str]:
    """Return the form of a request with all that it has to have."""
    needed = {name: value.format(**ids) for name, value in flat(REQUIRED.get(request_line, {}))}
    return needed | dict(flat(given))


@pytest.mark.parametrize("request_line", REQUESTS)
def test_no_parameter_of_the_sdk_is_unknown(simulator: Running, ids: dict[str, str], request_line: str) -> None:
    method, path = request_line.split()
    types = types_of(request_line)
    url = f"{simulator.url}/v1/{path.format(**ids)}"
    unknown = []
    with httpx2.Client(headers=HEADERS) as http:
        for leaf in types.leaves():
            form = form_of(request_line, ids, types.value(leaf, plain_value(leaf.annotation)))
            answer = http.post(url, data=form) if method == "POST" else http.get(url, params=form)
            assert answer.status_code < 500, (leaf.name, answer.text)
            if answer.json().get("error", {}).get("code") == "parameter_unknown":
                unknown.append(leaf.name)
    assert unknown == []


@pytest.mark.parametrize("request_line", [line for line in REQUESTS if line.startswith("POST")])
def test_an_empty_string_unsets_only_what_can_be_unset(
    simulator: Running, ids: dict[str, str], request_line: str
) -> None:
    types, taken = types_of(request_line), []
    url = f"{simulator.url}/v1/{request_line.split()[1].format(**ids)}"
    with httpx2.Client(headers=HEADERS) as http:
        for leaf in types.leaves():
            if any(word in leaf.annotation for word in ("Literal[]", "Dict[", "List[")):
                continue  # it can be unset
            answer = http.post(url, data=form_of(request_line, ids, types.value(leaf, "")))
            if answer.status_code != 400:
                taken.append((leaf.name, answer.text))
    assert taken == []


@pytest.mark.parametrize(
    ("path", "given", "param"),
    [
        ("products", {"name": "Cup", "url": "/cup"}, "url"),
        ("products", {"name": "Cup", "images": ["/cup.png"]}, "images[0]"),
        ("payment_intents", {"amount": 500, "currency": "eur", "confirm": True, "return_url": "/back"}, "return_url"),
    ],
)
def test_a_relative_address_is_refused(simulator: Running, path: str, given: Any, param: str) -> None:
    answer = httpx2.post(f"{simulator.url}/v1/{path}", data=dict(flat(given)), headers=HEADERS)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


INLINE = {"currency": "eur", "product": "{product}", "product_data": {"name": "Pot"}, "unit_amount": 900}
POST = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 490, "currency": "eur"}}
SALE = {"mode": "payment", "success_url": BACK}
EXCLUSIVE: dict[str, list[tuple[str, Any]]] = {
    "product, product_data": [
        ("prices", INLINE),
        ("checkout/sessions", {**SALE, "line_items": [{"price_data": INLINE, "quantity": 1}]}),
    ],
    "shipping_rate, shipping_rate_data": [
        (
            "checkout/sessions/{session}",
            {"shipping_options": [{"shipping_rate": "shr_1", "shipping_rate_data": POST}]},
        ),
    ],
}


@pytest.mark.parametrize(("names", "request_of"), [(names, one) for names, all in EXCLUSIVE.items() for one in all])
def test_of_two_parameters_that_exclude_each_other_none_is_ignored(
    client: stripe.StripeClient, simulator: Running, ids: dict[str, str], names: str, request_of: tuple[str, Any]
) -> None:
    path, given = request_of
    known = {**ids, "session": client.v1.checkout.sessions.create(params()).id}
    form = {name: value.format(**known) for name, value in flat(given)}
    url = f"{simulator.url}/v1/{path.format(**known)}"
    error = httpx2.post(url, data=form, headers=HEADERS).json()["error"]
    assert error["message"] == f"You may only specify one of these parameters: {names}."
    assert error["param"].removesuffix("]").endswith(names.rpartition(" ")[2])


def test_a_coupon_that_repeats_says_for_how_many_months(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.coupons.create({"percent_off": 10, "duration": "repeating"})
    assert refused.value.param == "duration_in_months"


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, paths in LISTS_OF.items() for path in paths])
def test_a_list_by_an_object_that_does_not_exist_is_refused(simulator: Running, name: str, path: str) -> None:
    answer = httpx2.get(f"{simulator.url}/v1/{path}", params={name: "x_1"}, headers=HEADERS)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "resource_missing", name)


@pytest.mark.parametrize("number", DECLINES)
def test_a_card_that_its_bank_declines_is_not_saved(
    client: stripe.StripeClient, simulator: Running, ids: dict[str, str], number: str
) -> None:
    form = dict(flat({"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2042, "cvc": "123"}}))
    id = httpx2.post(f"{simulator.url}/v1/payment_methods", data=form, headers=HEADERS).json()["id"]
    if number in {*CHALLENGED, *RISKS, *SAVED_AND_DECLINED}:
        assert client.v1.payment_methods.attach(id, {"customer": ids["customer"]}).customer == ids["customer"]
        return
    for save in (client.v1.customers.create, lambda given: client.v1.customers.update(ids["customer"], given)):
        with pytest.raises(stripe.CardError) as refused:
            save({"payment_method": id})
        assert refused.value.code == DECLINES[number].code
    with pytest.raises(stripe.CardError):
        client.v1.payment_methods.attach(id, {"customer": ids["customer"]})
