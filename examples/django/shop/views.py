"""Two views: to Stripe's page, and what Stripe reports."""

import stripe
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .models import Sale


def stripe_client() -> stripe.StripeClient:
    """Return a client for the account that the settings name."""
    return stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": settings.STRIPE_API_BASE})


@require_POST
def buy(request: HttpRequest) -> HttpResponse:
    """Note a sale and open Stripe's page for it."""
    mug = {"currency": "eur", "unit_amount": 1450, "product_data": {"name": "Mug"}}
    session = stripe_client().v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": mug}],
            "success_url": request.build_absolute_uri("/thanks") + "?session_id={CHECKOUT_SESSION_ID}",
        }
    )
    Sale.objects.create(session_id=session.id, amount_total=session.amount_total)
    return HttpResponseRedirect(session.url)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Mark a sale as paid when Stripe says so."""
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = stripe.Webhook.construct_event(request.body, signature, settings.STRIPE_WEBHOOK_SECRET)
    except stripe.SignatureVerificationError:
        return HttpResponse("not from Stripe", status=400)
    session = event.data.object
    if event.type == "checkout.session.completed" and session["payment_status"] == "paid":
        Sale.objects.filter(session_id=session["id"]).update(is_paid=True, amount_total=session["amount_total"])
    return HttpResponse("thanks")
