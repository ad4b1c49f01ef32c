"""The router in somebody's application: the toolkit's routes answer in its form, and nothing else changes."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.testclient import TestClient

from checkout_core import AsyncCheckout, Checkout, Settings, open_async_checkout, open_checkout
from checkout_core.domain.errors import ConfigurationError, InvalidInput, OrderNotFound, SessionRefused
from checkout_core.domain.products import MAX_ID_LENGTH, PricedItem
from checkout_core.fastapi import checkout_dependency, checkout_router, lifespan
from tests.support.shopper import cart, open_session
from tests.support.stores import ScriptedStore


def host(shop: Checkout, **router: object) -> FastAPI:
    """An application with errors of its own, and the toolkit's routes."""
    app = FastAPI(lifespan=lifespan(shop))
    app.include_router(checkout_router(**router))  # type: ignore[arg-type]

    @app.get("/mine/{n}")
    def mine(n: int) -> None:
        if n == 1:
            raise OrderNotFound
        raise HTTPException(418, {"mine": "own shape"})

    @app.get("/theirs")
    async def theirs(checkout: Annotated[AsyncCheckout, Depends(checkout_dependency)]) -> str:
        return checkout.settings.shop_name

    return app


def refuse() -> None:
    raise HTTPException(401, {"who": "are you"})


def break_down() -> None:
    raise LookupError("a fault of the application's own")


def test_the_errors_of_the_application_stay_its_own(shop: Checkout) -> None:
    with TestClient(host(shop), raise_server_exceptions=False) as client:
        assert client.get("/mine/2").json() == {"detail": {"mine": "own shape"}}
        assert client.get("/mine/x").json()["detail"][0]["type"] == "int_parsing"
        assert client.get("/nothing").json() == {"detail": "Not Found"}
        assert client.get("/mine/1").text == "Internal Server Error"


@pytest.mark.parametrize(
    ("dependency", "body", "status", "code"),
    [
        (None, {"items": [{"product": "nothing"}]}, 422, "unknown_product"),
        (None, {"items": "nothing"}, 422, "invalid_input"),
        (refuse, {"items": []}, 401, "unauthorized"),
        (break_down, {"items": []}, 500, "internal_error"),
    ],
)
def test_every_error_of_the_toolkit_s_routes_has_its_form(
    shop: Checkout, dependency: object, body: object, status: int, code: str
) -> None:
    dependencies = [Depends(dependency)] if dependency else []  # type: ignore[arg-type]
    with TestClient(host(shop, dependencies=dependencies)) as client:
        answer = client.post("/checkout/sessions", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_the_routes_stand_in_the_application_s_openapi(shop: Checkout) -> None:
    paths = host(shop, prefix="/pay").openapi()["paths"]
    assert {"/pay/checkout/sessions", "/pay/stripe/webhook", "/mine/{n}"} < paths.keys()


class NotTonight(SessionRefused):
    """An error of the application, with a code of its own."""

    code = "not_tonight"


class NoSuchRow(InvalidInput):
    """Another."""

    code = "no_such_row"


@pytest.mark.parametrize(("error", "status"), [(NotTonight, 409), (NoSuchRow, 422)])
def test_the_schema_has_every_code_that_the_application_answers(
    shop: Checkout, error: type[NotTonight | NoSuchRow], status: int
) -> None:
    def refuse_session(draft: object) -> None:
        raise error("Come tomorrow.")

    shop.before_session(refuse_session)
    app = host(shop)
    with TestClient(app) as client:
        answer = client.post("/checkout/sessions", json={"items": [{"product": next(iter(cart(shop)))}]})
    assert answer.status_code == status
    assert answer.json()["error"]["code"] in app.openapi()["components"]["schemas"]["ErrorCode"]["enum"]


def test_a_route_of_the_application_gets_the_checkout(shop: Checkout) -> None:
    with TestClient(host(shop)) as client:
        assert client.get("/theirs").json() == shop.settings.shop_name


def given(request: Request) -> Checkout:
    raise AssertionError("never asked where it is overridden")


@pytest.mark.parametrize("replaced", [checkout_dependency, given])
def test_a_test_of_the_application_replaces_the_checkout(shop: Checkout, settings: Settings, replaced: object) -> None:
    app = FastAPI()
    app.include_router(checkout_router(given))
    app.dependency_overrides[replaced] = lambda: shop if replaced is given else shop.asynchronous  # type: ignore[index]
    body = {"items": [{"product": product} for product in cart(shop)]}
    answer = TestClient(app).post("/checkout/sessions", json=body)
    assert answer.status_code == 201
    assert [event.kind for event in shop.history(answer.json()["session_id"])]


async def waited_for(request: Request) -> AsyncCheckout:
    checkout: AsyncCheckout = request.app.state.mine
    return checkout


def asked(request: Request) -> AsyncCheckout:
    checkout: AsyncCheckout = request.app.state.mine
    return checkout


@pytest.mark.parametrize("how", ["asked", "waited for", "a lambda", "blocking"])
def test_the_checkout_may_be_given_in_any_way(shop: Checkout, how: str) -> None:
    ways = {"asked": asked, "waited for": waited_for, "a lambda": lambda: shop.asynchronous, "blocking": lambda: shop}
    app = FastAPI()
    app.state.mine = shop.asynchronous
    app.include_router(checkout_router(ways[how]))  # type: ignore[arg-type]
    session_id = open_session(shop)
    answer = TestClient(app).get("/checkout/confirmation", params={"stripe_checkout_session_id": session_id})
    assert answer.json()["error"]["code"] == "session_not_complete"


@pytest.mark.parametrize("wrong", [None, "a checkout", 7])
def test_what_is_no_checkout_is_refused_with_a_sentence(shop: Checkout, wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="A checkout is expected here"):
        lifespan(wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"checkout_router\(lambda: checkout\)"):
        checkout_router(wrong or shop)  # type: ignore[arg-type]


def test_two_applications_in_one_process_have_checkouts_of_their_own(shop: Checkout, settings: Settings) -> None:
    named = settings.replace(shop_name="Another")
    with (
        open_checkout(named, store=ScriptedStore(), receipts=None) as another,
        TestClient(host(shop)) as one,
        TestClient(host(another)) as two,
    ):
        assert (one.get("/theirs").json(), two.get("/theirs").json()) == (shop.settings.shop_name, "Another")


class Tickets:
    """Products that are no catalogue's: any id, priced in euros, and `in dollars` in dollars."""

    def price(self, cart: Mapping[str, int], *, context: object = None) -> list[PricedItem]:
        """Give every id a price."""
        return [
            PricedItem(product, product[:20], 1250, quantity, "usd" if product == "in dollars" else "eur")
            for product, quantity in cart.items()
        ]


@pytest.fixture
def tickets(settings: Settings) -> Iterator[TestClient]:
    app = FastAPI()
    with open_checkout(settings, products=Tickets(), store=ScriptedStore(), receipts=None) as checkout:
        app.include_router(checkout_router(lambda: checkout))
        yield TestClient(app)


@pytest.mark.parametrize("product", ["TKT-0001", "t_shirt", "Ürümqi, row 7 🎟", "x" * MAX_ID_LENGTH])
def test_whatever_an_application_calls_a_product_can_be_bought_over_http(tickets: TestClient, product: str) -> None:
    answer = tickets.post("/checkout/sessions", json={"items": [{"product": product, "quantity": 2}]})
    assert answer.status_code == 201, answer.text
    assert answer.json()["amount_total"] == 2500


def test_a_cart_of_two_currencies_is_refused_over_http_before_stripe_is_asked(tickets: TestClient) -> None:
    items = [{"product": "TKT-0001"}, {"product": "in dollars"}]
    answer = tickets.post("/checkout/sessions", json={"items": items})
    assert answer.status_code == 422
    said = "“TKT-0001” is sold in EUR and “in dollars” in USD. Please buy them in two orders."
    assert answer.json()["error"] == {"code": "invalid_input", "message": said}


def generated(request: Request) -> Iterator[Checkout]:
    yield from ()


def of_two(request: Request, other: object) -> Checkout:
    raise AssertionError("never asked")


def by_keyword(*, request: Request) -> Checkout:
    raise AssertionError("never asked")


@pytest.mark.parametrize(
    ("getter", "says"),
    [
        (generated, "generated is a generator"),
        (of_two, "of_two needs 2 arguments"),
        (by_keyword, "needs the keyword argument request"),
        (open_checkout, r"would open a checkout for every request. Open it once"),
        (open_async_checkout, r"would open a checkout for every request. Open it once"),
    ],
)
def test_a_function_that_cannot_be_asked_for_the_checkout_is_refused_with_a_sentence(getter: Any, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        checkout_router(getter)


@pytest.mark.parametrize("given", ["blocking", "asynchronous", "nothing"])
def test_what_replaces_the_dependency_may_be_any_checkout_and_nothing_else(
    shop: Checkout, caplog: pytest.LogCaptureFixture, given: str
) -> None:
    checkout = {"blocking": shop, "asynchronous": shop.asynchronous, "nothing": None}[given]
    app = FastAPI()
    app.include_router(checkout_router())
    app.dependency_overrides[checkout_dependency] = lambda: checkout
    body = {"items": [{"product": product} for product in cart(shop)]}
    answer = TestClient(app).post("/checkout/sessions", json=body)
    assert answer.status_code == (500 if given == "nothing" else 201)
    assert ("A checkout is expected here, and not NoneType" in caplog.text) == (given == "nothing")


def test_routers_of_two_shops_have_operation_ids_of_their_own(shop: Checkout) -> None:
    app = FastAPI()
    app.include_router(checkout_router(lambda: shop, prefix="/cinema"))
    app.include_router(checkout_router(lambda: shop, prefix="/cafe", operation_suffix="Cafe"))
    ids = [operation["operationId"] for path in app.openapi()["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids)) == 12
    assert {"createCheckoutSession", "createCheckoutSessionCafe", "receiveStripeWebhookCafe"} < set(ids)


def test_two_checkouts_of_one_application_are_refused_when_it_starts(shop: Checkout, settings: Settings) -> None:
    @asynccontextmanager
    async def both(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(shop)(app), lifespan(another)(app):
            yield

    with open_checkout(settings, store=ScriptedStore(), receipts=None) as another:
        app = FastAPI(lifespan=both)
        app.include_router(checkout_router())
        with pytest.raises(ConfigurationError, match="give each router its own"), TestClient(app):
            pass


def test_an_application_that_is_mounted_has_the_checkout_of_the_one_that_is_served(shop: Checkout) -> None:
    inner = FastAPI()
    inner.include_router(checkout_router())
    app = FastAPI(lifespan=lifespan(shop))
    app.mount("/pay", inner)
    body = {"items": [{"product": product} for product in cart(shop)]}
    with TestClient(app) as client:
        assert client.post("/pay/checkout/sessions", json=body).status_code == 201
    assert TestClient(app).post("/pay/checkout/sessions", json=body).status_code == 500


def test_a_body_that_is_nested_without_end_is_no_valid_json(shop: Checkout) -> None:
    with TestClient(host(shop)) as client:
        headers = {"content-type": "application/json"}
        answer = client.post("/checkout/sessions", content=b"[" * 100_000, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_input")
