"""The switch for parameters that are not simulated, and `payment_method_types` by Stripe-Version."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator import Simulator
from stripe_simulator.testing.server import Running

from .conftest import params
from .unsupported_parameters import KEPT, REFUSED

HEADERS = {"authorization": "Bearer sk_test_123"}
BEFORE_ENDIVE = ["2020-08-27", "2023-10-16", "2024-06-20", "2025-09-30.clover", "2026-08-26.dahlia"]


@pytest.fixture
def ignoring(simulator: Running) -> Iterator[Running]:
    simulator.simulator.unsupported = "ignore"
    yield simulator
    simulator.simulator.unsupported = "refuse"


def is_part(given: Any, shown: Any) -> bool:
    """Whether what was given is shown again; what a form cannot say is text."""
    if isinstance(given, dict):
        return all(name in shown and is_part(value, shown[name]) for name, value in given.items())
    if isinstance(given, list):
        return len(given) == len(shown) and all(map(is_part, given, shown))
    return bool(given == shown or str(given) == shown)


@pytest.mark.parametrize("changes", KEPT, ids=lambda changes: next(iter(changes)))
def test_what_is_not_simulated_is_kept_on_the_session_and_it_is_paid(
    ignoring: Running, client: stripe.StripeClient, changes: dict[str, Any]
) -> None:
    made = client.v1.checkout.sessions.create(params(**changes))
    ignoring.simulator.pay_session(made.id)
    paid = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert paid.payment_status == "paid"
    shown = paid.to_dict()
    shown["payment_intent_data"] = shown["payment_intent"]
    assert is_part(changes, shown)


@pytest.mark.parametrize("changes", REFUSED, ids=lambda changes: next(iter(changes)))
def test_what_decides_about_the_amount_is_refused_all_the_same(
    ignoring: Running, client: stripe.StripeClient, changes: dict[str, Any]
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate"):
        client.v1.checkout.sessions.create(params(**changes))


@pytest.mark.parametrize("path", ["", "[automatic_tx]", "[payment_intent_data][capture]"])
def test_what_stripe_does_not_have_is_refused_all_the_same(ignoring: Running, path: str) -> None:
    form = {
        "mode": "payment",
        "success_url": "https://shop.test",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "100",
        "line_items[0][price_data][product_data][name]": "Tea",
        (path.removeprefix("[").replace("]", "", 1) or "surprise"): "1",
    }
    answer = httpx2.post(f"{ignoring.url}/v1/checkout/sessions", data=form, headers=HEADERS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "parameter_unknown")


def test_other_resources_refuse_as_ever(ignoring: Running, client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate the parameter balance"):
        client.v1.customers.create({"balance": 100})


def test_there_are_two_choices() -> None:
    with pytest.raises(ValueError, match="refuse, ignore, not 'ignor'"):
        Simulator(unsupported="ignor")
    assert Simulator(unsupported="ignore").unsupported == "ignore"


def create(simulator: Running, version: str | None, types: list[str], **changes: str) -> httpx2.Response:
    form = {
        "mode": "payment",
        "success_url": "https://shop.test",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "100",
        "line_items[0][price_data][product_data][name]": "Tea",
        **{f"payment_method_types[{index}]": type for index, type in enumerate(types)},
        **changes,
    }
    headers = HEADERS if version is None else {**HEADERS, "stripe-version": version}
    return httpx2.post(f"{simulator.url}/v1/checkout/sessions", data=form, headers=headers)


@pytest.mark.parametrize("version", BEFORE_ENDIVE)
@pytest.mark.parametrize("types", [["card"], ["sepa_debit", "card"], ["ideal"]], ids=str)
def test_payment_method_types_are_taken_as_chosen_before_endive(
    simulator: Running, version: str, types: list[str]
) -> None:
    made = create(simulator, version, types).json()
    assert made["payment_method_types"] == types
    if "card" in types:
        assert simulator.simulator.pay_session(made["id"])["payment_status"] == "paid"


@pytest.mark.parametrize("version", [None, "2026-09-30.endive", "2026-10-28.endive", "2026-11-25.endive"])
def test_payment_method_types_are_refused_since_endive(simulator: Running, version: str | None) -> None:
    for unsupported in ("ignore", "refuse"):
        simulator.simulator.unsupported = unsupported
        answer = create(simulator, version, ["card"])
        assert answer.status_code == 400
        assert "payment_method_types is no longer accepted" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("types", "changes", "says"),
    [
        (["crad"], {}, "Invalid payment_method_types[0]: must be one of"),
        (["card", "affirm"], {}, "does not simulate the payment method affirm"),
        (["us_bank_account"], {}, "us_bank_account cannot pay in eur"),
        (["card"], {"allowed_payment_method_types[0]": "card"}, "only specify one of"),
        (["ideal"], {"mode": "setup"}, ""),
    ],
    ids=str,
)
def test_payment_method_types_that_cannot_pay_are_refused(
    simulator: Running, types: list[str], changes: dict[str, str], says: str
) -> None:
    answer = create(simulator, BEFORE_ENDIVE[-1], types, **changes)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


def test_a_method_that_is_not_simulated_is_kept_beside_one_that_is(ignoring: Running) -> None:
    made = create(ignoring, BEFORE_ENDIVE[0], ["card", "affirm"]).json()
    assert made["payment_method_types"] == ["card", "affirm"]
    assert ignoring.simulator.pay_session(made["id"])["payment_status"] == "paid"


def test_the_choice_of_methods_holds_for_the_shopper(client: stripe.StripeClient, simulator: Running) -> None:
    made = create(simulator, BEFORE_ENDIVE[1], ["card"]).json()
    with pytest.raises(Exception, match="cannot be paid by sepa_debit"):
        simulator.simulator.pay_session(made["id"], "DE89370400440532013000")


@pytest.mark.parametrize(("given", "read"), [("true", True), ("True", True), ("false", False), ("False", False)])
def test_booleans_are_read_as_every_version_of_stripe_python_writes_them(
    simulator: Running, given: str, read: bool
) -> None:
    made = create(simulator, BEFORE_ENDIVE[0], ["card"], allow_promotion_codes=given).json()
    assert made["allow_promotion_codes"] is read
