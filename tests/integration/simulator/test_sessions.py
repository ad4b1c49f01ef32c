import asyncio
import time
from typing import Any

import httpx2
import pytest
import stripe
from starlette.applications import Starlette
from starlette.routing import Mount

from stripe_simulator import Simulator, create_app
from stripe_simulator.testing.server import Running

from .conftest import params, priced


def test_a_new_session_is_open_and_unpaid(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(params(metadata={"cart": "7"}, client_reference_id="ref"))
    assert session.id.startswith("cs_test_")
    assert len(session.id) >= 66
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.currency, session.url) == (2500, "eur", None)
    assert session.client_secret
    assert session.client_secret.startswith(f"{session.id}_secret_")
    assert session.metadata is not None
    assert session.metadata["cart"] == "7"
    assert session.expires_at == session.created + 24 * 3600


def test_a_hosted_session_has_an_address_and_no_client_secret(client: stripe.StripeClient, simulator: Running) -> None:
    hosted = params(ui_mode="hosted_page", return_url=None, success_url="https://shop.test/ok")
    session = client.v1.checkout.sessions.create(hosted)
    assert session.client_secret is None
    assert session.url == f"{simulator.url}/c/pay/{session.id}"


def test_line_items_are_expanded_only_on_request(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(params())
    assert "line_items" not in session
    expanded = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    assert expanded.line_items is not None
    line = expanded.line_items.data[0]
    assert (line.description, line.quantity, line.amount_total) == ("Tea", 2, 2500)
    assert client.v1.checkout.sessions.line_items.list(session.id).data[0].id == line.id


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"surprise": "1"}, "surprise", "parameter_unknown"),
        ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
        ({"mode": None}, "mode", "parameter_missing"),
        ({"mode": "subscription"}, "line_items", None),
        ({"ui_mode": "popup"}, "ui_mode", None),
        ({"return_url": None}, "return_url", "parameter_missing"),
        ({"success_url": "https://shop.test"}, "success_url", None),
        ({"return_url": "javascript:alert(1)"}, "return_url", "url_invalid"),
        ({"line_items": None}, "line_items", "parameter_missing"),
        ({"line_items": priced(49)}, "line_items", "amount_too_small"),
        ({"line_items": priced(99_999_999, quantity=2)}, "line_items", "amount_too_large"),
        ({"line_items": priced(100, "xxx")}, "line_items[0][price_data][currency]", None),
        ({"line_items": [*priced(100), *priced(100, "usd")]}, "line_items", None),
        ({"metadata": {"k" * 41: "v"}}, "metadata", None),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]", None),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, "metadata", None),
        ({"expires_at": 1}, "expires_at", None),
        ({"customer_email": "nobody"}, "customer_email", "email_invalid"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(
    client: stripe.StripeClient, changes: Any, param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.create(params(**changes))
    assert (caught.value.http_status, caught.value.param, caught.value.code) == (400, param, code)


@pytest.mark.parametrize(("currency", "amount"), [("jpy", 500), ("kwd", 1500), ("usd", 50)])
def test_amounts_are_minor_units_of_any_currency(client: stripe.StripeClient, currency: str, amount: int) -> None:
    assert client.v1.checkout.sessions.create(params(line_items=priced(amount, currency))).amount_total == amount


def test_an_unknown_session_is_404(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"No such checkout\.session: 'cs_test_nope'") as caught:
        client.v1.checkout.sessions.retrieve("cs_test_nope")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_only_an_open_session_can_be_expired(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(params())
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="can be expired") as caught:
        client.v1.checkout.sessions.expire(session.id)
    assert caught.value.http_status == 400


def test_a_session_expires_by_the_clock(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(expires_at=int(time.time()) + 1900))
    simulator.simulator.advance(1800)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    simulator.simulator.advance(101)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert [event.type for event in client.v1.events.list().data] == ["checkout.session.expired"]


def test_metadata_is_merged_and_an_empty_value_unsets(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(params(metadata={"a": "1", "b": "2"}))
    after = client.v1.checkout.sessions.update(session.id, {"metadata": {"a": "", "c": "3"}})
    assert after.metadata is not None
    assert after.metadata.to_dict() == {"b": "2", "c": "3"}


def test_lists_are_paged_newest_first(client: stripe.StripeClient) -> None:
    ids = [client.v1.checkout.sessions.create(params()).id for _ in range(5)]
    first = client.v1.checkout.sessions.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (ids[:2:-1], True)
    rest = client.v1.checkout.sessions.list({"limit": 3, "starting_after": first.data[-1].id})
    assert ([one.id for one in rest.data], rest.has_more) == (ids[2::-1], False)
    back = client.v1.checkout.sessions.list({"limit": 2, "ending_before": rest.data[0].id})
    assert [one.id for one in back.data] == [one.id for one in first.data]
    assert [one.id for one in client.v1.checkout.sessions.list({"limit": 2}).auto_paging_iter()] == ids[::-1]


def test_keys_do_not_see_each_other(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": simulator.url})
    with pytest.raises(stripe.InvalidRequestError):
        other.v1.checkout.sessions.retrieve(session.id)
    assert other.v1.checkout.sessions.list().data == []


@pytest.mark.parametrize("key", ["sk_live_123", "rk_live_123", "pk_test_123", "nonsense"])
def test_other_keys_are_refused(simulator: Running, key: str) -> None:
    client = stripe.StripeClient(key, base_addresses={"api": simulator.url})
    with pytest.raises(stripe.AuthenticationError):
        client.v1.checkout.sessions.list()


def test_what_is_not_simulated_says_so(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate"):
        client.v1.subscriptions.list()


def test_it_works_below_a_mount() -> None:
    simulator = Simulator(public_url="http://shop.test/stripe")
    outer = Starlette(routes=[Mount("/stripe", create_app(simulator))])

    async def work() -> None:
        transport = httpx2.ASGITransport(outer)
        headers = {"Authorization": "Bearer sk_test_123"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test/stripe/") as client:
            form = {
                **{"mode": "payment", "success_url": "https://shop.test/ok", "line_items[0][quantity]": "1"},
                **{"line_items[0][price_data][currency]": "usd", "line_items[0][price_data][unit_amount]": "500"},
                "line_items[0][price_data][product_data][name]": "Tea",
            }
            session = (await client.post("v1/checkout/sessions", data=form, headers=headers)).json()
            assert session["url"] == f"http://shop.test/stripe/c/pay/{session['id']}"
            assert (await client.get(session["url"])).status_code == 200
            for path in ("endive/stripe.js", "v3/", "_simulator/payment_element", "_simulator/static/page.css"):
                assert (await client.get(path)).status_code == 200
            assert 'data-base="/stripe/_simulator"' in (await client.get("_simulator")).text
            paid = await client.post(f"_simulator/sessions/{session['id']}/pay", json={})
            assert paid.json()["redirect_url"] == "https://shop.test/ok"
            intents = await client.get("v1/payment_intents", headers=headers)
            charge = await client.get(f"v1/charges/{intents.json()['data'][0]['latest_charge']}", headers=headers)
            assert "$5.00: succeeded" in (await client.get(charge.json()["receipt_url"])).text

    asyncio.run(work())


def test_what_is_given_inline_is_retrieved_by_its_id_and_in_no_list(client: stripe.StripeClient) -> None:
    made: Any = client.v1.checkout.sessions.create(params(expand=["line_items"]))
    price = made.line_items.data[0].price
    assert client.v1.prices.retrieve(price.id, {"expand": ["product"]}).product.name == "Tea"  # type: ignore[union-attr]
    assert (client.v1.products.retrieve(price.product).name, price.active) == ("Tea", False)
    assert client.v1.prices.list().data == client.v1.products.list().data == []
    for retrieve, id in ((client.v1.prices.retrieve, price.product), (client.v1.products.retrieve, price.id)):
        with pytest.raises(stripe.InvalidRequestError, match="No such"):
            retrieve(id)


def test_a_deleted_product_that_a_session_sold_is_gone(client: stripe.StripeClient) -> None:
    product = client.v1.products.create({"name": "Pot"})
    data = {"currency": "eur", "unit_amount": 500, "product": product.id}
    client.v1.checkout.sessions.create(params(line_items=[{"price_data": data, "quantity": 1}]))
    client.v1.products.delete(product.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such product"):
        client.v1.products.retrieve(product.id)
