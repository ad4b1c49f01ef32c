"""How fast the shop answers a click, in a real browser: from the click to what it changes being on the page.

`python -m benchmarks.storefront [--rounds 15] [--hurried] [--slow] [--json]` starts the demo (simulator and DuckDB in its
process) in a fresh folder, opens every page once, and then clicks through the shop again and again. A click is made
when the page is at rest, or with `--hurried` as soon as the one before has shown its first effect. Every round has a
cart of its own, so that every visit to the checkout makes a session at Stripe.

`--slow` measures loads instead of clicks, on a line of 400 ms round trips and 200 KB/s: how long the browser shows nothing
of the shop's, when the first product is there, and what is transferred; first with nothing kept, then with Streamlit's
files kept, as when a shopper comes back from Stripe.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.slow_line import slow_line

_CLICK = """([target, expression]) => new Promise((resolve, reject) => {
  const holds = new Function(`return Boolean(${expression})`);
  if (holds()) return reject(new Error(`already so before the click: ${expression}`));
  const button = document.querySelector(target);
  const begun = performance.now();
  const look = () => {
    if (!holds()) return;
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - begun));
  };
  const observer = new MutationObserver(look);
  setTimeout(() => reject(new Error(`never so after the click: ${expression}`)), 30_000);
  observer.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
  button.click();
})"""
_CART = "document.querySelector('.st-key-masthead a[href$=cart]')?.textContent === 'Cart{count}'"
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_AT_REST = "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
_PRODUCTS = ("tote-bag", "enamel-mug", "night-train-to-trieste", "moth-hour", "salt-and-saturn")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--hurried", action="store_true", help="click while the server still answers the last click")
    parser.add_argument("--slow", action="store_true", help="measure loads on a slow line instead of clicks")
    parser.add_argument("--json", action="store_true", help="one JSON object a line beside the table")
    options = parser.parse_args()
    with demo() as address, sync_playwright() as playwright:
        found = filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome")))
        path = os.environ.get("CHROMIUM_PATH") or next(found, None)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        if options.slow:
            _show_loads(browser, address, options.rounds, options.json)
            return
        times = _click_through(browser.new_page(), address, options.rounds, options.hurried)
        browser.close()
    print(f"{'click':<22}{'median ms':>10}{'worst ms':>10}{'clicks':>8}")
    for click, took in times.items():
        row = {"click": click, "median_ms": round(statistics.median(took), 1), "worst_ms": round(max(took), 1)}
        print(f"{click:<22}{row['median_ms']:>10}{row['worst_ms']:>10}{len(took):>8}")
        if options.json:
            print(json.dumps(row | {"clicks": len(took)}))


def _click_through(page: Page, address: str, rounds: int, hurried: bool) -> dict[str, list[float]]:
    """The first round opens every page and is not counted; nor is what only makes the next cart another one."""
    times: dict[str, list[float]] = defaultdict(list)
    page.goto(address)
    page.get_by_role("button", name="Add to cart").nth(10).wait_for()
    for number in range(rounds + 1):

        def clicked(name: str, target: str, until: str, counted: bool = number > 0) -> None:
            page.locator(target).first.wait_for()
            if not hurried:
                page.wait_for_function(_AT_REST)
            took: float = page.evaluate(_CLICK, [target, until])
            if counted:
                times[name].append(took)

        product, before = _PRODUCTS[number % len(_PRODUCTS)], number // len(_PRODUCTS)
        add, line = f".st-key-add-{product} button", f".st-key-line-{product}"
        for count in range(1, before + 1):
            clicked("", add, _CART.format(count=f" · {count}"), counted=False)
        clicked("add to cart", add, _CART.format(count=f" · {before + 1}"))
        cart = ".st-key-masthead a[href$=cart]"
        clicked("go to the cart", cart, f"document.querySelector('{line} .price')?.textContent")
        more = f"{line} [data-testid=stNumberInputStepUp]"
        clicked("change a quantity", more, _CART.format(count=f" · {before + 2}"))
        form = "document.querySelector('.st-key-field-email input')"
        clicked("open the checkout", ".st-key-to-checkout button", form)
        page.locator(".st-key-field-email input").fill("anna@example.com")
        send = "[data-testid=stFormSubmitButton] button"
        clicked("continue to payment", send, "document.querySelector('.payment-fields')")
        back, marquee = ".st-key-masthead a:not([href$=cart])", "document.querySelector('.marquee')"
        clicked("back to the shop", back, marquee)
        clicked("go to the cart", cart, f"document.querySelector('{line} .price')?.textContent")
        clicked("take out of the cart", f".st-key-remove-{product} button", _CART.format(count=""))
        clicked("back to the shop", back, marquee)
    return times


def _show_loads(browser: Browser, address: str, rounds: int, as_json: bool) -> None:
    """Measure loads on a slow line and print them."""
    print(f"{'load':<22}{'own frame s':>12}{'product s':>11}{'KB':>7}   medians of {rounds}")
    loads: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 390, "height": 844})
        with slow_line(int(address.rpartition(":")[2])) as line:
            for load in ("nothing kept", "files kept"):
                before, begun, page = line.received, time.perf_counter(), context.new_page()
                page.goto(f"http://127.0.0.1:{line.port}", wait_until="commit")
                page.get_by_role("button", name="Add to cart").first.wait_for()
                took, size = time.perf_counter() - begun, (line.received - before) / 1024
                loads[load].append((page.evaluate(_FIRST_PAINT) / 1000, took, size))
                page.close()
        context.close()
    for load, measured in loads.items():
        own, product, size = (statistics.median(column) for column in zip(*measured, strict=True))
        print(f"{load:<22}{own:>12.2f}{product:>11.2f}{size:>7.0f}")
        if as_json:
            print(json.dumps({"load": load, "own_frame_s": own, "product_s": product, "kb": size}))


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def demo() -> Iterator[str]:
    """Run `checkout demo` on a free port, with its data in a folder of its own."""
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "CHECKOUT_"))}
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "checkout_cli", "demo", "--port", str(port)],
            env=clean | {"CHECKOUT_DATA_DIR": folder, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            address = f"http://127.0.0.1:{port}"
            if not any(address in line for line in process.stdout):
                raise SystemExit("The demo did not start.")
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


if __name__ == "__main__":
    main()
