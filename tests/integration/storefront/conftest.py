"""The storefront's pages, against the simulator over HTTP and a real DuckDB file."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout, Order, Settings
from storefront.cart import Cart
from storefront.operator import auth
from stripe_simulator.testing.server import Running, running
from tests.support.storefront import Buy, Control, MakeSettings, OpenShop, Pay, VisitPage, open_app, using


@pytest.fixture(autouse=True)
def _fresh_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "login_rate_limit", auth.LoginRateLimit())


@pytest.fixture(scope="session")
def simulator() -> Iterator[Running]:
    with running(debit_delay=10**6) as it:
        yield it


@pytest.fixture
def settings_of(tmp_path: Path, simulator: Running) -> MakeSettings:
    def make(**changes: object) -> Settings:
        values = {
            "stripe_secret_key": "sk_test_simulator",
            "stripe_publishable_key": "pk_test_simulator",
            "stripe_api_base": simulator.url,
            "data_dir": tmp_path,
            "database_url": f"duckdb:///{tmp_path}/orders.duckdb",
            "ui_mode": "elements",
            "public_url": "http://127.0.0.1:8501",
        }
        return Settings.model_validate(values | changes)

    return make


@pytest.fixture
def checkout(settings_of: MakeSettings) -> Iterator[Checkout]:
    with using(settings_of()) as opened:
        yield opened


@pytest.fixture
def shop(checkout: Checkout) -> AppTest:
    """The shop as a newcomer sees it; the first run is done."""
    return open_app()


@pytest.fixture
def full_cart() -> Cart:
    return Cart({"night-train-to-trieste": 2, "tote-bag": 1})


@pytest.fixture
def checkout_page(shop: AppTest, full_cart: Cart) -> AppTest:
    """The checkout page with a full cart."""
    shop.session_state["cart"] = full_cart
    return shop.switch_page("views/checkout.py").run()


@pytest.fixture
def control(simulator: Running) -> Control:
    """One of the simulator's controls."""

    def post(path: str, **body: object) -> None:
        answer = httpx2.post(f"{simulator.url}/_simulator/{path}", json=body, timeout=10)
        assert answer.is_success, answer.text

    return post


@pytest.fixture
def pay(control: Control) -> Pay:
    """Pay a session without a browser."""

    def with_card(session_id: str, card: str = "4242424242424242") -> None:
        control(f"sessions/{session_id}/pay", card=card, email="ada@example.com")

    return with_card


@pytest.fixture
def buy(checkout: Checkout, pay: Pay) -> Buy:
    """A shopper who has paid (or, without a card, has only left their details)."""

    def bought(card: str | None = "4242424242424242", **details: str) -> Order:
        opened = checkout.create_session({"tote-bag": 2})
        fields = {"email": "ada@example.com", "name": "Ada Lovelace"} | details
        order = checkout.create_pending_order(opened.id, email=fields["email"], name=fields["name"])
        if not card:
            return order
        pay(opened.id, card)
        paid = checkout.reconcile(opened.id)
        assert paid is not None
        return paid

    return bought


@pytest.fixture
def visit(shop: AppTest) -> VisitPage:
    """Open a page of the operator's."""

    def opened(path: str, **query: str) -> AppTest:
        shop.switch_page(f"views/{path}.py")
        for key, value in query.items():
            shop.query_params[key] = value
        shop.run()
        assert not shop.exception
        return shop

    return opened


@pytest.fixture
def open_shop(settings_of: MakeSettings) -> Iterator[OpenShop]:
    """A shop with other settings, as a newcomer sees it."""
    with ExitStack() as stack:

        def make(**changes: object) -> AppTest:
            stack.enter_context(using(settings_of(**changes)))
            return open_app()

        yield make
