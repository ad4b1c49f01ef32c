"""`expand`: what Stripe knows is expanded, and every other path is refused before anything is done."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from stripe_simulator.http.expansion_paths import COLLECTIONS, KINDS, NO_OBJECT
from stripe_simulator.testing.server import Running
from tests.support.sdk_shapes import Shape, shape_of

from .conftest import params

SESSION = "/v1/checkout/sessions/{session}"
UNKNOWN = [
    (SESSION, "bogus"),
    (SESSION, "metadata"),
    (SESSION, "total_details"),
    (SESSION, "payment_intent.bogus"),  # null: the session is open
    (SESSION, "payment_intent.latest_charge.bogus"),
    (SESSION, "shipping_cost.bogus"),
    (SESSION, "shipping_cost.shipping_rate.bogus"),
    (SESSION, "discounts.bogus"),  # an empty list
    (SESSION, "discounts.coupon.bogus"),
    (SESSION, "line_items.bogus"),
    (SESSION, "line_items.data.price.bogus"),
    ("/v1/refunds", "data.bogus"),
    ("/v1/refunds", "data.charge.bogus"),
    ("/v1/refunds", "bogus"),
    ("/v1/disputes", "data.evidence"),
    ("/v1/balance_transactions", "data.source.bogus"),
    ("/v1/events", "data.data"),
    ("/v1/account", "settings.branding"),
    ("/v1/balance", "available"),
]
KNOWN = [
    (SESSION, "line_items.data"),
    (SESSION, "line_items.data.price"),
    (SESSION, "line_items.data.discounts.discount"),
    (SESSION, "payment_intent.latest_charge.outcome.rule"),
    (SESSION, "payment_intent.latest_charge.balance_transaction.source"),
    (SESSION, "automatic_tax.liability.account"),
    (SESSION, "subscription"),
    ("/v1/refunds", "data.charge.balance_transaction"),
    ("/v1/disputes", "data.evidence.receipt"),
    ("/v1/account", "settings.branding.icon"),
]


def ask(client: stripe.StripeClient, path: str, expand: str, session: str = "") -> Any:
    """Return the answer to a request that expands one path."""
    return client.raw_request("get", f"{path.format(session=session)}?expand[]={expand}")


@pytest.mark.parametrize(("path", "expand"), UNKNOWN)
def test_a_path_that_stripe_does_not_know_is_refused(client: stripe.StripeClient, path: str, expand: str) -> None:
    session = client.v1.checkout.sessions.create(params())
    with pytest.raises(stripe.InvalidRequestError) as caught:
        ask(client, path, expand, session.id)
    assert (caught.value.http_status, caught.value.user_message) == (
        400,
        f"This property cannot be expanded ({expand}).",
    )


@pytest.mark.parametrize(("path", "expand"), KNOWN)
@pytest.mark.parametrize("paid", [False, True])
def test_a_path_that_stripe_knows_is_taken(
    client: stripe.StripeClient, simulator: Running, paid: bool, path: str, expand: str
) -> None:
    session = client.v1.checkout.sessions.create(params())
    if paid:
        simulator.simulator.pay_session(session.id)
    assert ask(client, path, expand, session.id).code == 200


def test_a_list_says_where_its_objects_are(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.list({"expand": ["payment_intent"]})
    assert str(caught.value.user_message).endswith(
        "(payment_intent). You may want to try expanding 'data.payment_intent' instead."
    )


def test_a_path_of_five_levels_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot expand more than 4 levels of a property"):
        client.v1.checkout.sessions.list({"expand": ["data.payment_intent.latest_charge.refunds.data"]})


def test_nothing_is_done_when_a_path_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.checkout.sessions.create(params(expand=["bogus"]), {"idempotency_key": "one"})
    assert client.v1.checkout.sessions.list().data == []
    assert client.v1.checkout.sessions.create(params(), {"idempotency_key": "one"}).id


def expandable(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the paths of an object that the SDK's annotations call expandable."""
    for name, annotation in shape.fields.items():
        text = ast.unparse(annotation).replace("'", "").replace('"', "")
        inner = shape.find(text.replace("]", "").rpartition("[")[2].rpartition(".")[2])
        if "ExpandableField" in text or "ListObject" in text:
            yield ".".join((*path, name))
        elif inner is not None:
            yield from expandable(inner, (*path, name))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != NO_OBJECT and shape_of(kind) is not None])
def test_every_path_that_stripes_types_call_expandable_is_known(kind: str) -> None:
    shape = shape_of(kind)
    assert shape is not None
    assert set(expandable(shape)) <= KINDS[kind].keys()
    assert {one for one in KINDS[kind].values() if one is not None} <= KINDS.keys()


def test_every_collection_has_a_kind() -> None:
    assert set(COLLECTIONS.values()) <= KINDS.keys()
