"""The documentation site: built strictly, and read from its files with no network, on a phone and a desktop."""

import fcntl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.conftest import ROOT
from tests.e2e.browser.looking import AXE, SCHEMES
from tests.e2e.browser.tabs import SIZES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]  # the site is built once, by one worker

LOCAL = ("file:", "data:", "blob:")
PAGES = (
    "index.html",
    "architecture.html",
    "analytics.html",
    "tutorials/fastapi.html",
    "reference/checkout-core.html",
    "reference/http-api.html",
    "reference/settings.html",
    "reference/commands.html",
)
Read = Callable[[str], Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site, built once as `make docs` builds it; strictly, so that a dead link is an error."""
    folder = tmp_path_factory.getbasetemp()
    done = (folder if worker_id == "master" else folder.parent) / "site-is-built"
    with done.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not done.exists():
            build = [sys.executable, "-m", "documentation"]
            built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
            assert built.returncode == 0, built.stdout + built.stderr
            done.touch()
    return ROOT / "site"


@pytest.fixture
def asked() -> list[str]:
    """What pages ask other servers for."""
    return []


@pytest.fixture
def read(new_page: Callable[..., Page], site: Path, asked: list[str]) -> Read:
    """Opens a page of the site without a network."""
    page = new_page(offline=True)

    def note(request: Request) -> None:
        if not request.url.startswith(LOCAL):
            asked.append(request.url)

    page.on("request", note)

    def read(name: str) -> Page:
        page.goto((site / name).as_uri())
        return page

    return read


def test_every_page_is_within_its_window_and_loads_nothing(read: Read, asked: list[str]) -> None:
    for name in PAGES:
        page = read(name)
        for scheme, size in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size(SIZES[size])
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, scheme, size)
    assert asked == []


def test_the_home_page_is_accessible(read: Read, axe: str) -> None:
    page = read("index.html")
    page.evaluate(axe)
    assert (
        page.evaluate(AXE.replace("{resultTypes", "{preload: false, resultTypes")) == []
    )  # a file may ask for no file


def test_the_diagrams_are_drawn(read: Read) -> None:
    page = read("architecture.html")
    drawn = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").count("```mermaid")
    expect(page.locator(".mermaid")).to_have_count(drawn)
    expect(page.locator("pre.mermaid")).to_have_count(0)


def test_the_search_finds_a_word_of_the_reference(read: Read) -> None:
    page = read("tutorials/index.html")
    page.get_by_role("button", name="Search").click()
    page.get_by_placeholder("Search").fill("dispatch_outbox")
    expect(page.get_by_role("option").filter(has_text="checkout_core").first).to_be_visible()
