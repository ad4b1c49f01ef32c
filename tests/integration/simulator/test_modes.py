"""Sessions of the modes `setup` and `subscription`, as another program on the account makes them."""

from typing import Any

import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params, priced


def monthly(amount: int = 900) -> Any:
    [line] = priced(amount)
    return [{**line, "price_data": {**line["price_data"], "recurring": {"interval": "month"}}}]


@pytest.mark.parametrize("currency", [None, "usd"])
def test_a_setup_session_asks_for_nothing(
    client: stripe.StripeClient, simulator: Running, currency: str | None
) -> None:
    made = client.v1.checkout.sessions.create(params(mode="setup", line_items=None, currency=currency))
    assert (made.amount_total, made.amount_subtotal, made.currency) == (None, None, currency)
    assert (made.payment_status, made.payment_intent) == ("no_payment_required", None)
    assert str(made.setup_intent).startswith("seti_")
    simulator.simulator.pay_session(made.id)
    after = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["line_items", "payment_intent"]})
    assert (after.status, after.payment_status, after.amount_total) == ("complete", "no_payment_required", None)
    assert after.payment_intent is None
    assert client.v1.charges.list().data == []
    completed = client.v1.events.list({"type": "checkout.session.completed"}).data[0]
    assert (completed.data.object["mode"], completed.data.object["currency"]) == ("setup", currency)


def test_a_subscription_is_paid_by_an_invoice_of_its_own(client: stripe.StripeClient, simulator: Running) -> None:
    made = client.v1.checkout.sessions.create(params(mode="subscription", line_items=[*monthly(), *priced(100)]))
    assert (made.subscription, made.invoice, made.payment_status) == (None, None, "unpaid")
    assert "ideal" not in made.payment_method_types
    simulator.simulator.pay_session(made.id)
    after = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["line_items"]})
    assert (after.status, after.payment_status, after.amount_total) == ("complete", "paid", 1000)
    assert (after.payment_intent, str(after.subscription)[:4], str(after.invoice)[:3]) == (None, "sub_", "in_")
    assert str(after.customer).startswith("cus_")
    assert after.line_items is not None
    assert [line.price and line.price.type for line in after.line_items.data] == ["recurring", "one_time"]
    [charge] = client.v1.charges.list().data
    assert (charge.amount, charge.paid) == (1000, True)


def test_a_subscription_may_be_declined_first(client: stripe.StripeClient, simulator: Running) -> None:
    made = client.v1.checkout.sessions.create(params(mode="subscription", line_items=monthly()))
    with pytest.raises(Exception, match="declined"):
        simulator.simulator.pay_session(made.id, "4000000000000002")
    assert client.v1.checkout.sessions.retrieve(made.id).status == "open"
    assert simulator.simulator.pay_session(made.id)["payment_status"] == "paid"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "payment", "line_items": monthly()}, "line_items"),
        ({"mode": "subscription"}, "line_items"),
        ({"mode": "setup"}, "line_items"),
        ({"mode": "subscription", "line_items": monthly(), "submit_type": "pay"}, "submit_type"),
        ({"mode": "setup", "line_items": None, "payment_intent_data": {"description": "x"}}, "payment_intent_data"),
    ],
)
def test_what_does_not_go_with_the_mode_is_refused(client: stripe.StripeClient, changes: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(params(**changes))
    assert refused.value.param == param


def test_a_recurring_price_says_how_often(client: stripe.StripeClient) -> None:
    given: Any = {"currency": "eur", "unit_amount": 900, "product_data": {"name": "Box"}}
    given["recurring"] = {"interval": "month", "interval_count": 3}
    price = client.v1.prices.create(given)
    assert price.recurring is not None
    assert (price.type, price.recurring.interval, price.recurring.interval_count) == ("recurring", "month", 3)
    given["recurring"] = {"interval": "hour"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.prices.create(given)
    assert refused.value.param == "recurring[interval]"


def test_metadata_is_merged_at_every_status_and_the_payment_names_the_order(
    client: stripe.StripeClient, simulator: Running
) -> None:
    data = {"description": "Order 7", "metadata": {"order": "7"}, "receipt_email": "a@b.test"}
    made = client.v1.checkout.sessions.create(
        params(payment_intent_data=data, client_reference_id="order-7", metadata={"a": "1", "b": "2"})
    )
    client.v1.checkout.sessions.update(made.id, {"metadata": {"b": "", "c": "3"}})
    simulator.simulator.pay_session(made.id)
    changed = client.v1.checkout.sessions.update(made.id, {"metadata": {"d": "4"}})
    assert changed.to_dict()["metadata"] == {"a": "1", "c": "3", "d": "4"}
    wanted: Any = {"expand": ["payment_intent.latest_charge"]}
    after: Any = client.v1.checkout.sessions.retrieve(made.id, wanted)
    for named in (after.payment_intent, after.payment_intent.latest_charge):
        assert (named.description, named.metadata.to_dict(), named.receipt_email) == (
            "Order 7",
            {"order": "7"},
            "a@b.test",
        )
    assert after.client_reference_id == "order-7"
