"""The receipt: it is there once, in the folder or at a real mail server."""

import email
import email.policy
import smtplib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.domain.orders import OrderStatus
from checkout_core.receipts.mail import mailbox
from checkout_core.receipts.message import Receipts
from tests.conftest import free_port
from tests.support import builders
from tests.support.builders import NOW
from tests.support.clock import TestClock
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
    assert order.metadata == {"recovered": "true"}
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


class Inbox:
    """A mail server's memory."""

    def __init__(self) -> None:
        self.messages: list[Envelope] = []
        self.busy = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.busy:
            return "451 Try again later"
        self.messages.append(envelope)
        return "250 OK"


def _knows(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
    assert isinstance(data, LoginPassword)
    known = (data.login, data.password) == (b"me@shop", b"p:w")
    return AuthResult(success=known, handled=known)


@pytest.fixture
def inbox() -> Iterator[tuple[int, Inbox]]:
    inbox = Inbox()
    options: dict[str, Any] = {"authenticator": _knows, "auth_required": True, "auth_require_tls": False}
    server = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
    server.start()
    try:
        yield server.port, inbox
    finally:
        server.stop()


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
    received.busy = True
    with open_checkout(by_mail(make_settings, port), store=ScriptedStore(), clock=clock) as checkout:
        paid_order(checkout)
        assert checkout.dispatch_outbox() == 0
        assert checkout.store.count_outbox() == 1
        received.busy = False
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
