"""A press is felt at once and counts once, and of a server that is away the shop speaks in its own words."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.conftest import free_port
from tests.e2e.browser.test_demo import card_form, go_to_payment
from tests.support.programs import RunningProgram, clean_environment, running_program

pytestmark = pytest.mark.browser


@contextmanager
def demo(folder: Path, port: int) -> Iterator[RunningProgram]:
    arguments = ("-m", "checkout_cli", "demo", "--port", str(port))
    variables = clean_environment(CHECKOUT_DATA_DIR=str(folder))
    with running_program(*arguments, ready="is open", environment=variables, stop_with=signal.SIGINT) as process:
        yield process


def test_a_second_press_while_the_first_is_unanswered_does_nothing_twice(page: Page, tmp_path: Path) -> None:
    port = free_port()
    with demo(tmp_path, port) as server:
        page.goto(f"http://127.0.0.1:{port}")
        first, second = (page.get_by_role("button", name="Add to cart").nth(number) for number in (0, 1))
        expect(page.get_by_role("button", name="Add to cart").nth(10)).to_be_visible()
        server.process.send_signal(signal.SIGSTOP)
        try:
            first.click()
            assert first.get_attribute("aria-busy") == "true"  # at once, without an answer
            first.click()
            first.press("Enter")
            second.click()  # another button is not held back
            assert second.get_attribute("aria-busy") == "true"
        finally:
            server.process.send_signal(signal.SIGCONT)
        expect(page.get_by_role("link", name="Cart · 2")).to_be_visible()
        expect(page.locator("button[aria-busy]")).to_have_count(0)
        first.click()  # answered: the next press is one more
        expect(page.get_by_role("link", name="Cart · 3")).to_be_visible()


def test_a_server_that_is_away_is_spoken_of_and_the_page_goes_on_when_it_is_back(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    page = browser.new_page()  # its console is full of refused connections
    lost = "getComputedStyle(document.querySelector('.st-key-top'), '::before').content.startsWith('\"The connection is lost.')"
    with demo(tmp_path, port):
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_role("button", name="Add to cart").first.click()
        expect(page.get_by_role("link", name="Cart · 1")).to_be_visible()
        assert not page.evaluate(lost)
    page.wait_for_function(lost)
    expect(page.get_by_role("dialog")).to_have_count(0)
    with demo(tmp_path, port):
        page.wait_for_function(f"!({lost})")
        page.get_by_role("link", name="Cart · 1").click()
        expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    page.close()


SHIFT = "document.querySelector('.st-key-page').style.transform = 'translateY(150px)'"


def put_down(page: Page, button: Locator) -> tuple[float, float]:
    """Press the mouse button on a button of the page, and keep it down."""
    button.click(trial=True)  # it can be pressed, and is in sight
    box = button.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def test_a_press_counts_also_when_the_page_moves_while_it_is_down(page: Page, shop: tuple[str, Path]) -> None:
    page.goto(shop[0])
    put_down(page, page.get_by_role("button", name="Add to cart").first)
    page.evaluate(SHIFT)
    page.mouse.up()
    expect(page.get_by_role("link", name="Cart · 1")).to_be_visible()
    put_down(page, page.get_by_role("button", name="Add to cart").first)
    page.mouse.up()
    expect(page.get_by_role("link", name="Cart · 2")).to_be_visible()


def test_a_press_on_pay_counts_also_when_the_form_above_has_only_just_come(page: Page, shop: tuple[str, Path]) -> None:
    go_to_payment(page, shop[0])
    expect(page.frame_locator("iframe[title='Secure payment input frame']").get_by_label("Card number")).to_be_visible()
    put_down(page, page.get_by_role("button", name=re.compile("^Pay €")))
    page.locator(".payment iframe").evaluate("(frame) => (frame.style.height = '900px')")  # it is under the pointer now
    page.mouse.up()
    expect(page.get_by_role("alert").filter(has_text="Your card number is incomplete.")).to_be_visible()


def test_pay_waits_for_the_form_that_would_push_it_away(page: Page, shop: tuple[str, Path]) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/_simulator/static/payment_element.js", hold)
    go_to_payment(page, shop[0])
    pay = page.get_by_role("button", name=re.compile("^Pay €"))
    expect(pay).to_be_disabled()
    while not held:
        page.evaluate("new Promise(requestAnimationFrame)")
    held[0].continue_()
    expect(pay).to_be_enabled()
    place = pay.bounding_box()
    expect(card_form(page).get_by_label("Card number")).to_be_editable()
    assert pay.bounding_box() == place


def test_who_moves_away_from_a_button_takes_the_press_back(page: Page, shop: tuple[str, Path]) -> None:
    page.goto(shop[0])
    x, y = put_down(page, page.get_by_role("button", name="Add to cart").first)
    page.mouse.move(x + 400, y + 5)
    page.mouse.up()
    page.get_by_role("button", name="Add to cart").nth(1).click()
    expect(page.get_by_role("link", name="Cart · 1")).to_be_visible()
