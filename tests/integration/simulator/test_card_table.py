"""The server's side of the table of cards; the form's side is in tests/e2e/browser/simulator/test_payment_form.py."""

from collections.abc import Iterator

import pytest
import stripe

from stripe_simulator.testing.server import Running, running

from .card_table import BRANDS, EXPIRIES, SECURITY_CODES, TODAY, WRONG_NUMBERS
from .conftest import params
from .test_shopper import CARD, ask


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with running(clock=TODAY.timestamp) as running_simulator:
        yield running_simulator


def confirm(client: stripe.StripeClient, simulator: Running, **card: str) -> str | None:
    """Pay a new session with a card and return the error code, or None when it was paid."""
    session = client.v1.checkout.sessions.create(params())
    answer = ask(simulator, session, "confirm", {**CARD, **card})
    code: str | None = answer["error"]["code"] if "error" in answer else None
    assert code or answer["status"] == "complete"
    return code


@pytest.mark.parametrize(("number", "brand", "_"), BRANDS)
def test_a_charge_tells_the_brand_of_its_card(
    client: stripe.StripeClient, simulator: Running, number: str, brand: str, _: str
) -> None:
    code = {"cvc": "1234" if brand == "amex" else "123"}
    assert confirm(client, simulator, number=number, **code) is None
    [charge] = client.v1.charges.list().data
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.brand == brand


@pytest.mark.parametrize(("number", "_", "code"), WRONG_NUMBERS)
def test_the_server_refuses_a_wrong_card_number(
    client: stripe.StripeClient, simulator: Running, number: str, _: str, code: str
) -> None:
    assert confirm(client, simulator, number=number) == code


@pytest.mark.parametrize(("text", "date", "_", "code"), EXPIRIES)
def test_the_server_refuses_a_card_that_has_expired(
    client: stripe.StripeClient, simulator: Running, text: str, date: tuple[int, int], _: str | None, code: str | None
) -> None:
    month, year = date
    assert confirm(client, simulator, exp_month=str(month), exp_year=str(year)) == code


@pytest.mark.parametrize(("number", "cvc", "_", "code"), SECURITY_CODES)
def test_the_server_refuses_a_wrong_security_code(
    client: stripe.StripeClient, simulator: Running, number: str, cvc: str, _: str | None, code: str | None
) -> None:
    assert confirm(client, simulator, number=number, cvc=cvc) == code
