"""The receipt: it is there once, in the folder or at a real mail server."""

import email
import email.policy
import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.domain.errors import InvalidInput
from checkout_core.domain.events import EventKind, OrderEvent, Source
from checkout_core.domain.orders import OrderStatus
from checkout_core.receipts.mail import mailbox
from checkout_core.receipts.message import Receipts
from tests.conftest import free_port
from tests.support import builders
from tests.support.builders import NOW
from tests.support.clock import TestClock
from tests.support.metadata import own
from tests.support.shopper import open_session, paid_order, pay
from tests.support.stores import ScriptedStore

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def an_order(**changes: Any) -> Order:
    fields = {"id": "order_01", "status": OrderStatus.paid, "email": "anna@example.com", "paid_at": NOW}
    return builders.order(**fields | changes)


@pytest.fixture
def checkout(settings: Settings, clock: TestClock) -> Iterator[Checkout]:
    """A checkout in memory that sends receipts."""
    with open_checkout(settings, store=ScriptedStore(), clock=clock) as checkout:
        yield checkout


def receipts_in(folder: Path) -> list[Path]:
    return sorted((folder / "outbox").iterdir()) if (folder / "outbox").exists() else []


def test_a_paid_order_leaves_one_receipt_in_the_folder_however_often_it_is_written(
    checkout: Checkout, tmp_path: Path
) -> None:
    order = paid_order(checkout)
    assert checkout.dispatch_outbox() == 1
    Receipts("Again", mailbox(checkout.settings))(order)
    (file,) = receipts_in(tmp_path)
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert file.name == f"{order.id}.eml"
    assert message["Message-ID"] == f"<{order.id}@shop.test>"
    assert message["Subject"] == "Your receipt from Again"


def test_a_recovered_order_has_a_receipt_too(checkout: Checkout, tmp_path: Path) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert own(order) == {"recovered": "true"}
    checkout.dispatch_outbox()
    assert [file.stem for file in receipts_in(tmp_path)] == [order.id]


def test_an_order_that_was_refunded_before_its_receipt_was_written_still_has_one(
    checkout: Checkout, tmp_path: Path
) -> None:
    order = paid_order(checkout)
    checkout.refund(order.id)
    checkout.dispatch_outbox()
    assert b"Refunded" in receipts_in(tmp_path)[0].read_bytes()


def test_without_an_address_there_is_nothing_to_send(checkout: Checkout, tmp_path: Path) -> None:
    Receipts("Shop", mailbox(checkout.settings))(an_order(email=None))
    assert receipts_in(tmp_path) == []


DOMAINS = {"anna@exämple.de": "anna@xn--exmple-cua.de", "anna@مثال.إختبار": "anna@xn--mgbh0fb.xn--kgbechtv"}
"""Every mail server takes these, by the name that DNS knows."""
LETTERS = {"jörg@example.com": "jörg@example.com", "анна@почта.рф": "анна@xn--80a1acny.xn--p1ai"}
"""These need a mail server with SMTPUTF8."""


def order_for(checkout: Checkout, address: str) -> Order:
    session_id = open_session(checkout)
    checkout.create_pending_order(session_id, email=address)
    pay(checkout, session_id)
    return checkout.complete_order(session_id)


@pytest.mark.parametrize(("address", "written"), (DOMAINS | LETTERS).items())
def test_an_address_in_any_script_has_a_receipt_in_the_folder(
    checkout: Checkout, tmp_path: Path, address: str, written: str
) -> None:
    order = order_for(checkout, address)
    assert order.email == address
    assert (checkout.dispatch_outbox(), checkout.store.count_outbox()) == (1, 0)
    (file,) = receipts_in(tmp_path)
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.SMTPUTF8)
    assert str(message["To"]) == written


@pytest.mark.parametrize(("address", "written"), (DOMAINS | LETTERS).items())
def test_a_mail_server_with_smtputf8_takes_addresses_in_any_script(
    make_settings: Callable[..., Settings], clock: TestClock, address: str, written: str
) -> None:
    with mail_server(enable_SMTPUTF8=True) as (port, received):
        settings = make_settings(CHECKOUT_SMTP_URL=f"smtp://127.0.0.1:{port}", CHECKOUT_MAIL_FROM="S <shop@exämple.de>")
        with open_checkout(settings, store=ScriptedStore(), clock=clock) as checkout:
            order_for(checkout, address)
            assert (checkout.dispatch_outbox(), checkout.store.count_outbox()) == (1, 0)
    (envelope,) = received.messages
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@xn--exmple-cua.de", [written])
    assert ("SMTPUTF8" in envelope.mail_options) is (address in LETTERS)


@pytest.mark.parametrize(("address", "written"), DOMAINS.items())
def test_a_mail_server_without_smtputf8_takes_domains_in_any_script(
    make_settings: Callable[..., Settings], clock: TestClock, address: str, written: str
) -> None:
    with mail_server() as (port, received):
        settings = make_settings(CHECKOUT_SMTP_URL=f"smtp://127.0.0.1:{port}", CHECKOUT_MAIL_FROM="shop@example.com")
        with open_checkout(settings, store=ScriptedStore(), clock=clock) as checkout:
            order_for(checkout, address)
            assert checkout.dispatch_outbox() == 1
    assert received.messages[0].rcpt_tos == [written]


@pytest.mark.parametrize("address", LETTERS)
def test_step_two_refuses_an_address_that_no_receipt_can_be_sent_to(
    make_settings: Callable[..., Settings], clock: TestClock, address: str
) -> None:
    with mail_server() as (port, _):
        settings = make_settings(CHECKOUT_SMTP_URL=f"smtp://127.0.0.1:{port}", CHECKOUT_MAIL_FROM="shop@example.com")
        with open_checkout(settings, store=ScriptedStore(), clock=clock) as checkout:
            session_id = open_session(checkout)
            with pytest.raises(InvalidInput, match="cannot send your receipt to this address") as refused:
                checkout.create_pending_order(session_id, email=address)
            assert refused.value.field == "email"
            assert checkout.store.get(session_id) is None
            checkout.create_pending_order(session_id, email="anna@example.com")


def test_while_the_mail_server_cannot_be_asked_only_what_always_works_is_taken(
    make_settings: Callable[..., Settings], clock: TestClock
) -> None:
    settings = make_settings(CHECKOUT_SMTP_URL=f"smtp://127.0.0.1:{free_port()}", CHECKOUT_MAIL_FROM="shop@example.com")
    with open_checkout(settings, store=ScriptedStore(), clock=clock) as checkout:
        session_id = open_session(checkout)
        with pytest.raises(InvalidInput, match="cannot send your receipt"):
            checkout.create_pending_order(session_id, email="jörg@example.com")
        checkout.create_pending_order(session_id, email="anna@exämple.de")


def test_a_shop_without_receipts_takes_addresses_in_any_script(settings: Settings) -> None:
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout:
        assert order_for(checkout, "jörg@example.com").email == "jörg@example.com"


@pytest.mark.parametrize("address", [*LETTERS, "anna", "anna@", "a" * 65 + "@example.com", "anna@" + "d" * 64 + ".com"])
def test_a_receipt_that_can_never_be_sent_is_told_to_the_operator_and_not_tried_again(
    make_settings: Callable[..., Settings], clock: TestClock, address: str
) -> None:
    """Orders from before, and those that were made from a payment, may have any address."""
    with mail_server() as (port, received):
        settings = make_settings(CHECKOUT_SMTP_URL=f"smtp://127.0.0.1:{port}", CHECKOUT_MAIL_FROM="shop@example.com")
        store = ScriptedStore()
        with open_checkout(settings, store=store, clock=clock) as checkout:
            order = an_order(email=address)
            store.put(order, OrderEvent.of(order, kind=EventKind.paid, source=Source.webhook, at=NOW))
            assert checkout.dispatch_outbox() == 1
            assert checkout.store.count_outbox() == 0
            told = checkout.history(order.stripe_checkout_session_id)[-1]
    assert (told.kind, told.source, told.detail["handler"]) == (EventKind.undeliverable, Source.outbox, "receipt")
    assert told.detail["reason"]
    assert received.messages == []


@pytest.mark.parametrize(
    ("answer", "given_up"),
    [
        ("550 5.1.1 No such user here", True),
        ("553 5.1.3 Bad address syntax", True),
        ("550 No such user here", True),
        ("553 Mailbox name not allowed", True),
        ("553 5.6.7 Non-ASCII addresses are not taken there", True),
        ("550 5.7.1 Relaying denied", False),
        ("550 relay not permitted", False),
        ("554 5.7.1 Sender is not signed", False),
        ("552 5.2.2 Mailbox full", False),
        ("450 4.2.0 Greylisted", False),
        ("451 Try again later", False),
    ],
)
@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_only_a_refusal_of_the_address_itself_ends_the_tries(
    make_settings: Callable[..., Settings], clock: TestClock, command: str, answer: str, given_up: bool
) -> None:
    with mail_server() as (port, received):
        setattr(received, "refusal" if command == "RCPT" else "busy", answer)
        settings = make_settings(CHECKOUT_SMTP_URL=f"smtp://127.0.0.1:{port}", CHECKOUT_MAIL_FROM="shop@example.com")
        with open_checkout(settings, store=ScriptedStore(), clock=clock) as checkout:
            order = paid_order(checkout)
            assert checkout.dispatch_outbox() == given_up
            assert checkout.store.count_outbox() == (not given_up)
            last = checkout.history(order.stripe_checkout_session_id)[-1]
    assert (last.kind is EventKind.undeliverable) is given_up
    assert not given_up or answer in last.detail["reason"]


class Inbox:
    """A mail server's memory."""

    def __init__(self) -> None:
        self.messages: list[Envelope] = []
        self.busy = ""
        self.refusal = ""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.busy:
            return self.busy
        self.messages.append(envelope)
        return "250 OK"


def _knows(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
    assert isinstance(data, LoginPassword)
    known = (data.login, data.password) == (b"me@shop", b"p:w")
    return AuthResult(success=known, handled=known)


@contextmanager
def mail_server(**options: Any) -> Iterator[tuple[int, Inbox]]:
    """Run a mail server; give its port and its memory. Without `enable_SMTPUTF8` it takes ASCII only."""
    inbox = Inbox()
    options = {"enable_SMTPUTF8": False} | options
    server = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
    server.start()
    try:
        yield server.port, inbox
    finally:
        server.stop()


@pytest.fixture
def inbox() -> Iterator[tuple[int, Inbox]]:
    with mail_server(authenticator=_knows, auth_required=True, auth_require_tls=False) as it:
        yield it


def by_mail(make_settings: Callable[..., Settings], port: int, who: str = "me%40shop:p%3Aw") -> Settings:
    return make_settings(CHECKOUT_SMTP_URL=f"smtp://{who}@127.0.0.1:{port}", CHECKOUT_MAIL_FROM="shop@example.com")


def test_with_a_mail_server_the_receipt_is_sent(
    make_settings: Callable[..., Settings], inbox: tuple[int, Inbox], tmp_path: Path, clock: TestClock
) -> None:
    port, received = inbox
    with open_checkout(by_mail(make_settings, port), store=ScriptedStore(), clock=clock) as checkout:
        order = paid_order(checkout)
        assert checkout.dispatch_outbox() == 1
    (envelope,) = received.messages
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", ["anna@example.com"])
    assert isinstance(envelope.content, bytes)
    assert f"<{order.id}@shop.test>".encode() in envelope.content
    assert receipts_in(tmp_path) == []


def test_a_mail_server_that_is_busy_gets_the_receipt_later(
    make_settings: Callable[..., Settings], inbox: tuple[int, Inbox], clock: TestClock
) -> None:
    port, received = inbox
    received.busy = "451 Try again later"
    with open_checkout(by_mail(make_settings, port), store=ScriptedStore(), clock=clock) as checkout:
        paid_order(checkout)
        assert checkout.dispatch_outbox() == 0
        assert checkout.store.count_outbox() == 1
        received.busy = ""
        clock.advance(days=1)
        assert checkout.dispatch_outbox() == 1
    assert len(received.messages) == 1


def test_a_mail_server_that_says_nothing_is_given_up_and_asked_again_later(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout_core.receipts.mail.TIMEOUT_SECONDS", 0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        open_checkout(by_mail(make_settings, silent.getsockname()[1]), store=ScriptedStore()) as checkout,
    ):
        paid_order(checkout)
        assert checkout.dispatch_outbox() == 0
        assert checkout.store.count_outbox() == 1


def test_a_wrong_password_is_an_error_that_does_not_show_it(
    make_settings: Callable[..., Settings], inbox: tuple[int, Inbox]
) -> None:
    settings = by_mail(make_settings, inbox[0], "me%40shop:hunter2")
    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        Receipts("Shop", mailbox(settings))(an_order())
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(settings)


def test_the_password_is_not_sent_in_the_clear_to_another_machine(
    make_settings: Callable[..., Settings], inbox: tuple[int, Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout_core.receipts.mail.is_loopback", lambda host: False)
    with pytest.raises(smtplib.SMTPNotSupportedError, match="encryption"):
        Receipts("Shop", mailbox(by_mail(make_settings, inbox[0])))(an_order())
