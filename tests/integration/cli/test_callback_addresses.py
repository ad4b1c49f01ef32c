"""`checkout doctor` asks whether the application that runs takes the shoppers and the webhooks that Stripe sends."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from api import create_app
from checkout_cli import callback_addresses
from checkout_cli.callback_addresses import COMPLETE, WEBHOOK, NotRunning, require_served
from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import ConfigurationError
from checkout_core.fastapi import checkout_router, lifespan
from tests.support.programs import free_port
from tests.support.servers import serving
from tests.support.stores import ScriptedStore

from .conftest import RunCommand

WIDE = {"COLUMNS": "300", "STRIPE_WEBHOOK_SECRET": "whsec_1"}
ROUTES = pytest.mark.parametrize("route", [COMPLETE, WEBHOOK], ids=["complete", "webhook"])


def in_an_application(checkout: Checkout, prefix: str = "") -> FastAPI:
    app = FastAPI(lifespan=lifespan(checkout))
    app.include_router(checkout_router(prefix=prefix))
    return app


def in_an_application_below_api(checkout: Checkout) -> FastAPI:
    return in_an_application(checkout, "/api")


@ROUTES
@pytest.mark.parametrize("app_of", [create_app, in_an_application])
def test_routes_of_ours_are_recognised(
    checkout: Checkout, app_of: Callable[[Checkout], FastAPI], route: tuple[str, str]
) -> None:
    with serving(app_of(checkout)) as url:
        assert require_served(url, route) == f"{url}{route[1]} is served"


@ROUTES
@pytest.mark.parametrize(
    ("app_of", "asked", "right"),
    [(in_an_application, "/api", ""), (create_app, "/api", ""), (in_an_application_below_api, "", "/api")],
)
def test_a_path_that_is_not_served_is_told_with_the_one_that_is(
    checkout: Checkout, app_of: Callable[[Checkout], FastAPI], asked: str, right: str, *, route: tuple[str, str]
) -> None:
    with serving(app_of(checkout)) as url, pytest.raises(ConfigurationError) as raised:
        require_served(url + asked, route)
    assert f"{url}{asked}{route[1]} is not served" in raised.value.message
    assert raised.value.message.endswith(f"set CHECKOUT_API_URL={url}{right}.")


def answering(answer: Response) -> Starlette:
    def any_path(request: Request) -> Response:
        return answer

    return Starlette(routes=[Route("/{path:path}", any_path, methods=["GET", "POST"])])


OTHERS: list[tuple[Response, str]] = [
    (HTMLResponse("<title>Streamlit</title>"), "is not ours: another program answers there, with 200"),
    (JSONResponse({"detail": "bad"}, 422), "is not ours: another program answers there, with 422"),
    (JSONResponse({"error": "bad"}, 400), "is not ours: another program answers there, with 400"),
    (JSONResponse([], 200), "is not ours"),
    (JSONResponse({"detail": "Not Found"}, 404), "is not served: what runs there answers 404. Set CHECKOUT_API_URL to"),
    (Response(status_code=405), "is not served: what runs there answers 405"),
    (RedirectResponse("https://shop.example/"), "leads to https://shop.example/ (307), and Stripe follows no redirect"),
    (Response(status_code=401), "refuses strangers (401)"),
    (Response(status_code=403), "refuses strangers (403)"),
    (Response(status_code=502), "answers 502: the application behind it does not run"),
]


@ROUTES
@pytest.mark.parametrize(("answer", "says"), OTHERS, ids=[says for _, says in OTHERS])
def test_what_answers_instead_is_said(answer: Response, says: str, route: tuple[str, str]) -> None:
    with serving(answering(answer)) as url, pytest.raises(ConfigurationError) as raised:
        require_served(url, route)
    assert f"{url}{route[1]} {says}" in raised.value.message


def test_an_application_without_a_webhook_secret_is_told_to_have_one(settings: Settings) -> None:
    without = settings.replace(stripe_secret_key="sk_test_1", stripe_webhook_secret=None, ui_mode="hosted_page")
    with open_checkout(without, store=ScriptedStore(), receipts=None) as checkout, serving(create_app(checkout)) as url:
        assert require_served(url, COMPLETE)
        with pytest.raises(ConfigurationError, match="Set STRIPE_WEBHOOK_SECRET for the application"):
            require_served(url, WEBHOOK)


@ROUTES
def test_nothing_that_runs_on_this_machine_is_no_fault_yet(route: tuple[str, str]) -> None:
    with pytest.raises(NotRunning, match="Start the application"):
        require_served(f"http://127.0.0.1:{free_port()}/api", route)


@contextmanager
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_an_address_that_does_not_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback_addresses, "MAX_SECONDS", 0.1)
    with silent() as url, pytest.raises(ConfigurationError, match=r"does not answer within 0\.1 seconds"):
        require_served(url, COMPLETE)


@pytest.mark.parametrize("url", ["http://shop.invalid", "http://[::1", "https://127.0.0.1:1/\x00"])
def test_an_address_that_cannot_be_is_unreachable(url: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be reached from here"):
        require_served(url, WEBHOOK)


@pytest.mark.parametrize(("path", "status", "says"), [("", 0, "is served"), ("/wrong", 1, "is not served")])
def test_the_doctor_asks_both_addresses(
    checkout: Checkout, run_command: RunCommand, variables: dict[str, str], *, path: str, status: int, says: str
) -> None:
    with serving(create_app(checkout)) as url:
        done = run_command("doctor", **variables, **WIDE, CHECKOUT_API_URL=url + path)
    assert done.status == status, done.output
    assert done.output.count(says) == 2


def test_the_doctor_is_content_before_the_application_runs(run_command: RunCommand, variables: dict[str, str]) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    done = run_command("doctor", **variables, **WIDE, CHECKOUT_API_URL=address)
    assert done.status == 0, done.output
    assert done.output.count("Start the application, and ask again") == 2
