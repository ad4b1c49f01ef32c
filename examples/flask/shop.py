"""A Flask shop on plain stripe-python: any version from 7 on, because it uses what all of them have."""

import os

import stripe
from flask import Flask, redirect, request
from werkzeug.wrappers import Response

PRICES = {"mug": 1450, "poster": 2000}

app = Flask(__name__)
shipped: list[str] = []
refunded: list[str] = []


def configure(secret_key: str, api_base: str = "https://api.stripe.com") -> None:
    """Choose the account and the address of Stripe for the whole program."""
    stripe.api_key, stripe.api_base = secret_key, api_base


@app.post("/buy/<product>")
def buy(product: str) -> Response:
    """Open Stripe's page for one product."""
    session = stripe.checkout.Session.create(
        mode="payment",
        line_items=[
            {
                "quantity": 1,
                "price_data": {
                    "currency": "eur",
                    "unit_amount": PRICES[product],
                    "product_data": {"name": product.title()},
                },
            }
        ],
        allow_promotion_codes=True,
        success_url=request.host_url + "thanks?session_id={CHECKOUT_SESSION_ID}",
    )
    return redirect(str(session.url), 303)


@app.post("/webhook")
def webhook() -> tuple[str, int]:
    """Ship what was paid, and note what was refunded."""
    signature, secret = request.headers.get("Stripe-Signature", ""), os.environ["STRIPE_WEBHOOK_SECRET"]
    try:
        event = stripe.Webhook.construct_event(request.data, signature, secret)
    except stripe.SignatureVerificationError:
        return "not from Stripe", 400
    about = event.data.object
    if event.type == "checkout.session.completed" and about["payment_status"] == "paid":
        shipped.append(about["id"])
    elif event.type == "charge.refunded":
        refunded.append(about["payment_intent"])
    return "thanks", 200


if __name__ == "__main__":
    configure(os.environ["STRIPE_SECRET_KEY"], os.environ.get("STRIPE_API_BASE", "https://api.stripe.com"))
    app.run(port=8000)
