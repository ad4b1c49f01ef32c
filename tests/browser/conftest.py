"""One Chromium for each module, and pages that fail their test when the console shows an error."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import chromium, running_demo


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=20_000)  # for what a person would see, on a machine that has much else to do


@pytest.fixture(scope="module")  # not longer: while Playwright is open, no asynchronous test can run in this process
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def answers_expected() -> str:
    """HTTP answers that a test provokes, as a pattern: Chromium reports each on the console by itself."""
    return "402"  # a declined card


@pytest.fixture
def new_page(browser: Browser, answers_expected: str) -> Iterator[Callable[..., Page]]:
    """Pages in contexts of their own; arguments are the context's."""
    problems: list[str] = []
    opened: list[Page] = []

    def make(**options: object) -> Page:
        options = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options
        page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        opened.append(page)
        return page

    yield make
    for page in opened:
        page.context.close()
    expected = re.compile(rf"responded with a status of ({answers_expected}) ")
    assert [text for text in problems if not expected.search(text)] == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A running demo with the Payment Element: its address and its data folder."""
    folder = tmp_path_factory.mktemp("elements")
    with running_demo(folder) as address:
        yield address, folder
