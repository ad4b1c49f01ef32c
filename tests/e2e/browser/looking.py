"""Whether a page is accessible and within its window, in both sizes and both colour schemes; and its pictures."""

import os
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.e2e.browser.tabs import SIZES

SCHEMES = {"light": "phone", "dark": "desktop"}
AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .filter(({impact}) => ['serious', 'critical'].includes(impact))
  .map(({id, nodes}) => `${id}: ${nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')}`)"""
PICTURES = os.environ.get("CHECKOUT_PICTURES")
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")


def look_at(page: Page, name: str, axe: str) -> None:
    """Look at what the page shows now in both sizes and both colour schemes; for pictures, in each with each."""
    page.evaluate(axe)
    for scheme, usual in SCHEMES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
        for size in SIZES if PICTURES else [usual]:
            page.set_viewport_size(SIZES[size])
            where = f"{name}, {scheme}, {size}"
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), where
            assert _violations(page) == [], where
            _take_picture(page, f"{name}-{size}-{scheme}.webp")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(SIZES["desktop"])


def _violations(page: Page) -> list[str]:
    """Return what axe finds at rest: a page that draws itself anew, or fades to other colours, is looked at again."""
    found: list[str] = []
    for _ in range(3):
        found = page.evaluate(AXE)
        if not found:
            break
        expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
    return found


def _take_picture(page: Page, name: str) -> None:
    if PICTURES and name in TOUR:
        folder = Path(PICTURES)
        folder.mkdir(parents=True, exist_ok=True)
        shot = page.screenshot(animations="disabled")
        Image.open(BytesIO(shot)).save(folder / name, quality=80, method=6)
