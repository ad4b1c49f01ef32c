"""One Chromium, one demo and warm pages for the browser tests of a worker; a page fails its test when its console does."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, ViewportSize, expect, sync_playwright

from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from tests.conftest import chromium, running_demo
from tests.e2e.browser.looking import look_at
from tests.e2e.browser.tabs import SIZES, Tab
from tests.e2e.node.packages import package

FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=20_000)  # for what a person would see, on a machine that has much else to do


@pytest.fixture(scope="package")  # not longer: while Playwright is open, no asynchronous test can run in this process
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def _idle(browser: Browser) -> list[Tab]:
    return []


@pytest.fixture
def answers_expected() -> str:
    """HTTP answers that a test provokes, as a pattern: Chromium reports each on the console by itself."""
    return "402"  # a declined card


@pytest.fixture
def new_page(browser: Browser, _idle: list[Tab], answers_expected: str) -> Iterator[Callable[..., Page]]:
    """Pages in contexts of their own; arguments are the context's."""
    tabs: list[Tab] = []
    special: list[Tab] = []

    def make(viewport: ViewportSize = SIZES["desktop"], **options: object) -> Page:
        if options:
            tab = Tab(browser, viewport=viewport, **options)
            special.append(tab)
        else:
            tab = _idle.pop() if _idle else Tab(browser)
            tab.page.set_viewport_size(viewport)
            tabs.append(tab)
        return tab.page

    yield make
    problems = [problem for tab in (*tabs, *special) for problem in tab.problems]
    for tab in special:
        tab.close()
    for tab in tabs:
        try:
            tab.clear()
        except Error:  # closed or crashed by its test
            tab.close()
        else:
            _idle.append(tab)
    expected = re.compile(rf"responded with a status of ({answers_expected}) ")
    assert [text for text in problems if not expected.search(text)] == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A running demo with the Payment Element, the same for all: its address and its data folder."""
    folder = tmp_path_factory.mktemp("elements")
    with running_demo(folder) as address:
        have_seats_for_all(folder)
        yield address, folder


@pytest.fixture(scope="package")
def hosted_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A running demo that pays on Stripe's hosted page; who asks for it is in the group of that name."""
    folder = tmp_path_factory.mktemp("hosted")
    with running_demo(folder, CHECKOUT_UI_MODE="hosted_page") as address:
        have_seats_for_all(folder)
        yield address, folder


def have_seats_for_all(folder: Path) -> None:
    """Make the first film's hall so large that no test finds it full of what others hold and never pay."""
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        store.set_capacity("night-train-to-trieste", 9000, name="Night Train to Trieste")


@pytest.fixture(scope="package")
def axe() -> str:
    """The script of axe-core."""
    return (package("axe-core") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def look(page: Page, axe: str) -> Callable[[str], None]:
    """Look at what the page shows now, whatever its size and colours; the argument names what that is."""
    return partial(look_at, page, axe=axe)
