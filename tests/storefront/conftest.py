"""The storefront's pages, against the simulator over HTTP and a real DuckDB file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from streamlit.testing.v1 import AppTest

import storefront
from checkout_core import Checkout, open_checkout
from checkout_core.config.settings import Settings
from checkout_core.domain.orders import Order
from storefront import session
from storefront.cart import Cart
from storefront.operator import access
from stripe_simulator.testing.server import Running, running

APP = Path(storefront.__file__).with_name("app.py")


def text_of(page: AppTest) -> str:
    """Everything that the page shows as HTML, without styles, in one string."""
    return "\n".join(element.proto.body for element in page.get("html") if not element.proto.body.startswith("<style"))


def press(page: AppTest, label: str) -> AppTest:
    """Press the button of that label."""
    (button,) = [button for button in page.button if button.label == label]
    return button.click().run()


@pytest.fixture(autouse=True)
def _fresh_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "tries", access.Tries())


@pytest.fixture(scope="session")
def simulator() -> Iterator[Running]:
    with running(debit_delay=10**6) as it:
        yield it


@pytest.fixture
def settings_of(tmp_path: Path, simulator: Running) -> Callable[..., Settings]:
    def make(**changes: Any) -> Settings:
        values = {
            "stripe_secret_key": "sk_test_simulator",
            "stripe_publishable_key": "pk_test_simulator",
            "stripe_api_base": simulator.url,
            "CHECKOUT_DATA_DIR": tmp_path,
            "CHECKOUT_DATABASE_URL": f"duckdb:///{tmp_path}/orders.duckdb",
            "CHECKOUT_UI_MODE": "elements",
            "CHECKOUT_PUBLIC_URL": "http://127.0.0.1:8501",
            "_env_file": None,
        }
        return Settings(**{**values, **changes})

    return make


@pytest.fixture
def checkout(settings_of: Callable[..., Settings]) -> Iterator[Checkout]:
    with open_checkout(settings_of()) as opened:
        session.use(opened)
        yield opened
    session._handed_over.clear()


@pytest.fixture
def shop(checkout: Checkout) -> AppTest:
    """The shop as a newcomer sees it; the first run is done."""
    return AppTest.from_file(str(APP), default_timeout=20).run()


@pytest.fixture
def full_cart() -> Cart:
    return Cart({"night-train-to-trieste": 2, "tote-bag": 1})


@pytest.fixture
def till(shop: AppTest, full_cart: Cart) -> AppTest:
    """The checkout page with a full cart."""
    shop.session_state["cart"] = full_cart
    return shop.switch_page("views/checkout.py").run()


@pytest.fixture
def pay(simulator: Running) -> Callable[..., None]:
    """Pay a session without a browser."""

    def with_card(session_id: str, card: str = "4242424242424242") -> None:
        answer = requests.post(
            f"{simulator.url}/_simulator/sessions/{session_id}/pay",
            json={"card": card, "email": "ada@example.com"},
            timeout=10,
        )
        assert answer.ok, answer.text

    return with_card


@pytest.fixture
def control(simulator: Running) -> Callable[..., None]:
    """One of the simulator's controls."""

    def post(path: str, **body: Any) -> None:
        answer = requests.post(f"{simulator.url}/_simulator/{path}", json=body, timeout=10)
        assert answer.ok, answer.text

    return post


@pytest.fixture
def buy(checkout: Checkout, pay: Callable[..., None]) -> Callable[..., Order]:
    """A shopper who has paid (or, without a card, has only left their details); gives the order."""

    def bought(card: str | None = "4242424242424242", **details: str) -> Order:
        opened = checkout.create_session({"tote-bag": 2})
        fields = {"email": "ada@example.com", "name": "Ada Lovelace"} | details
        order = checkout.create_pending_order(opened.id, **fields)
        if not card:
            return order
        pay(opened.id, card)
        settled = checkout.reconcile(opened.id)
        assert settled is not None
        return settled

    return bought


@pytest.fixture
def visit(shop: AppTest) -> Callable[..., AppTest]:
    """Open a page of the operator's."""

    def opened(name: str, **query: str) -> AppTest:
        shop.switch_page(f"views/{name}.py")
        for key, value in query.items():
            shop.query_params[key] = value
        shop.run()
        assert not shop.exception
        return shop

    return opened


@pytest.fixture
def open_shop(settings_of: Callable[..., Settings]) -> Iterator[Callable[..., AppTest]]:
    """A shop with other settings, as a newcomer sees it."""
    opened: list[Checkout] = []

    def make(**changes: Any) -> AppTest:
        checkout = open_checkout(settings_of(**changes))
        opened.append(checkout)
        session.use(checkout)
        return AppTest.from_file(str(APP), default_timeout=20).run()

    yield make
    session._handed_over.clear()
    for checkout in opened:
        checkout.close()
