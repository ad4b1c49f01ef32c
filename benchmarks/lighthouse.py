"""What Lighthouse says of the shop's four pages: accessibility and best practices, out of 100.

`npm install lighthouse` in any folder, then `LIGHTHOUSE=that-folder/node_modules/.bin/lighthouse python -m
benchmarks.lighthouse [--all]`. It starts the demo in a fresh folder, fills a cart, pays an order, and has Lighthouse look
at the pages in a Chromium that has this cart. What is not perfect is named below the table. `--all` also prints
performance and search, which depend on the machine and on what the shop is for.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import APIRequestContext, Playwright, sync_playwright

from benchmarks.storefront import demo, free_port
from storefront.cart import COOKIE, Cart

GOALS = ("accessibility", "best-practices")
PRESETS = {"phone": (), "desktop": ("--preset=desktop",)}


def main() -> int:
    """Ask Lighthouse and print; return 1 when a goal is not reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="print performance and search, too")
    categories = (*GOALS, "performance", "seo") if parser.parse_args().all else GOALS
    lighthouse = os.environ.get("LIGHTHOUSE") or shutil.which("lighthouse")
    if lighthouse is None:
        print("Lighthouse is missing: npm install lighthouse, and name its program in LIGHTHOUSE.", file=sys.stderr)
        return 2
    missed: list[str] = []
    print(f"{'page':<14}{'as a':<10}" + "".join(f"{category:>16}" for category in categories))
    with demo() as address, sync_playwright() as playwright:
        port = free_port()
        with tempfile.TemporaryDirectory() as profile:
            pages = _open(playwright, address, profile, port)
            for page, url in pages.items():
                for preset, flags in PRESETS.items():
                    report = _look(lighthouse, url, port, categories, flags)
                    scores = {name: round(100 * of["score"]) for name, of in report["categories"].items()}
                    print(f"{page:<14}{preset:<10}" + "".join(f"{scores[name]:>16}" for name in categories), flush=True)
                    missed += [f"{page}, {preset}: {each}" for each in _faults(report)]
    print("\n".join(missed))
    return 1 if missed else 0


def _open(playwright: Playwright, address: str, profile: str, port: int) -> dict[str, str]:
    """Open a browser that has a cart, and return the addresses of the pages; Playwright closes it in the end."""
    path = os.environ.get("CHROMIUM_PATH") or next(
        filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None
    )
    flags = ["--no-sandbox", f"--remote-debugging-port={port}"]
    context = playwright.chromium.launch_persistent_context(profile, executable_path=path, args=flags)
    cart = Cart({"night-train-to-trieste": 2, "tote-bag": 1})
    context.add_cookies([{"name": COOKIE, "value": cart.to_cookie(), "url": address}])
    session_id = _paid(context.request, address)
    pages = {
        "shop": "",
        "cart": "cart",
        "checkout": "checkout",
        "confirmation": f"confirmation?session_id={session_id}",
    }
    return {page: f"{address}/{path}" for page, path in pages.items()}


def _paid(request: APIRequestContext, address: str) -> str:
    """Return the session of an order that is paid."""

    def post(path: str, **body: object) -> Any:
        answer = request.post(f"{address}/{path}", data=body)
        if not answer.ok:
            raise RuntimeError(answer.text())
        return answer.json()

    session_id = str(post("api/checkout/sessions", items=[{"product": "tote-bag", "quantity": 1}])["session_id"])
    post("api/checkout/pending", stripe_checkout_session_id=session_id, email="anna@example.com")
    post(f"stripe/_simulator/sessions/{session_id}/pay", card="4242424242424242")
    return session_id


def _look(lighthouse: str, url: str, port: int, categories: tuple[str, ...], flags: tuple[str, ...]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        command = [
            lighthouse, url, f"--port={port}", "--output=json", f"--output-path={target}", "--quiet",
            "--disable-storage-reset", "--max-wait-for-load=60000", f"--only-categories={','.join(categories)}", *flags,
        ]  # fmt: skip
        subprocess.run(command, check=True)
        return json.loads(target.read_text(encoding="utf-8"))


def _faults(report: Any) -> list[str]:
    """Return the audits of the goals that are not passed, each with what it found first."""
    faults = []
    for name in GOALS:
        for ref in report["categories"][name]["auditRefs"]:
            audit = report["audits"][ref["id"]]
            if ref["weight"] and audit["score"] is not None and audit["score"] < 1:
                items = audit.get("details", {}).get("items", [])
                faults.append(f"{audit['title']} {json.dumps(items[:2])[:400]}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
