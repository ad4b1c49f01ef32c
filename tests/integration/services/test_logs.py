"""What is logged: enough to follow one checkout, and never a secret or a whole e-mail address."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest
import stripe

from checkout_core import Checkout, Settings, open_checkout
from checkout_core.config import logging as logs
from checkout_core.domain.errors import StripeRejected, StripeUnavailable
from tests.support.builders import order as an_order
from tests.support.clock import NO_TIME
from tests.support.gateway import stripe_events
from tests.support.shopper import DECLINED_CARD, fault, open_session, pay, pending_order
from tests.support.stores import ScriptedStore

Written = Callable[[], list[dict[str, object]]]


@pytest.fixture
def written(make_settings: Callable[..., Settings]) -> Iterator[Written]:
    """Everything that was logged, at the most talkative level, as JSON."""
    with logging_to(make_settings(CHECKOUT_LOG_FORMAT="json", CHECKOUT_LOG_LEVEL="debug")) as stream:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@contextmanager
def logging_to(settings: Settings) -> Iterator[io.StringIO]:
    """The logs of the process while inside."""
    root = logging.getLogger()
    level, stream = root.level, io.StringIO()
    logs.configure(settings, stream)
    try:
        yield stream
    finally:
        root.setLevel(level)
        for handler in [each for each in root.handlers if each.get_name() == "checkout"]:
            root.removeHandler(handler)


def test_a_whole_checkout_logs_no_secret_and_no_whole_address(
    make_settings: Callable[..., Settings], written: Written
) -> None:
    secrets = {
        "STRIPE_SECRET_KEY": "sk_test_verysecret1",
        "STRIPE_WEBHOOK_SECRET": "whsec_verysecret2",
        "CHECKOUT_SMTP_URL": "smtp://me:verysecret3@127.0.0.1:9",
        "CHECKOUT_OPERATOR_PASSWORD": "verysecret4",
    }
    settings = make_settings(**secrets, CHECKOUT_MAIL_FROM="shop@example.com")
    with open_checkout(settings, store=ScriptedStore()) as checkout:
        session = checkout.create_session({next(iter(checkout.catalog)): 1}, email="anna@example.com")
        checkout.create_pending_order(session.id, email="anna@example.com", name="Anna")
        pay(checkout, session.id, DECLINED_CARD)
        pay(checkout, session.id)
        order = checkout.complete_order(session.id)
        fault(checkout, "POST /v1/refunds", "500")
        with pytest.raises(StripeUnavailable):
            checkout.refund(order.id, 100)
        checkout.refund(order.id, 100)
        for event in stripe_events(checkout):
            checkout.handle_event(event)
        open_session(checkout)
        checkout.sweep(older_than=NO_TIME)
        checkout.dispatch_outbox()
    lines = written()
    text = json.dumps(lines)
    client_secret = (session.client_secret or "").partition("_secret_")[2]
    for secret in ("verysecret", "anna@example.com", client_secret):
        assert secret
        assert secret not in text
    about = [line for line in lines if line.get("session_id") == session.id]
    assert {"session created", "order event", "handler failed"} <= {str(line["event"]) for line in about}
    assert order.id in {line.get("order_id") for line in about}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("key sk_live_abc123 refused", "key ••• refused"),
        ("rk_test_abc", "•••"),
        ("signed with whsec_abc, twice", "signed with •••, twice"),
        ("cs_test_a1_secret_fidwdXBEa%2F", "cs_test_a1•••"),
        ("Authorization: Bearer abc.def", "Authorization: •••"),
        ("postgresql://me:pass@host/db", "postgresql://me:•••@host/db"),
        ("to anna.b+c@mail.example.com now", "to a•••@mail.example.com now"),
        ("postgresql://me:pass@db.example.com/db", "postgresql://me:•••@db.example.com/db"),
        (
            "GET /x?a=anna%2Bb%40example.com&b=bert%40example.com&c=1",
            "GET /x?a=a•••@example.com&b=b•••@example.com&c=1",
        ),
        ("<anna!#{b}|c@example.com>, bert@example.com", "<a•••@example.com>, b•••@example.com"),
        ("nothing to see @ 10.5", "nothing to see @ 10.5"),
    ],
)
def test_a_text_is_cleaned(text: str, clean: str) -> None:
    assert logs.cleaned(text) == clean
    assert logs.cleaned({"deep": [text, {"er": (text,)}]}) == {"deep": [clean, {"er": [clean]}]}
    assert logs.cleaned(ValueError(text)) == f"ValueError: {clean}"


def test_other_libraries_and_tracebacks_are_cleaned_too(written: Written) -> None:
    try:
        raise ValueError("sk_test_verysecret")
    except ValueError:
        logging.getLogger("some.library").exception("failed for %s", "anna@example.com")
        logs.get_logger("ours").exception("failed", message="anna@example.com", name="any field may have any name")
    foreign, ours = written()
    assert (foreign["event"], foreign["logger"]) == ("failed for a•••@example.com", "some.library")
    assert ours["message"] == "a•••@example.com"
    for line in (foreign, ours):
        assert "ValueError: •••" in str(line["exception"])
        assert "verysecret" not in str(line)


def test_what_an_http_client_says_of_each_request_is_left_out(written: Written, stripe_url: str) -> None:
    httpx2.get(f"{stripe_url}/_simulator").raise_for_status()
    logging.getLogger("shop").info("something of ours")
    assert [line["event"] for line in written()] == ["something of ours"]


def test_what_stripe_repeats_of_a_request_is_cleaned(written: Written) -> None:
    try:
        try:
            raise stripe.InvalidRequestError(  # type: ignore[no-untyped-call]
                "Invalid email address: anna!b@example.com. Key sk_test_verysecret was used.", param="customer_email"
            )
        except stripe.InvalidRequestError as error:
            raise StripeRejected from error
    except StripeRejected:
        logs.get_logger("ours").exception("rejected")
    (line,) = written()
    assert "InvalidRequestError" in str(line["exception"])
    assert "anna!b@" not in str(line)
    assert "verysecret" not in str(line)


def test_things_that_are_no_text_are_cleaned_as_they_are_shown(written: Written) -> None:
    order = an_order(email="anna@example.com")
    logs.get_logger("ours").info(
        "seen", order=order, raw=b"anna@example.com", by={"anna@example.com": [order]}, count=1
    )
    (line,) = written()
    assert line["count"] == 1
    assert str(line).count("•••@example.com") == 4
    assert "anna@" not in str(line)


def test_a_program_that_sets_up_no_logs_hears_only_warnings(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    pending_order(checkout)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_logs_for_people_are_one_line_each(make_settings: Callable[..., Settings]) -> None:
    with logging_to(make_settings(CHECKOUT_LOG_FORMAT="console", CHECKOUT_LOG_LEVEL="info")) as stream:
        logs.get_logger("ours").info("order event", kind="paid")
        logs.get_logger("ours").debug("not this")
    (line,) = stream.getvalue().splitlines()
    assert "order event" in line
    assert "kind=paid" in line
