"""The background worker of other people's applications: it runs, or the log and `/readyz` say what to add."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import create_app
from api.starting import ADVICE
from checkout_core import Checkout, Order, Settings, open_async_checkout, open_checkout
from checkout_core.domain.errors import ConfigurationError
from checkout_core.fastapi import checkout_router, lifespan
from tests.support.shopper import pay, pending_order
from tests.support.stores import ScriptedStore

PATIENCE = 30


class Booked:
    """A handler that tests wait for."""

    def __init__(self, checkout: Checkout) -> None:
        self._done = threading.Event()
        checkout.on_paid(self, name="book")

    def __call__(self, order: Order) -> None:
        self._done.set()

    def wait(self) -> bool:
        """Wait until it has run."""
        return self._done.wait(PATIENCE)


def served(shop: Checkout, how: str) -> FastAPI:
    """An application that has the toolkit's routes in one of the ways that are written down."""
    match how:
        case "router":
            app = FastAPI(lifespan=lifespan(shop))
            app.include_router(checkout_router())
        case "own lifespan":

            @asynccontextmanager
            async def own(app: FastAPI) -> AsyncIterator[None]:
                async with lifespan(shop)(app):
                    yield

            app = FastAPI(lifespan=own)
            app.include_router(checkout_router())
        case "own lifespan, without the application":

            @asynccontextmanager
            async def entered(app: FastAPI) -> AsyncIterator[None]:
                async with lifespan(shop):
                    yield

            app = FastAPI(lifespan=entered)
            app.include_router(checkout_router(lambda: shop))
        case "callback service":
            app = create_app(shop)
        case "mounted":
            app = FastAPI()
            app.mount("/", create_app(shop))
        case "mounted, with the lifespan":
            app = FastAPI(lifespan=lifespan(shop))
            app.mount("/", create_app(shop))
    return app


WAYS = [
    "router",
    "own lifespan",
    "own lifespan, without the application",
    "callback service",
    "mounted",
    "mounted, with the lifespan",
]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings and errors of the toolkit."""
    ours = ("checkout_core.fastapi", "api")
    return [
        each.message for each in caplog.records if each.levelname in ("WARNING", "ERROR") and each.name.startswith(ours)
    ]


def buy(shop: Checkout, client: TestClient) -> None:
    session_id = pending_order(shop)
    pay(shop, session_id)
    answer = client.get("/checkout/complete", params={"session_id": session_id}, follow_redirects=False)
    assert answer.status_code == 303


@pytest.mark.parametrize("how", WAYS)
def test_what_was_paid_is_fulfilled_however_the_routes_are_served(
    shop: Checkout, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    booked = Booked(shop)
    with TestClient(served(shop, how)) as client:
        buy(shop, client)
        assert booked.wait()
    assert [text == ADVICE for text in said(caplog)] == ([True] if how == "mounted" else [])


@pytest.mark.parametrize("how", ["callback service", "mounted"])
def test_a_client_that_runs_no_lifespan_is_served_as_well(shop: Checkout, how: str) -> None:
    booked = Booked(shop)
    client = TestClient(served(shop, how))
    assert client.get("/readyz").json() == {"status": "ready", "stripe": "ok"}
    buy(shop, client)
    assert booked.wait()


def test_routes_without_a_worker_say_in_the_log_once_what_to_add(
    shop: Checkout, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()
    app.include_router(checkout_router(lambda: shop))
    with TestClient(app) as client:
        for _ in range(3):
            client.get("/checkout/complete", params={"session_id": "cs_test_nothing"})
    (warned,) = [text for text in said(caplog) if "No background worker" in text]
    assert "lifespan=checkout_core.fastapi.lifespan(checkout)" in warned


def test_whoever_says_that_another_program_has_the_worker_is_believed(
    make_settings: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    settings = make_settings(CHECKOUT_SWEEP_EVERY="0")
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as shop:
        app = FastAPI()
        app.include_router(checkout_router(lambda: shop))
        TestClient(app).get("/checkout/complete", params={"session_id": "cs_test_nothing"})
    assert said(caplog) == []


def test_a_service_whose_worker_has_ended_is_not_ready(shop: Checkout) -> None:
    app = create_app(shop)
    with TestClient(app) as client:
        assert client.get("/readyz").status_code == 200
    answer = TestClient(app).get("/readyz")
    assert answer.status_code == 503
    assert "lifespan=checkout_core.fastapi.lifespan(checkout)" in answer.json()["error"]["message"]


def test_a_route_without_any_checkout_says_in_the_log_what_to_add(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    app.include_router(checkout_router())
    answer = TestClient(app).get("/checkout/complete", params={"session_id": "cs_test_1"})
    assert answer.status_code == 503  # the shopper may have paid
    assert "FastAPI(lifespan=" in said(caplog)[0]


def test_a_lifespan_that_opens_the_checkout_may_start_again(settings: Settings, tmp_path: Path) -> None:
    app = FastAPI(lifespan=lifespan(lambda: open_async_checkout(settings, receipts=None)))
    app.include_router(checkout_router())
    for _ in range(2):
        with TestClient(app) as client:
            assert client.post("/checkout/sessions", json={"items": []}).json()["error"]["code"] == "empty_cart"


def test_a_checkout_that_was_closed_is_not_started_again(settings: Settings) -> None:
    app = FastAPI(lifespan=lifespan(open_async_checkout(settings, store=ScriptedStore(), receipts=None)))
    with TestClient(app):
        pass
    with pytest.raises(ConfigurationError, match="let the lifespan open it"), TestClient(app):
        pass


@pytest.mark.parametrize(
    ("routed", "api_url", "advice"),
    [
        (("", ""), "http://testserver", None),
        (("/pay", ""), "http://testserver/pay", None),
        (("", "/pay"), "http://testserver/pay", None),
        (("", ""), "http://testserver/api", "Set CHECKOUT_API_URL=http://testserver, unless /api is taken away before"),
        (("/pay", ""), "http://testserver", "Set CHECKOUT_API_URL=http://testserver/pay."),
        (("", "/pay"), "http://testserver/api", "Set CHECKOUT_API_URL=http://testserver/pay."),
    ],
)
def test_a_callback_address_that_is_not_served_is_said_at_the_start(
    make_settings: Callable[..., Settings],
    routed: tuple[str, str],
    api_url: str,
    advice: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    prefix, mounted_at = routed
    settings = make_settings(CHECKOUT_PUBLIC_URL="http://testserver", CHECKOUT_API_URL=api_url)
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as shop:
        app = FastAPI(lifespan=lifespan(shop))
        routes = FastAPI() if mounted_at else app
        routes.include_router(checkout_router(lambda: shop, prefix=prefix))
        if mounted_at:
            app.mount(mounted_at, routes)
        with TestClient(app):
            pass
    assert [(advice or "") in text for text in said(caplog)] == ([True] if advice else [])


@pytest.mark.parametrize(("api_url", "wrong"), [("http://testserver/pay", False), ("http://testserver/api", True)])
def test_a_mounted_service_says_at_its_first_request_that_callbacks_go_elsewhere(
    make_settings: Callable[..., Settings], api_url: str, wrong: bool, caplog: pytest.LogCaptureFixture
) -> None:
    settings = make_settings(CHECKOUT_PUBLIC_URL="http://testserver", CHECKOUT_API_URL=api_url)
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as shop:
        app = FastAPI()
        app.mount("/pay", create_app(shop))
        assert TestClient(app).get("/pay/readyz").status_code == 200
    assert any("Set CHECKOUT_API_URL=http://testserver/pay." in text for text in said(caplog)) is wrong


def test_a_coroutine_function_that_nobody_would_await_is_refused_at_once(shop: Checkout) -> None:
    async def opened() -> Checkout:
        return shop

    with pytest.raises(ConfigurationError, match="not a coroutine function"):
        lifespan(opened)  # type: ignore[arg-type]
