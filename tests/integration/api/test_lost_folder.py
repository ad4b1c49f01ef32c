"""A data folder that goes away under the running service: shoppers are told nothing false, operators where to look."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api import create_app
from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from tests.support.shopper import paid_order, pay, pending_order


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def shop(make_settings: Callable[..., Settings], data: Path) -> Iterator[Checkout]:
    settings = make_settings(CHECKOUT_DATA_DIR=str(data), CHECKOUT_SWEEP_EVERY="0", CHECKOUT_RATE_LIMIT="")
    with open_checkout(settings, receipts=None) as checkout:
        yield checkout


def test_the_service_says_that_a_payment_is_not_confirmed_and_goes_on_when_the_folder_is_back(
    shop: Checkout, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settled, session_id = paid_order(shop), pending_order(shop)
    pay(shop, session_id)
    complete = {"session_id": session_id}
    confirmation = {"stripe_checkout_session_id": settled.stripe_checkout_session_id}
    with TestClient(create_app(shop), raise_server_exceptions=False, follow_redirects=False) as client:
        data.rename(data.with_name("away"))
        answers = [
            client.get("/checkout/complete", params=complete),
            client.get("/checkout/confirmation", params=confirmation),
            client.get("/readyz"),
        ]
        assert [answer.status_code for answer in answers] == [503, 503, 503]
        assert "not confirmed yet" in answers[0].text
        assert "not confirmed yet" in answers[1].text
        assert not any(str(data) in answer.text for answer in answers)
        fields = [record.__dict__.get("fields", {}) for record in caplog.records]
        assert any(str(data) in str(each.get("message", "")) for each in fields)
        assert not data.exists()
        data.with_name("away").rename(data)
        assert client.get("/checkout/complete", params=complete).status_code == 303
        assert [client.get(path).status_code for path in ("/readyz", "/healthz")] == [200, 200]
    order = shop.store.get(session_id)
    assert order is not None
    assert order.status is OrderStatus.paid
