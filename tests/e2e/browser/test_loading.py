"""What a shopper sees while a page loads, and how little is sent for it."""

import gzip
import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, Route, WebSocket, WebSocketRoute, expect

from storefront.middleware.front_end import front_end

pytestmark = pytest.mark.browser

SCRIPTS = "**/static/js/*.js"


@pytest.fixture
def only_the_page(new_page: Callable[..., Page]) -> Callable[..., Page]:
    """Pages to which no script of Streamlit's arrives, as on a very slow line; arguments are the context's."""

    def make(**options: object) -> Page:
        def wait_for_ever(_route: Route) -> None:
            return

        page = new_page(**{"color_scheme": "light"} | options)  # a tab of its own, which is closed afterwards
        page.route(SCRIPTS, wait_for_ever)
        return page

    return make


@pytest.mark.parametrize(
    ("path", "title", "opening"),
    [
        ("", "The Lantern · Programme", "Opening …"),
        ("cart", "Cart · The Lantern", "Opening …"),
        ("confirmation?session_id=cs_test_x", "Your order · The Lantern", "Looking up your order …"),
        ("nowhere", "The Lantern · Programme", "Opening …"),
    ],
)
def test_the_page_says_where_one_is_before_any_script_has_come(
    only_the_page: Callable[..., Page], shop: tuple[str, Path], path: str, title: str, opening: str
) -> None:
    page = only_the_page()
    page.goto(f"{shop[0]}/{path}", wait_until="commit")
    expect(page.get_by_text("The Lantern", exact=False).first).to_be_visible()
    expect(page.get_by_text(opening)).to_be_visible()
    expect(page).to_have_title(title)
    assert page.get_by_text("Load the page again").is_hidden()  # for the first 20 seconds


@pytest.mark.parametrize(("scheme", "background"), [("light", "rgb(251, 245, 233)"), ("dark", "rgb(22, 13, 28)")])
def test_nothing_is_white_before_any_script_has_come(
    only_the_page: Callable[..., Page], shop: tuple[str, Path], scheme: str, background: str
) -> None:
    page = only_the_page(color_scheme=scheme)
    page.goto(shop[0], wait_until="commit")
    expect(page.get_by_text("Opening …")).to_be_visible()
    for part in ("html", ".splash"):
        assert (
            page.evaluate("part => getComputedStyle(document.querySelector(part)).backgroundColor", part) == background
        )


def test_something_is_painted_before_any_style_sheet_has_come(
    only_the_page: Callable[..., Page], shop: tuple[str, Path]
) -> None:
    page = only_the_page()
    page.route("**/static/css/*.css", lambda _route: None)
    page.goto(shop[0], wait_until="commit")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")


def test_presses_are_heard_before_there_is_anything_to_press(
    only_the_page: Callable[..., Page], shop: tuple[str, Path]
) -> None:
    page = only_the_page()
    page.goto(shop[0], wait_until="commit")
    page.wait_for_function("window.checkoutSteadyPresses")


def test_the_page_connects_while_the_scripts_load_that_use_the_connection(
    new_page: Callable[..., Page], shop: tuple[str, Path]
) -> None:
    page, waiting, connections = new_page(color_scheme="light"), list[Route](), list[str]()

    def note(connection: WebSocket) -> None:
        connections.append(connection.url)

    def wait_for_the_connection(route: Route) -> None:
        if connections:
            route.continue_()
        else:
            waiting.append(route)

    page.on("websocket", note)
    page.route(SCRIPTS, wait_for_the_connection)
    with page.expect_websocket():
        page.goto(shop[0], wait_until="commit")
    for route in waiting:
        route.continue_()
    expect(page.get_by_role("button", name="Add to cart").first).to_be_visible()
    assert len(connections) == 1


def test_a_page_whose_first_connection_breaks_makes_another(
    only_the_page: Callable[..., Page], shop: tuple[str, Path]
) -> None:
    page, connections = only_the_page(), list[str]()

    def break_the_first(connection: WebSocketRoute) -> None:
        connections.append(connection.url)
        if len(connections) == 1:
            connection.close()
        else:
            connection.connect_to_server()

    page.route_web_socket(re.compile("/_stcore/stream"), break_the_first)
    page.unroute(SCRIPTS)
    page.goto(shop[0])
    expect(page.get_by_role("button", name="Add to cart").first).to_be_visible()
    assert len(connections) == 2


@pytest.mark.parametrize(
    ("cookies", "connects"),
    [("", True), ("_streamlit_user=u", False), ("_streamlit_user=u; _streamlit_xsrf=x", True)],
)
def test_a_page_waits_for_the_token_without_which_nobody_is_signed_in(
    shop: tuple[str, Path], cookies: str, connects: bool
) -> None:
    page = httpx2.get(shop[0], headers={"Cookie": cookies}, trust_env=False).text
    assert ("new WebSocket(" in page) is connects


def test_a_browser_without_scripts_is_told_so_in_the_shop_s_words(shop: tuple[str, Path]) -> None:
    page = httpx2.get(shop[0], trust_env=False).text
    (said,) = re.findall("<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert said == "<p>Please allow scripts for this shop.</p>"


def test_every_picture_of_the_first_page_is_one_that_the_browser_can_draw(page: Page, shop: tuple[str, Path]) -> None:
    page.goto(shop[0])
    expect(page.get_by_role("button", name="Add to cart").nth(10)).to_be_visible()
    widths = page.evaluate("""Promise.all([...document.images].map(async (image) => {
        image.loading = "eager";
        await image.decode();
        return image.naturalWidth;
    }))""")
    assert len(widths) > 10
    assert min(widths) > 0


def test_the_splash_stays_until_the_page_itself_is_there(page: Page, shop: tuple[str, Path]) -> None:
    page.goto(shop[0])
    expect(page.get_by_role("button", name="Add to cart").first).to_be_visible()
    expect(page.get_by_text("Opening …")).to_be_hidden()
    page.goto(f"{shop[0]}/confirmation?stripe_checkout_session_id=cs_test_unknown")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.get_by_text("Looking up your order …")).to_be_hidden()


def test_the_first_page_needs_neither_streamlit_s_fonts_nor_its_small_files(
    new_page: Callable[..., Page], shop: tuple[str, Path]
) -> None:
    asked: list[str] = []
    page = new_page(color_scheme="light")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shop[0])
    expect(page.get_by_role("button", name="Add to cart").nth(10)).to_be_visible()
    page.evaluate("document.fonts.ready")
    assert [url for url in asked if re.search(r"MaterialSymbols|SourceSans", url)] == []
    scripts = [url for url in asked if "/static/js/" in url]
    files = [*front_end().files, *front_end().later]
    assert len(scripts) == len(files) == len(set(scripts))
    questions = [url for url in asked if "/_stcore/" in url]
    assert len(questions) == len(set(questions)) == 2  # asked early, and not again


def test_files_of_the_front_end_are_sent_compressed_to_whoever_takes_that(shop: tuple[str, Path]) -> None:
    file = f"{shop[0]}/{front_end().files[0]}"
    with httpx2.Client(trust_env=False) as client:
        plain = client.get(file, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        for _ in range(2):  # compressed now, and kept
            with client.stream("GET", file, headers={"Accept-Encoding": "br, gzip"}) as answer:
                sent = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["content-length"] == str(len(sent))
            assert answer.headers["cache-control"] == plain.headers["cache-control"]
            assert "accept-encoding" in answer.headers["vary"].lower()
            assert gzip.decompress(sent) == plain.content
        refused = client.get(file, headers={"Accept-Encoding": "gzip;q=0"})
        assert "content-encoding" not in refused.headers
        known = client.get(file, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        part = client.get(file, headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
        assert (part.status_code, part.content) == (206, plain.content[:10])
        missing = client.get(f"{shop[0]}/static/js/missing.js", headers={"Accept-Encoding": "gzip"})
        assert missing.status_code == 404 or missing.headers["content-type"].startswith("text/html")


def test_every_module_in_the_page_is_one_that_it_replaces(shop: tuple[str, Path]) -> None:
    page = httpx2.get(shop[0], trust_env=False).text
    match = re.search(r'<script type="importmap">(.*?)</script>', page, re.DOTALL)
    assert match is not None
    imports: dict[str, str] = json.loads(unescape(match[1]))["imports"]
    texts = {name: source for name, source in imports.items() if source.startswith("data:")}
    assert len(texts) > 100  # each by two names
    named = {name for source in texts.values() for name in re.findall(r'\bfrom"(streamlit/[^"]+)"', source)}
    assert named <= imports.keys()
    assert not [name for name, source in texts.items() if re.search(r'import\.meta|from"\.', source)]
