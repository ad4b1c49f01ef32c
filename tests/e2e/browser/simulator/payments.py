"""A checkout session at the simulator, and the card form that pays it."""

from typing import Any

import stripe
from playwright.sync_api import Page

from stripe_simulator.testing.server import Running


def api(simulator: Running) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_123", base_addresses={"api": simulator.url})


def post(name: str, amount: int, estimate: Any = None) -> Any:
    data = {"display_name": name, "type": "fixed_amount", "fixed_amount": {"amount": amount, "currency": "eur"}}
    return {"shipping_rate_data": {**data, **({"delivery_estimate": estimate} if estimate else {})}}


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def created(simulator: Running, shop: Any, **changes: Any) -> Any:
    price = {"currency": "eur", "unit_amount": 1250, "product_data": {"name": "<b>Tea</b>", "description": "Sencha"}}
    params = {"mode": "payment", "line_items": [{"price_data": price, "quantity": 1}], **changes}
    back = "return_url" if changes.get("ui_mode", "hosted_page") != "hosted_page" else "success_url"
    if changes.get("redirect_on_completion") == "never":
        return api(simulator).v1.checkout.sessions.create(params)  # type: ignore[arg-type]
    return api(simulator).v1.checkout.sessions.create({**params, back: f"{shop.url}/thanks?id={{CHECKOUT_SESSION_ID}}"})  # type: ignore[arg-type]


def fill(page: Page, number: str) -> None:
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    form.get_by_label("Card number").fill(number)
    form.get_by_label("Expiration date").fill("12 / 34")
    form.get_by_label("Security code").fill("123")
