"""Whether a page is accessible and within its window, in both sizes and both colour schemes; and its pictures."""

import os
import re
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect

from tests.conftest import ROOT
from tests.e2e.browser.tabs import SIZES

SCHEMES = {"light": "phone", "dark": "desktop"}
AXE = """async () => (await axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})).violations
  .map(({id, nodes}) => `${id}: ${nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')}`)"""
PICTURES = os.environ.get("CHECKOUT_PICTURES")
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")

SHEET = os.environ.get("CHECKOUT_SHEET")
"""The folder for small pictures of every state in every size, of which `make pictures` makes contact sheets."""

WINDOWS: tuple[ViewportSize, ...] = (
    {"width": 320, "height": 640},
    {"width": 390, "height": 844},
    {"width": 820, "height": 1100},
    {"width": 1280, "height": 800},
    {"width": 1920, "height": 1080},
)
DIALOGS = re.compile(r"/_simulator/(challenge|wallet)")
"""Addresses of frames that are looked at with the page that they lie over."""
SCALE = 4
"""How many times smaller a picture is on a contact sheet than the window."""


def look_at(page: Page, name: str, axe: str) -> None:
    """Look at what the page shows now in both sizes and both colour schemes; for pictures, in each with each."""
    for frame in page.frames:
        if frame is page.main_frame or DIALOGS.search(frame.url):
            frame.evaluate(axe)
    for scheme, usual in SCHEMES.items():
        _show_in(page, scheme)
        for size in SIZES if PICTURES else [usual]:
            page.set_viewport_size(SIZES[size])
            where = f"{name}, {scheme}, {size}"
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), where
            found = _violations(page)
            assert found == [], f"{where}: {found}"
            if PICTURES and f"{name}-{size}-{scheme}.webp" in TOUR:
                _take_picture(page, Path(PICTURES) / f"{name}-{size}-{scheme}.webp")
        if SHEET:
            _take_small_pictures(page, Path(SHEET) / name, scheme)
    _show_in(page, "light")  # what is drawn next is not drawn in the colours of before
    page.set_viewport_size(SIZES["desktop"])


def _show_in(page: Page, scheme: str) -> None:
    """Show the page in a colour scheme; the shop's pages follow when Streamlit has drawn them anew."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    if page.locator(".stApp").count():
        expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)


def _violations(page: Page) -> list[str]:
    """Return what axe finds at rest: a page that draws itself anew, or fades to other colours, is looked at again."""
    found: list[str] = []
    for _ in range(3):
        found = page.evaluate(AXE)
        if not found or not page.locator(".stApp").count():
            break
        expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
    return found


def _take_picture(page: Page, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shot = page.screenshot(animations="disabled")
    Image.open(BytesIO(shot)).save(path, quality=80, method=6)


def _take_small_pictures(page: Page, folder: Path, scheme: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for window in WINDOWS:
        page.set_viewport_size(window)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (folder.name, window)
        shot = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        small = shot.resize((shot.width // SCALE, shot.height // SCALE), Image.Resampling.LANCZOS)
        small.save(folder / f"{scheme}-{window['width']}.png")
