"""An account that is not ours alone: what other programs sell is never an order, a receipt or a run of a handler here."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.bootstrap import open_shops
from checkout_core.config import metrics
from checkout_core.domain.errors import CheckoutError, InvalidInput, SessionNotFound
from checkout_core.domain.orders import OrderStatus
from checkout_core.domain.ownership import Mark
from checkout_core.stores.memory import MemoryStore
from stripe_simulator import SyncSimulator
from tests.support.metadata import own
from tests.support.sessions import foreign_session
from tests.support.shopper import EMAIL, kinds, open_session, paid_order, pay, pending_order, stripe_of
from tests.support.webhooks import event_body, signed

NOW = timedelta(0)


def logged(caplog: pytest.LogCaptureFixture, text: str, field: str) -> list[object]:
    """Return what a field holds of the entries that say `text`."""
    return [record.__dict__["fields"][field] for record in caplog.records if text in record.message]


MARKS = {
    "none": {},
    "another program's metadata": {"site": "yoga", "product": "mat"},
    "another shop's": Mark("shop.test", "books").metadata(),
    "another installation's": Mark("staging.test", "default").metadata(),
}


def by_sweep(checkout: Checkout, session_id: str) -> None:
    checkout.sweep(older_than=NOW)


def by_redirect(checkout: Checkout, session_id: str) -> None:
    with pytest.raises(SessionNotFound):
        checkout.complete_order(session_id)
    with TestClient(create_app(checkout), follow_redirects=False) as client:
        assert client.get("/checkout/complete", params={"session_id": session_id}).status_code == 404


def by_status_page(checkout: Checkout, session_id: str) -> None:
    with pytest.raises(SessionNotFound):
        checkout.check_order_status(session_id)


def by_webhook(checkout: Checkout, session_id: str) -> None:
    session = stripe_of(checkout).v1.checkout.sessions.retrieve(session_id).to_dict()
    bodies = [
        event_body("checkout.session.completed", **session),
        event_body("checkout.session.completed", object="checkout.session", id=session_id),
        event_body("charge.refunded", object="charge", id="ch_1", payment_intent=session["payment_intent"]),
        event_body("charge.dispute.created", object="dispute", id="du_1", payment_intent=session["payment_intent"]),
    ]
    with TestClient(create_app(checkout)) as client:
        for body in bodies:
            assert client.post("/stripe/webhook", content=body, headers=signed(body)).status_code == 200


def by_reconcile(checkout: Checkout, session_id: str) -> None:
    assert checkout.reconcile(session_id) is None


PATHS = [by_sweep, by_redirect, by_status_page, by_webhook, by_reconcile]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("metadata", MARKS.values(), ids=MARKS)
def test_a_payment_of_another_program_is_nothing_here(
    checkout: Checkout, metadata: dict[str, str], path: Callable[[Checkout, str], None]
) -> None:
    ran: list[Order] = []
    checkout.on_paid(ran.append, name="handler")
    session_id = foreign_session(checkout, metadata=metadata)
    pay(checkout, session_id)

    path(checkout, session_id)
    checkout.dispatch_outbox()

    assert checkout.store.get(session_id) is None
    assert checkout.store.count() == 0
    assert checkout.history(session_id) == ()
    assert ran == []


def test_it_is_logged_and_counted(checkout: Checkout, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    before = metrics.REGISTRY.get_sample_value("checkout_foreign_sessions_total", {"reason": "mark"}) or 0
    session_id = foreign_session(checkout)
    pay(checkout, session_id)
    checkout.reconcile(session_id)
    assert metrics.REGISTRY.get_sample_value("checkout_foreign_sessions_total", {"reason": "mark"}) == before + 1
    assert logged(caplog, "session of another program", "session_id") == [session_id]


def test_an_event_that_says_whose_its_session_is_costs_no_question(checkout: Checkout) -> None:
    session_id = foreign_session(checkout)
    pay(checkout, session_id)
    session = stripe_of(checkout).v1.checkout.sessions.retrieve(session_id).to_dict()
    body = event_body("checkout.session.completed", **session)
    asked = len(checkout.calls.all())
    assert checkout.receive_webhook(body.encode(), signed(body)["stripe-signature"]) is None
    assert len(checkout.calls.all()) == asked


def test_a_session_that_our_application_made_by_itself_is_ours_from_step_2_on(checkout: Checkout) -> None:
    session_id = foreign_session(checkout, metadata={"cart": "7"})
    checkout.create_pending_order(session_id, email=EMAIL, metadata={"seat": "B7"})
    pay(checkout, session_id)
    checkout.sweep(older_than=NOW)
    order = checkout.store.get(session_id)
    assert order is not None
    assert (order.status, order.amount_total, order.metadata) == (OrderStatus.paid, 4900, {"cart": "7", "seat": "B7"})


def test_nobody_makes_another_programs_session_ours_over_http(checkout: Checkout) -> None:
    session_id = foreign_session(checkout)
    with TestClient(create_app(checkout)) as client:
        asked = {"stripe_checkout_session_id": session_id, "email": EMAIL}
        answer = client.post("/checkout/pending", json=asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "session_not_found")
    assert checkout.store.count() == 0


def test_another_shops_session_cannot_be_claimed(checkout: Checkout) -> None:
    session_id = foreign_session(checkout, metadata=MARKS["another shop's"])
    with pytest.raises(SessionNotFound):
        checkout.create_pending_order(session_id, email=EMAIL)


SHOP = """
[[shop]]
id = "{0}"
name = "{0}"
hosts = ["{0}.test"]
public_url = "https://{0}.test"
secret_key = "{1}"
publishable_key = "PUBLISHABLE"
"""


@pytest.fixture
def one_account(make_settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "catalog.toml").write_text(
        '[[product]]\nid = "film"\nname = "A Film"\nunit_amount = 1200\ncurrency = "eur"\n'
    )
    (tmp_path / "shops.toml").write_text(SHOP.format("cinema", "CINEMA") + SHOP.format("books", "BOOKS"))
    monkeypatch.setenv("CINEMA", "sk_test_a")
    monkeypatch.setenv("BOOKS", "rk_test_a")
    monkeypatch.setenv("PUBLISHABLE", "pk_test_a")
    return make_settings()


def test_two_keys_of_one_account_are_two_shops_that_leave_each_other_alone(one_account: Settings) -> None:
    with open_shops(one_account) as shops:
        cinema, books = shops
        session_id = cinema.create_session({"film": 1}).id
        pay(cinema, session_id)
        books.sweep(older_than=NOW)
        assert books.store.get(session_id) is None
        order = cinema.complete_order(session_id)
        assert (order.shop, order.status) == ("cinema", OrderStatus.paid)
        assert shops.shared_accounts() == [["cinema", "books"]]


def test_the_start_says_that_two_keys_are_of_one_account(
    one_account: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with open_shops(one_account) as shops, TestClient(create_app(shops)):
        pass
    assert logged(caplog, "one Stripe account", "shops") == [["cinema", "books"]]


def test_the_order_of_a_lost_database_has_its_id_and_what_the_shopper_said(
    settings: Settings, checkout: Checkout
) -> None:
    session_id = open_session(checkout)
    order = checkout.create_pending_order(session_id, email=EMAIL, metadata={"seat": "B7"})
    pay(checkout, session_id)
    with open_checkout(settings, store=MemoryStore(), receipts=None) as after:
        after.sweep(older_than=NOW)
        again = after.store.get(session_id)
    assert again is not None
    assert (again.id, again.status) == (order.id, OrderStatus.paid)
    assert own(again) == {"seat": "B7", "recovered": "true"}
    assert again.items == order.items


def test_stripes_dashboard_names_the_order(checkout: Checkout) -> None:
    order = paid_order(checkout)
    v1 = stripe_of(checkout).v1
    session = v1.checkout.sessions.retrieve(order.stripe_checkout_session_id, {"expand": ["payment_intent"]})
    intent = session.payment_intent
    assert not isinstance(intent, str)
    assert intent is not None
    assert session.client_reference_id == order.id
    assert order.id in (intent.description or "")
    assert intent.metadata["checkout_order"] == order.id


def test_what_is_not_given_again_in_step_2_stays(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    checkout.create_pending_order(session_id, email=EMAIL, name="Ada", metadata={"user": "7", "seat": "B7"})
    again = checkout.create_pending_order(session_id, email=EMAIL, phone="123", metadata={"seat": "C1"})
    assert (again.name, again.phone, own(again)) == ("Ada", "123", {"user": "7", "seat": "C1"})
    at_stripe = stripe_of(checkout).v1.checkout.sessions.retrieve(session_id).metadata
    assert at_stripe is not None
    assert (at_stripe["user"], at_stripe["seat"]) == ("7", "C1")


@pytest.mark.parametrize("key", ["checkout_shop", "checkout_order", "product_0"])
def test_metadata_cannot_take_the_keys_of_the_mark(checkout: Checkout, key: str) -> None:
    with pytest.raises(InvalidInput, match=key):
        checkout.create_session({next(iter(checkout.catalog)): 1}, metadata={key: "x"})
    with pytest.raises(InvalidInput, match=key):
        checkout.create_pending_order(open_session(checkout), email=EMAIL, metadata={key: "x"})


def test_old_unmarked_sessions_are_adopted_without_running_anything(
    checkout: Checkout, simulator: SyncSimulator
) -> None:
    ran: list[Order] = []
    checkout.on_paid(ran.append, name="handler")
    old = foreign_session(checkout, metadata={"product_0": "mug"})
    yoga = foreign_session(checkout, metadata={"site": "yoga"})
    unpaid = foreign_session(checkout, metadata={"product_0": "mug"})
    for session_id in (old, yoga):
        pay(checkout, session_id)
    ours = paid_order(checkout)
    checkout.dispatch_outbox()
    ran.clear()
    since = checkout.clock() - timedelta(days=1)

    assert [session.id for session in checkout.adoptable_sessions(since)] == [old]
    assert [session.id for session in checkout.adoptable_sessions(since, every=True)] == [yoga, old]
    order = checkout.adopt_session(old)
    assert checkout.adopt_session(old) == order
    assert checkout.adopt_session(unpaid) is None
    assert checkout.adopt_session(ours.stripe_checkout_session_id) == ours
    checkout.sweep(older_than=NOW)
    checkout.dispatch_outbox()

    assert order is not None
    assert (order.status, order.amount_total) == (OrderStatus.paid, 4900)
    assert (kinds(checkout, old), ran) == (["imported"], [])
    assert checkout.store.get(yoga) is None
    assert checkout.adoptable_sessions(since) == []
    assert checkout.refund(order.id).status is OrderStatus.refunded


def test_only_a_payment_that_no_shop_has_marked_can_be_adopted(checkout: Checkout) -> None:
    for session_id in (foreign_session(checkout, metadata=MARKS["another shop's"]), "cs_test_unknown", "nonsense"):
        with pytest.raises(CheckoutError):
            checkout.adopt_session(session_id)


def test_an_order_that_waits_is_ours_whatever_is_done_to_the_mark(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    unset = {"checkout_shop": "", "checkout_installation": "", "checkout_order": ""}
    stripe_of(checkout).v1.checkout.sessions.update(session_id, {"metadata": unset})
    pay(checkout, session_id)
    assert checkout.complete_order(session_id).status is OrderStatus.paid
