"""Every endpoint through stripe-python, by its synchronous and its asynchronous methods alike."""

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from stripe_simulator.api import WORDS, api_routes
from stripe_simulator.testing.server import Running

from .conftest import params
from .unsupported_parameters import KEPT, REFUSED

Call = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, simulator: Running) -> Iterator[Call]:
    """`call("customers.create", {…})`: that method of the client, or its asynchronous twin run to its end."""
    options: Any = {"base_addresses": {"api": simulator.url}}
    if request.param == "sync":
        client = stripe.StripeClient("sk_test_123", **options)
        yield lambda name, *given: _method(client, name)(*given)
        return
    http_client = stripe.HTTPXClient()
    client = stripe.StripeClient("sk_test_123", http_client=http_client, **options)
    with asyncio.Runner() as runner:
        yield lambda name, *given: runner.run(_method(client, f"{name}_async")(*given))
        runner.run(http_client.close_async())  # type: ignore[no-untyped-call]


def _method(client: stripe.StripeClient, name: str) -> Callable[..., Any]:
    found: Any = client.v1
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def ids(listed: Any) -> list[str]:
    return [one.id for one in listed.data]


def paid(call: Call, simulator: Running, **changes: Any) -> Any:
    session = call("checkout.sessions.create", params(**changes))
    simulator.simulator.pay_session(session.id)
    return call("checkout.sessions.retrieve", session.id)


def sessions_and_their_lines(call: Call) -> None:
    session = call("checkout.sessions.create", params())
    assert call("checkout.sessions.retrieve", session.id).to_dict() == session.to_dict()
    changed = call("checkout.sessions.update", session.id, {"metadata": {"cart": "1"}})
    assert changed.metadata.to_dict() == {"cart": "1"}
    assert [line.description for line in call("checkout.sessions.line_items.list", session.id).data] == ["Tea"]
    assert call("checkout.sessions.expire", session.id).status == "expired"
    assert ids(call("checkout.sessions.list", {"status": "expired"})) == [session.id]


def products_and_prices(call: Call) -> None:
    product = call("products.create", {"name": "Teapot", "metadata": {"shelf": "3"}})
    assert call("products.retrieve", product.id).metadata.to_dict() == {"shelf": "3"}
    assert ids(call("products.list", {"ids": [product.id], "active": True})) == [product.id]
    assert ids(call("products.list", {"active": False})) == []
    assert call("products.update", product.id, {"description": "Big", "images": []}).description == "Big"
    assert call("products.features.list", product.id).data == []
    price = call("prices.create", {"product": product.id, "currency": "jpy", "unit_amount": 4200, "lookup_key": "pot"})
    assert call("prices.update", price.id, {"nickname": "Pot", "active": True}).nickname == "Pot"
    assert call("products.update", product.id, {"default_price": price.id}).default_price == price.id
    assert call("products.delete", call("products.create", {"name": "Lid"}).id).deleted
    assert call("prices.retrieve", price.id, {"expand": ["product"]}).product.name == "Teapot"
    assert ids(call("prices.list", {"lookup_keys": ["pot"], "product": product.id})) == [price.id]
    assert ids(call("prices.list", {"currency": "eur"})) == []


def intents(call: Call) -> None:
    card = call("payment_methods.create", {"type": "card", "card": {"token": "tok_visa"}})
    customer = call("customers.create", {"email": "ada@example.com"})
    assert call("payment_methods.attach", card.id, {"customer": customer.id}).customer == customer.id
    assert ids(call("payment_methods.list", {"customer": customer.id})) == [card.id]
    assert ids(call("customers.payment_methods.list", customer.id)) == [card.id]
    assert call("customers.payment_methods.retrieve", customer.id, card.id).card.last4 == "4242"
    assert call("payment_methods.update", card.id, {"metadata": {"a": "1"}}).metadata.a == "1"
    asked = {"amount": 900, "currency": "eur", "customer": customer.id, "capture_method": "manual"}
    intent = call("payment_intents.create", asked)
    assert call("payment_intents.update", intent.id, {"amount": 800}).amount == 800
    confirming = {"payment_method": card.id, "return_url": "https://shop.test"}
    assert call("payment_intents.confirm", intent.id, confirming).status == "requires_capture"
    assert call("payment_intents.capture", intent.id, {"amount_to_capture": 500}).amount_received == 500
    assert call("payment_methods.detach", card.id).customer is None
    assert call("payment_methods.retrieve", card.id).type == "card"
    assert call("payment_intents.cancel", call("payment_intents.create", asked).id).status == "canceled"
    [charge] = call("charges.list").data
    assert call("charges.update", charge.id, {"description": "Tea"}).description == "Tea"
    assert call("balance.retrieve").pending[0].amount == 500 - 33


def what_sessions_make(call: Call, simulator: Running) -> None:
    session = paid(call, simulator, invoice_creation={"enabled": True})
    assert call("invoices.retrieve", session.invoice).total == 2500
    assert ids(call("invoices.list", {"customer": session.customer})) == [session.invoice]
    assert [line.amount for line in call("invoices.line_items.list", session.invoice).data] == [2500]
    setup = paid(call, simulator, mode="setup", line_items=None)
    assert call("setup_intents.retrieve", setup.setup_intent).status == "succeeded"
    assert ids(call("setup_intents.list")) == [setup.setup_intent]


def tax_ids(call: Call) -> None:
    customer = call("customers.create", {"email": "ada@example.com"}).id
    made = call("customers.tax_ids.create", customer, {"type": "eu_vat", "value": "DE123456789"})
    assert call("customers.tax_ids.retrieve", customer, made.id).country == "DE"
    assert ids(call("customers.tax_ids.list", customer)) == [made.id]
    assert ids(call("tax_ids.list", {"owner": {"type": "customer", "customer": customer}})) == [made.id]
    assert (call("tax_ids.retrieve", made.id).value, call("tax_ids.list").data) == ("DE123456789", [])
    assert call("customers.tax_ids.delete", customer, made.id).deleted


def payments(call: Call, simulator: Running) -> None:
    intent = paid(call, simulator).payment_intent
    assert call("payment_intents.retrieve", intent).amount_received == 2500
    assert ids(call("payment_intents.list")) == [intent]
    [charge] = call("charges.list", {"payment_intent": intent}).data
    assert call("charges.retrieve", charge.id).paid
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        call("payment_intents.cancel", intent)
    part = call("refunds.create", {"payment_intent": intent, "amount": 1000})
    rest = call("refunds.create", {"charge": charge.id})
    assert (part.amount, rest.amount, call("refunds.retrieve", part.id).status) == (1000, 1500, "succeeded")
    assert ids(call("refunds.list", {"charge": charge.id})) == [rest.id, part.id]
    assert call("refunds.update", part.id, {"metadata": {"order": "1"}}).metadata.order == "1"
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        call("refunds.cancel", part.id)
    taken, received = call("balance_transactions.list", {"limit": 3}).data[1:]
    assert call("balance_transactions.retrieve", taken.id, {"expand": ["source"]}).source.id == part.id
    assert (received.net, received.source) == (2500 - received.fee, charge.id)


def disputes(call: Call, simulator: Running) -> None:
    first, second = (simulator.simulator.dispute(paid(call, simulator).id)["id"] for _ in range(2))
    assert call("disputes.retrieve", first, {"expand": ["charge"]}).charge.disputed
    assert call("disputes.update", first, {"evidence": {"uncategorized_text": "winning_evidence"}}).status == "won"
    assert call("disputes.close", second).status == "lost"
    assert ids(call("disputes.list")) == [second, first]


def customers(call: Call) -> None:
    customer = call("customers.create", {"email": "ada@example.com", "address": {"city": "London"}})
    assert call("customers.retrieve", customer.id).address.city == "London"
    assert call("customers.update", customer.id, {"name": "Ada"}).name == "Ada"
    session = call("checkout.sessions.create", params(customer=customer.id, customer_email=None))
    assert ids(call("checkout.sessions.list", {"customer": customer.id})) == [session.id]
    assert ids(call("customers.list", {"email": "ada@example.com"})) == [customer.id]
    assert call("customers.delete", customer.id).deleted
    assert ids(call("customers.list", {"email": "ada@example.com"})) == []


def discounts(call: Call) -> None:
    coupon = call("coupons.create", {"id": "HALF", "percent_off": 50})
    assert call("coupons.retrieve", "HALF").to_dict() == coupon.to_dict()
    assert ids(call("coupons.list")) == ["HALF"]
    assert call("coupons.update", "HALF", {"name": "Half"}).name == "Half"
    promotion = {"promotion": {"type": "coupon", "coupon": "HALF"}, "code": "SPRING"}
    code = call("promotion_codes.create", promotion)
    assert (
        call("promotion_codes.retrieve", code.id, {"expand": ["promotion.coupon"]}).promotion.coupon.percent_off == 50
    )
    assert ids(call("promotion_codes.list", {"coupon": "HALF", "active": True})) == [code.id]
    assert ids(call("promotion_codes.list", {"code": "AUTUMN"})) == []
    assert call("promotion_codes.update", code.id, {"metadata": {"a": "1"}}).metadata.a == "1"
    assert call("coupons.delete", call("coupons.create", {"percent_off": 1}).id).deleted
    session = call("checkout.sessions.create", params(discounts=[{"promotion_code": code.id}]))
    assert session.amount_total == 1250


def taxes(call: Call) -> None:
    rate = call("tax_rates.create", {"display_name": "VAT", "percentage": 19, "inclusive": True})
    assert call("tax_rates.retrieve", rate.id).percentage == 19
    assert ids(call("tax_rates.list", {"inclusive": True})) == [rate.id]
    assert ids(call("tax_rates.list", {"active": False})) == []
    assert call("tax_rates.update", rate.id, {"active": False}).active is False


def shipping(call: Call) -> None:
    fixed = {"amount": 490, "currency": "eur"}
    rate = call("shipping_rates.create", {"display_name": "Post", "type": "fixed_amount", "fixed_amount": fixed})
    assert call("shipping_rates.retrieve", rate.id).fixed_amount.amount == 490
    assert ids(call("shipping_rates.list", {"currency": "eur", "active": True})) == [rate.id]
    session = call("checkout.sessions.create", params(shipping_options=[{"shipping_rate": rate.id}]))
    assert session.amount_total == 2990
    assert call("shipping_rates.update", rate.id, {"active": False}).active is False


def events_and_endpoints(call: Call) -> None:
    endpoint = call("webhook_endpoints.create", {"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    assert endpoint.secret.startswith("whsec_")
    changed = call("webhook_endpoints.update", endpoint.id, {"disabled": True, "enabled_events": ["charge.refunded"]})
    assert (changed.status, changed.enabled_events, "secret" in changed) == ("disabled", ["charge.refunded"], False)
    assert call("webhook_endpoints.retrieve", endpoint.id).status == "disabled"
    assert ids(call("webhook_endpoints.list")) == [endpoint.id]
    assert call("webhook_endpoints.delete", endpoint.id).deleted
    call("products.create", {"name": "Cup"})
    [event] = call("events.list", {"type": "product.*"}).data
    assert call("events.retrieve", event.id).data.object.name == "Cup"
    account = call("accounts.retrieve_current").id
    assert call("accounts.retrieve", account).id == account


def test_every_endpoint_answers_the_sdk(call: Call, simulator: Running) -> None:
    asked = set()
    for part in (
        sessions_and_their_lines,
        products_and_prices,
        customers,
        tax_ids,
        intents,
        discounts,
        taxes,
        shipping,
        events_and_endpoints,
    ):
        simulator.simulator.reset()
        part(call)
        asked |= {(entry.method, entry.path) for entry in simulator.simulator.request_log.entries}
    for taking in (payments, disputes, what_sessions_make):
        simulator.simulator.reset()
        taking(call, simulator)
        asked |= {(entry.method, entry.path) for entry in simulator.simulator.request_log.entries}
    never = [
        (method, path)
        for method, path, _ in api_routes(simulator.simulator.simulator.sessions)
        if not path.startswith("/v2/")  # of test_thin_events.py
        and not any(method == one and re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), at) for one, at in asked)
    ]
    assert never == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("charges.search", [{"query": "amount>1"}]),
        ("customers.search", [{"query": "email:'a'"}]),
        ("charges.create", [{"amount": 100, "currency": "eur"}]),
        ("subscriptions.list", []),
        ("payment_links.list", []),
        ("payouts.list", []),
        ("setup_intents.create", []),
        ("invoices.create", []),
        ("tokens.create", []),
    ],
)
def test_an_endpoint_that_is_not_simulated_says_so(call: Call, name: str, given: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate") as caught:
        call(name, *given)
    assert caught.value.http_status == 404


@pytest.mark.parametrize("changes", [*KEPT, *REFUSED], ids=lambda changes: next(iter(changes)))
def test_a_parameter_that_is_not_simulated_is_refused(client: stripe.StripeClient, changes: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate") as caught:
        client.v1.checkout.sessions.create(params(**changes))
    assert (caught.value.http_status, bool(caught.value.param) or "payment methods" in str(caught.value)) == (400, True)
    assert client.v1.checkout.sessions.list().data == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("customers.create", {"balance": 100}),
        ("customers.create", {"test_clock": "clock_1"}),
        ("customers.list", {"test_clock": "clock_1"}),
        ("prices.create", {"currency": "eur", "product_data": {"name": "x"}, "custom_unit_amount": {"enabled": True}}),
        ("refunds.create", {"charge": "ch_1", "reverse_transfer": True}),
        ("webhook_endpoints.create", {"url": "http://127.0.0.1:9/", "enabled_events": ["*"], "connect": True}),
        ("checkout.sessions.list", {"subscription": "sub_1"}),
    ],
)
def test_a_parameter_that_is_not_simulated_is_refused_elsewhere_too(
    client: stripe.StripeClient, simulator: Running, name: str, given: Any
) -> None:
    simulator.simulator.pay_session(client.v1.checkout.sessions.create(params()).id)
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate"):
        _method(client, name)(given)


@pytest.mark.parametrize("path", WORDS)
def test_a_path_that_is_not_simulated_is_not_taken_for_an_id(client: stripe.StripeClient, path: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=f"does not simulate GET /v1/{path}") as caught:
        client.raw_request("get", f"/v1/{path}")
    assert caught.value.http_status == 404


def test_v2_is_refused_in_stripes_own_words(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.StripeError, match="does not simulate GET /v2/core/accounts") as caught:
        client.v2.core.accounts.list()
    assert caught.value.http_status == 404


def test_expansions_reach_through_lists_and_lines(client: stripe.StripeClient, simulator: Running) -> None:
    client.v1.coupons.create({"id": "TEN", "percent_off": 10})
    session = client.v1.checkout.sessions.create(params(discounts=[{"coupon": "TEN"}]))
    simulator.simulator.pay_session(session.id)
    wanted = ["line_items.data.price.product", "payment_intent.latest_charge", "total_details.breakdown"]
    found: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": [*wanted, "discounts.coupon"]})
    assert found.line_items.data[0].price.product.name == "Tea"
    assert found.payment_intent.latest_charge.amount == 2250
    [taken] = found.total_details.breakdown.discounts
    assert (taken.amount, taken.discount.source.coupon, taken.discount.checkout_session) == (250, "TEN", session.id)
    assert found.discounts[0].coupon.percent_off == 10
    listed: Any = client.v1.checkout.sessions.list({"expand": ["data.total_details.breakdown", "data.payment_intent"]})
    assert listed.data[0].payment_intent.amount == listed.data[0].amount_total
    assert listed.data[0].total_details.breakdown.taxes == []
    lines: Any = client.v1.checkout.sessions.line_items.list(session.id, {"expand": ["data.price.product"]})
    assert lines.data[0].price.product.description == "Green"
    assert client.v1.checkout.sessions.retrieve(session.id).to_dict()["total_details"].get("breakdown") is None
