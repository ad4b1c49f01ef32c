"""The form's side of the table of cards, and how the form writes what is typed: its module, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from stripe_simulator.testing.server import Running
from tests.integration.simulator.card_table import BRANDS, EXPIRIES, SECURITY_CODES, TODAY, WRONG_NUMBERS

pytestmark = pytest.mark.browser
Call = Callable[..., Any]

IBANS = [
    ("DE89370400440532013000", None),
    ("AT611904300234573201", None),
    ("fr14 2004 1010 0505 0001 3m02 606", None),
    ("DE88370400440532013000", "invalid_iban"),
    ("DE89370400445032013000", "invalid_iban"),
    ("DE893704004405", "incomplete_iban"),
]
TYPED = [  # function, what is typed, what the field shows
    ("formatCardNumber", "4242424242424242999", "4242 4242 4242 4242"),
    ("formatCardNumber", "4242-4", "4242 4"),
    ("formatCardNumber", "378282246310005", "3782 822463 10005"),
    ("formatCardNumber", "36227206271667", "3622 7206 2716 67"),
    ("formatExpiry", "1", "1"),
    ("formatExpiry", "1/", "01"),
    ("formatExpiry", "3", "03"),
    ("formatExpiry", "1226", "12 / 26"),
    ("formatExpiry", "12/2034", "12 / 34"),
    ("formatExpiry", "12345", "12 / 34"),
    ("formatIban", "de89 3704-0044", "DE89 3704 0044"),
]


@pytest.fixture
def call(page: Page, simulator: Running) -> Call:
    """Call a function of the module by its name and return what it returns."""
    page.goto(f"{simulator.url}/_simulator/static/payment_methods.js")

    def call_in_page(name: str, *arguments: Any) -> Any:
        script = """async ([name, given]) => {
          const methods = await import(location.href);
          return methods[name](...given);
        }"""
        return page.evaluate(script, [name, list(arguments)])

    return call_in_page


def code_of(error: Any) -> str | None:
    return error["code"] if error else None


def test_the_form_shows_the_brand_of_a_card(call: Call) -> None:
    assert [call("brandOf", number) for number, _, _ in BRANDS] == [picture for _, _, picture in BRANDS]
    assert call("brandOf", "") == ""


def test_every_test_card_can_be_typed_and_passes_the_check(call: Call) -> None:
    typed = {number: call("formatCardNumber", number).replace(" ", "") for number, _, _ in BRANDS}
    assert typed == {number: number for number in typed}
    assert {number: call("checkCardNumber", number) for number in typed} == dict.fromkeys(typed)


def test_the_form_refuses_a_wrong_card_number(call: Call) -> None:
    found = [(number, code_of(call("checkCardNumber", number))) for number, _, _ in WRONG_NUMBERS]
    assert found == [(number, code) for number, code, _ in WRONG_NUMBERS]


def test_the_form_refuses_a_card_that_has_expired(call: Call) -> None:
    found = [(text, call("parseExpiry", text), code_of(call("checkExpiry", text, TODAY))) for text, _, _, _ in EXPIRIES]
    assert found == [(text, {"month": month, "year": year}, code) for text, (month, year), code, _ in EXPIRIES]
    assert call("parseExpiry", "12 /") is None
    assert code_of(call("checkExpiry", "12 /", TODAY)) == "incomplete_expiry"


def test_the_form_refuses_a_wrong_security_code(call: Call) -> None:
    found = [code_of(call("checkSecurityCode", cvc, {"number": number})) for number, cvc, _, _ in SECURITY_CODES]
    assert found == [code for _, _, code, _ in SECURITY_CODES]


def test_the_form_checks_an_iban(call: Call) -> None:
    assert [(iban, code_of(call("checkIban", iban))) for iban, _ in IBANS] == IBANS


def test_the_form_writes_what_is_typed_as_it_should_look(call: Call) -> None:
    assert [(name, typed, call(name, typed)) for name, typed, _ in TYPED] == TYPED
