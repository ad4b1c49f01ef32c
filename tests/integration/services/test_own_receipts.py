"""Receipts of an application: its own templates, its own handler, or none."""

import email
import email.policy
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from checkout_core import Order, Settings, open_checkout
from checkout_core.domain.errors import ConfigurationError, InvalidHandler
from checkout_core.receipts.message import Receipts
from tests.support.shopper import paid_order
from tests.support.stores import ScriptedStore

GERMAN = {
    "subject.txt": "Ihre Quittung {{ order.id }}\n",
    "receipt.txt": "{% for item in order.items %}{{ item.quantity }}x {{ item.name }}{% endfor %}\n"
    "Summe: {{ order.amount_total | amount(order.currency) }}, am {{ paid_at }}\n",
}


def sent(settings: Settings, receipts: Any) -> EmailMessage:
    """Sell something, and return the receipt that was written."""
    with open_checkout(settings, store=ScriptedStore(), receipts=receipts) as checkout:
        order = paid_order(checkout)
        assert checkout.dispatch_outbox() == 1
    file = settings.data_dir / "outbox" / f"{order.id}.eml"
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_templates_of_an_application_replace_ours_by_their_names(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    for name, text in GERMAN.items():
        (folder / name).write_text(text, encoding="utf-8")
    message = sent(settings, Receipts(templates=folder, locale="de_DE"))
    assert message["Subject"].startswith("Ihre Quittung order_")
    assert "\N{NO-BREAK SPACE}€" in part(message, "plain")
    assert "Thank you" not in part(message, "plain")
    assert '<html lang="de">' in part(message, "html")
    assert "Thank you for your order" in part(message, "html"), "the one that is not there is the standard one"


def test_a_subject_is_an_argument(settings: Settings) -> None:
    message = sent(settings, Receipts("Paper Moon", subject="{{ shop }}: thank you"))
    assert message["Subject"] == "Paper Moon: thank you"
    assert "Paper Moon" in part(message, "plain")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("receipt.txt", "{{ order.nothing }}"),
        ("receipt.html", "{% for %}"),
        ("subject.txt", "{{ nothing }}"),
        ("receipt.html", "{{ order.amount_total | money }}"),
        ("receipt.txt", "{% include 'nowhere.txt' %}"),
    ],
)
def test_a_template_that_cannot_be_used_is_found_before_anything_is_sold(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Receipts(templates=tmp_path)


@pytest.mark.parametrize(
    "arguments", [{"templates": "nowhere"}, {"locale": "xx_YY"}, {"locale": ""}, {"subject": "{{ nothing }}"}]
)
def test_what_cannot_be_used_is_refused_at_once(arguments: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        Receipts(**arguments)  # type: ignore[arg-type]


def test_receipts_without_a_mailbox_say_what_to_do(settings: Settings) -> None:
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout:
        order = paid_order(checkout)
    with pytest.raises(ConfigurationError, match="Give them to open_checkout"):
        Receipts()(order)


def heard_by(heard: list[str], *, asynchronous: bool) -> Callable[[Order], Any]:
    async def coroutine(order: Order) -> None:
        heard.append(order.id)

    return coroutine if asynchronous else lambda order: heard.append(order.id)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_handler_of_an_application_takes_the_place_of_receipts(settings: Settings, asynchronous: bool) -> None:
    heard: list[str] = []
    receipts = heard_by(heard, asynchronous=asynchronous)
    with open_checkout(settings, store=ScriptedStore(), receipts=receipts) as checkout:
        order = paid_order(checkout)
        checkout.dispatch_outbox()
    assert heard == [order.id]
    assert not (settings.data_dir / "outbox").exists()


def test_no_receipts_are_an_argument(settings: Settings) -> None:
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout:
        paid_order(checkout)
        checkout.dispatch_outbox()
    assert not (settings.data_dir / "outbox").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"receipts": True}, "is a bool, not a function"),
        ({"receipts": "off"}, "is a str, not a function"),
        ({"receipts": Receipts}, r"not the class: receipts=Receipts\(…\)"),
        ({"handlers": 5}, r"handlers are a list of functions"),
        ({"handlers": [None]}, "is a NoneType, not a function"),
        ({"handlers": [lambda order: None]}, "needs a name"),
        ({"before_session": [print]}, "is a list, not a function"),
    ],
)
def test_what_is_no_handler_is_refused_when_a_checkout_is_opened(
    settings: Settings, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidHandler, match=says):
        open_checkout(settings, store=ScriptedStore(), **arguments)
