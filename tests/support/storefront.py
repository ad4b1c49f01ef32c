"""The storefront's pages in `AppTest`: what a person does on them, and what they show."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from streamlit.testing.v1 import AppTest

import storefront
from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.streamlit.checkout_page import held_session
from storefront import context

APP = Path(storefront.__file__).with_name("app.py")


class MakeSettings(Protocol):
    """Makes settings of their fields."""

    def __call__(self, **changes: object) -> Settings:
        """Return settings with `changes`."""
        ...


class OpenShop(Protocol):
    """Opens a shop with settings of its own."""

    def __call__(self, **changes: object) -> AppTest:
        """Return the shop's first page."""
        ...


class VisitPage(Protocol):
    """Opens a page of the operator's."""

    def __call__(self, path: str, **query: str) -> AppTest:
        """Return the page at `path`."""
        ...


class Pay(Protocol):
    """Pays a session without a browser."""

    def __call__(self, session_id: str, card: str = ...) -> None:
        """Pay it with a test card."""
        ...


class Control(Protocol):
    """Uses one of the simulator's controls."""

    def __call__(self, path: str, **body: object) -> None:
        """Use the control at `path`."""
        ...


class Buy(Protocol):
    """Has a shopper leave their details, and pay unless there is no card."""

    def __call__(self, card: str | None = ..., **details: str) -> Order:
        """Return the order."""
        ...


def open_app() -> AppTest:
    """Return the shop as a newcomer sees it; the first run is done."""
    return AppTest.from_file(str(APP), default_timeout=20).run()


@contextmanager
def using(settings: Settings) -> Iterator[Checkout]:
    """Let the pages use a checkout of these settings for as long as the `with` lasts."""
    with open_checkout(settings) as checkout:
        context.use(checkout)
        try:
            yield checkout
        finally:
            context.use(None)


def elements(page: AppTest, kind: str) -> list[Any]:
    """Return the elements of a kind that `AppTest` may have no class for, such as `page_link`."""
    return list(page.get(kind))


def labels(page: AppTest, kind: str) -> list[str]:
    """Return the labels of the elements of a kind."""
    return [element.proto.label for element in elements(page, kind)]


def text_of(page: AppTest) -> str:
    """Return everything that the page shows as HTML, without styles, in one string."""
    bodies = [str(element.proto.body) for element in elements(page, "html")]
    return "\n".join(body for body in bodies if not body.startswith("<style"))


def press(page: AppTest, label: str) -> AppTest:
    """Press the button of that label."""
    (button,) = [button for button in page.button if button.label == label]
    return button.click().run()


def fill_in(page: AppTest, email: str = "ada@example.com", name: str = "Ada", phone: str = "") -> AppTest:
    """Fill the checkout's form in and continue."""
    page.text_input(key="field-email").input(email)
    page.text_input(key="field-name").input(name)
    page.text_input(key="field-phone").input(phone)
    return press(page, "Continue to payment")


def session_of(page: AppTest) -> CheckoutSession:
    """Return the session that the visitor has."""
    session = held_session({"checkout_session": page.session_state["checkout_session"]})
    assert session is not None
    return session


def show_confirmation(page: AppTest, session_id: str) -> AppTest:
    """Go to the confirmation of a session."""
    page.switch_page("views/confirmation.py")
    page.query_params["session_id"] = session_id
    return page.run()


def order_of(checkout: Checkout, session_id: str) -> Order:
    """Return the order of a session, which must have one."""
    order = checkout.store.get(session_id)
    assert order is not None
    return order


def order_now(checkout: Checkout, order: Order) -> Order:
    """Return an order as it is kept now."""
    return order_of(checkout, order.stripe_checkout_session_id)
