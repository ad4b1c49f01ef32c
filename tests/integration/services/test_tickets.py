"""Tickets of orders that were really paid: the door, the order's page, the receipt that is sent again."""

import email
import email.policy
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from checkout_core import Checkout, Order, OrderStatus, Settings, open_checkout
from checkout_core.domain.errors import InvalidInput, OrderLinkInvalid, OrderNotFound, ReceiptNotSent
from checkout_core.domain.events import OrderEvent, Source
from checkout_core.domain.products import Catalog, PricedItem
from checkout_core.domain.showings import Showing, bought_showings
from checkout_core.domain.tickets import Admission, link_key, order_code, ticket_token
from checkout_core.stores import OrderStore, open_store
from tests.support.clock import TestClock
from tests.support.shopper import EMAIL, kinds, paid_order, pay, pending_order
from tests.support.stores import ScriptedStore


@pytest.fixture
def checkout(settings: Settings, clock: TestClock) -> Iterator[Checkout]:
    """A checkout in memory that sends receipts."""
    with open_checkout(settings, store=ScriptedStore(), clock=clock) as checkout:
        yield checkout


def messages(folder: Path) -> list[EmailMessage]:
    found = sorted((folder / "outbox").iterdir()) if (folder / "outbox").exists() else []
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in found]


def token_of(checkout: Checkout, order: Order) -> str:
    (ticket,) = checkout.tickets(order)
    return ticket.token


def test_a_paid_order_has_a_ticket_with_day_hour_and_hall(checkout: Checkout) -> None:
    order = paid_order(checkout)
    (ticket,) = checkout.tickets(order)
    assert ticket.showing is not None
    assert ticket.showing.words("en_GB") == "Thursday, 3 December 2026 · 20:30 · Hall 1"
    assert (ticket.admits, ticket.admission) == (1, Admission.valid)


def test_before_the_payment_there_is_no_ticket_and_the_door_refuses_its_token(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    order = checkout.store.get(session_id)
    assert order is not None
    token = ticket_token(order, order.items[0].product)
    assert checkout.tickets(order) == []
    assert checkout.redeem_ticket(token, key="1").admission is Admission.unpaid
    pay(checkout, session_id)
    checkout.complete_order(session_id)
    assert checkout.redeem_ticket(token, key="1").admission is Admission.valid


def test_a_ticket_is_valid_once_and_the_same_scan_hears_the_same_again(checkout: Checkout, clock: TestClock) -> None:
    order = paid_order(checkout)
    token = token_of(checkout, order)
    assert checkout.check_ticket(token).admission is Admission.valid
    first = checkout.redeem_ticket(token, key="first")
    clock.advance(minutes=5)
    again = checkout.redeem_ticket(token, key="first")
    assert (again.admission, again.redeemed_at) == (Admission.valid, first.redeemed_at)
    second = checkout.redeem_ticket(token, key="second")
    assert (first.admission, second.admission) == (Admission.valid, Admission.used)
    assert second.redeemed_at == first.redeemed_at
    assert checkout.check_ticket(token).admission is Admission.used
    assert kinds(checkout, order.stripe_checkout_session_id).count("redeemed") == 1


@pytest.fixture(params=["memory", "duckdb", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> OrderStore:
    """Each of the stores, without orders."""
    if request.param == "postgres":
        return open_store(str(request.getfixturevalue("postgres_url")))
    return open_store("memory://" if request.param == "memory" else f"duckdb:///{tmp_path / 'tickets.duckdb'}")


def test_of_16_doors_that_scan_at_the_same_moment_one_hears_valid(settings: Settings, store: OrderStore) -> None:
    with open_checkout(settings, store=store, receipts=None) as checkout:
        token = token_of(checkout, paid_order(checkout))
        with ThreadPoolExecutor(16) as doors:
            answers = list(doors.map(lambda door: checkout.redeem_ticket(token, key=str(door)).admission, range(16)))
    assert sorted(answers) == [Admission.used] * 15 + [Admission.valid]


def test_a_refund_makes_the_ticket_invalid_and_one_of_a_part_does_not(checkout: Checkout) -> None:
    order = paid_order(checkout)
    token = token_of(checkout, order)
    checkout.refund(order.id, 100)
    assert checkout.check_ticket(token).admission is Admission.valid
    checkout.refund(order.id)
    assert checkout.redeem_ticket(token, key="1").admission is Admission.refunded


def test_a_seat_that_a_refund_put_back_on_sale_is_let_in_no_more(checkout: Checkout) -> None:
    session = checkout.create_session({"night-train-to-trieste": 3})
    checkout.create_pending_order(session.id, email=EMAIL)
    pay(checkout, session.id)
    order = checkout.complete_order(session.id)
    order = checkout.refund(order.id, 1250, restock={"night-train-to-trieste": 1})
    answer = checkout.redeem_ticket(token_of(checkout, order), key="1")
    assert answer.ticket is not None
    assert (answer.admission, answer.ticket.admits) == (Admission.valid, 2)


def test_a_refund_after_the_door_says_refunded_and_when_they_went_in(checkout: Checkout) -> None:
    order = paid_order(checkout)
    token = token_of(checkout, order)
    redeemed = checkout.redeem_ticket(token, key="1").redeemed_at
    assert checkout.refund(order.id).status is OrderStatus.refunded
    answer = checkout.redeem_ticket(token, key="1")
    assert (answer.admission, answer.redeemed_at) == (Admission.refunded, redeemed)


@pytest.mark.parametrize("token", ["", ".", "x", "order_1", "0" * 26 + "." + "0" * 26, "\0", "ü" * 90, "a.b.c"])
def test_what_is_no_ticket_is_unknown(checkout: Checkout, token: str) -> None:
    assert checkout.redeem_ticket(token, key="1").admission is Admission.unknown


@pytest.mark.parametrize("key", ["", "x" * 65])
def test_a_scan_has_a_key_that_can_be_kept(checkout: Checkout, key: str) -> None:
    with pytest.raises(InvalidInput):
        checkout.redeem_ticket("x", key=key)


def test_what_was_let_in_without_a_network_is_handed_in_any_number_of_times(
    checkout: Checkout, clock: TestClock
) -> None:
    token = token_of(checkout, paid_order(checkout))
    at = datetime.now(UTC).replace(microsecond=0)
    clock.advance(hours=3)
    for _ in range(3):
        answer = checkout.redeem_ticket(token, key="offline", at=at)
        assert (answer.admission, answer.redeemed_at) == (Admission.valid, at)
    later = checkout.redeem_ticket(token, key="another door", at=at + timedelta(minutes=1))
    assert (later.admission, later.redeemed_at) == (Admission.used, at)


def test_nobody_goes_in_tomorrow(checkout: Checkout, clock: TestClock) -> None:
    token = token_of(checkout, paid_order(checkout))
    answer = checkout.redeem_ticket(token, key="1", at=clock() + timedelta(days=1))
    assert answer.redeemed_at is not None
    assert answer.redeemed_at <= clock()


def test_a_code_finds_the_tickets_of_its_order_before_and_after_it_is_used(checkout: Checkout) -> None:
    order = paid_order(checkout)
    paid_order(checkout)
    (ticket,) = checkout.find_tickets(f" {order_code(order.id).lower()} ")
    assert ticket.order.id == order.id
    checkout.redeem_ticket(ticket.token, key="1")
    assert checkout.find_tickets(order_code(order.id))[0].admission is Admission.used
    assert checkout.find_tickets("0000-0000") == checkout.find_tickets("no code") == []


def test_the_list_of_the_door_has_paid_orders_of_its_showings_only(checkout: Checkout) -> None:
    order = paid_order(checkout)
    pending_order(checkout)
    checkout.refund(paid_order(checkout).id)
    assert [ticket.order.id for ticket in checkout.door_list()] == [order.id]
    assert [ticket.order.id for ticket in checkout.door_list(["night-train-to-trieste"])] == [order.id]
    assert checkout.door_list(["moth-hour"]) == []


def test_a_shop_knows_no_tickets_of_another_shop(settings: Settings) -> None:
    store = ScriptedStore()
    here = open_checkout(settings, store=store, shop="here", receipts=None)
    there = open_checkout(settings, store=store, shop="there", receipts=None)
    order = paid_order(here)
    token = token_of(here, order)
    assert there.redeem_ticket(token, key="1").admission is Admission.unknown
    assert there.find_tickets(order_code(order.id)) == []
    with pytest.raises(OrderLinkInvalid):
        there.order_of_link(order.id, link_key(order))
    assert here.redeem_ticket(token, key="1").admission is Admission.valid


def test_the_signed_address_leads_to_its_order_alone(checkout: Checkout) -> None:
    order, other = paid_order(checkout), paid_order(checkout)
    url = checkout.asynchronous.gateway.urls.order_page(order)
    assert url == f"{checkout.settings.public_url}/ticket?order={order.id}&key={link_key(order)}"
    assert checkout.order_of_link(order.id, link_key(order)).id == order.id
    for order_id, key in (
        (order.id, ""),
        (order.id, link_key(other)),
        (other.id, link_key(order)),
        (order.stripe_checkout_session_id, link_key(order)),
        ("", ""),
    ):
        with pytest.raises(OrderLinkInvalid):
            checkout.order_of_link(order_id, key)


@pytest.mark.parametrize("showing", [None, Showing(starts=datetime(2027, 1, 1, 18, tzinfo=UTC), place="Hall 9")])
def test_a_ticket_stays_what_was_bought_when_the_catalogue_changes(
    duckdb_checkout: Checkout, settings: Settings, clock: TestClock, showing: Showing | None
) -> None:
    order = paid_order(duckdb_checkout)
    before = duckdb_checkout.tickets(order)
    catalog = duckdb_checkout.catalog
    others = [product for product in catalog.values() if product.id != before[0].product]
    moved = [catalog[before[0].product].model_copy(update={"showing": showing})] if showing else []
    with open_checkout(settings, clock=clock, products=Catalog([*others, *moved])) as later:
        assert later.tickets(order) == before
        assert [each.showing for each in later.door_list()] == [before[0].showing]
        assert later.redeem_ticket(before[0].token, key="scan").admission is Admission.valid


@pytest.mark.parametrize("showing", [None, Showing(starts=datetime(2027, 1, 1, 18, tzinfo=UTC), place="Hall 9")])
def test_the_ticket_of_a_recovered_order_is_what_was_bought(
    settings: Settings, clock: TestClock, showing: Showing | None
) -> None:
    with open_checkout(settings, store=ScriptedStore(), clock=clock) as checkout:
        bought = checkout.catalog["night-train-to-trieste"]
        session_id = checkout.create_session({bought.id: 1, "tote-bag": 1}).id
        pay(checkout, session_id)
        catalog = checkout.catalog
    others = [product for product in catalog.values() if product.id != bought.id]
    moved = Catalog([*others, bought.model_copy(update={"showing": showing})])
    with open_checkout(settings, store=ScriptedStore(), clock=clock, products=moved) as later:
        order = later.complete_order(session_id)
        assert order.metadata["recovered"] == "true"
        (ticket,) = later.tickets(order)
        assert ticket.showing == bought.showing


def test_the_ticket_of_a_recovered_order_of_which_stripe_knows_no_showing_is_the_catalogues(
    settings: Settings, clock: TestClock
) -> None:
    showing = Showing(starts=datetime(2027, 1, 1, 18, tzinfo=UTC), place="Hall 9")
    with open_checkout(settings, store=ScriptedStore(), clock=clock) as shop:
        film = shop.catalog["night-train-to-trieste"]
    before, after = (Catalog([film.model_copy(update={"showing": each})]) for each in (None, showing))
    with open_checkout(settings, store=ScriptedStore(), clock=clock, products=before) as checkout:
        session_id = checkout.create_session({film.id: 1}).id
        pay(checkout, session_id)
    with open_checkout(settings, store=ScriptedStore(), clock=clock, products=after) as later:
        (ticket,) = later.tickets(later.complete_order(session_id))
        assert ticket.showing == showing


def test_a_changed_cart_keeps_what_it_is_for_now(checkout: Checkout) -> None:
    session = checkout.create_session({"night-train-to-trieste": 1, "tote-bag": 1})
    order = checkout.create_pending_order(session.id, email=EMAIL, metadata={"mine": "7"})
    assert bought_showings(order.metadata) == {
        "night-train-to-trieste": checkout.catalog["night-train-to-trieste"].showing
    }
    assert checkout.create_pending_order(session.id, email=EMAIL) == order
    other = checkout.create_session({"tote-bag": 1})
    assert checkout.create_pending_order(other.id, email=EMAIL).metadata == {}


def test_the_receipt_has_the_ticket_its_code_the_page_and_the_pdf(checkout: Checkout, tmp_path: Path) -> None:
    order = paid_order(checkout)
    checkout.dispatch_outbox()
    (message,) = messages(tmp_path)
    (ticket,) = checkout.tickets(order)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        for words in (
            "Night Train to Trieste",
            "Thursday, December 3, 2026",
            "8:30\N{NARROW NO-BREAK SPACE}PM",
            "Hall 1",
            ticket.code,
            "Visa •••• 4242",
            f"/ticket?order={order.id}",
            "The Lantern",
        ):
            assert words in part
        assert order.stripe_checkout_session_id not in part
    files = {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}
    assert files["image/png"].get_content().startswith(b"\x89PNG")
    assert files["application/pdf"].get_content().startswith(b"%PDF")
    assert files["application/pdf"].get_filename() == f"receipt-{ticket.code}.pdf"


def test_the_receipt_says_who_sells_and_how_to_reach_them(settings: Settings, tmp_path: Path) -> None:
    seller = {"seller": "Lantern Ltd, 7 Lamp Street", "contact": "hello@shop.test", "refund_terms": "No returns."}
    with open_checkout(settings.replace(**seller), store=ScriptedStore()) as checkout:
        paid_order(checkout)
        checkout.dispatch_outbox()
    (message,) = messages(tmp_path)
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert [words for words in seller.values() if words not in part.get_content()] == []


def test_a_receipt_that_is_asked_for_again_is_a_message_of_its_own_and_is_sent_once(
    checkout: Checkout, tmp_path: Path, clock: TestClock
) -> None:
    order = paid_order(checkout)
    checkout.dispatch_outbox()
    checkout.request_receipt(order.id)
    with pytest.raises(ReceiptNotSent):
        checkout.request_receipt(order.id)
    assert checkout.dispatch_outbox() == 1
    assert checkout.dispatch_outbox() == 0
    first, second = messages(tmp_path)
    assert first["Message-ID"] != second["Message-ID"]
    assert first["To"] == second["To"] == EMAIL
    clock.advance(minutes=20)
    checkout.request_receipt(order.id, source=Source.operator)
    assert checkout.dispatch_outbox() == 1
    assert len(messages(tmp_path)) == 3


def test_a_request_that_had_to_wait_is_not_taken_for_the_one_before(checkout: Checkout, clock: TestClock) -> None:
    sent: list[str] = []

    def again(order: Order, event: OrderEvent) -> None:
        sent.append(event.id)

    with open_checkout(checkout.settings, store=ScriptedStore(), clock=clock, receipts=again) as own:
        order = paid_order(own)
        own.dispatch_outbox()
        for _ in range(2):
            own.request_receipt(order.id, source=Source.operator)
            clock.advance(hours=1)  # nobody dispatched for so long that Stripe is asked what has run
            own.dispatch_outbox()
    assert len(set(sent)) == 3


def test_a_shop_that_sends_no_receipts_says_so(settings: Settings) -> None:
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout:
        order = paid_order(checkout)
        with pytest.raises(ReceiptNotSent, match="sends no receipts"):
            checkout.request_receipt(order.id)


def test_an_order_that_is_not_there_has_no_receipt(checkout: Checkout) -> None:
    with pytest.raises(OrderNotFound):
        checkout.request_receipt("order_none")


class Seats:
    """An application's product source that knows its showings; `price` and `showings` may be coroutines."""

    async def price(self, cart: Mapping[str, int], *, context: object = None) -> Sequence[PricedItem]:
        return [
            PricedItem(product=each, name="Seat", unit_amount=900, quantity=cart[each], currency="eur") for each in cart
        ]

    async def showings(self, products: Collection[str]) -> Mapping[str, Showing]:
        return {"seat": Showing(starts=datetime(2027, 1, 2, 19, tzinfo=UTC), place="Arena")}


class Things(Seats):
    """One that knows none."""

    showings = None  # type: ignore[assignment]


def test_a_product_source_of_an_application_may_know_showings(settings: Settings) -> None:
    with open_checkout(settings, products=Seats(), store=ScriptedStore(), receipts=None) as checkout:
        session = checkout.create_session({"seat": 2, "cushion": 1})
        checkout.create_pending_order(session.id, email=EMAIL)
        pay(checkout, session.id)
        (ticket,) = checkout.tickets(checkout.complete_order(session.id))
    assert ticket.showing is not None
    assert (ticket.product, ticket.showing.place) == ("seat", "Arena")


def test_without_showings_there_are_no_tickets_and_the_receipt_is_as_it_was(settings: Settings, tmp_path: Path) -> None:
    with open_checkout(settings, products=Things(), store=ScriptedStore()) as checkout:
        session = checkout.create_session({"cushion": 1})
        checkout.create_pending_order(session.id, email=EMAIL)
        pay(checkout, session.id)
        assert checkout.tickets(checkout.complete_order(session.id)) == []
        checkout.dispatch_outbox()
    (message,) = messages(tmp_path)
    html = message.get_body(("html",))
    assert html is not None
    assert "1 × Seat" in html.get_content()
    assert "QR" not in html.get_content()
