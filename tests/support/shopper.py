"""What shoppers do: they get to a session, leave their details, pay, or have somebody settle their bank debit."""

import httpx2
import stripe

from checkout_core import Checkout, Order, OrderStatus

CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
DEBIT = "DE89370400440532013000"
EMAIL = "anna@example.com"


def cart(checkout: Checkout, products: int = 1) -> dict[str, int]:
    """Return a cart of the first products that can be bought, one more of each than of the next."""
    sold = [product.id for product in checkout.catalog.values() if product.limit][:products]
    return {product: products - place for place, product in enumerate(sold)}


def open_session(checkout: Checkout) -> str:
    """Do step 1; return the session's id."""
    return checkout.create_session(cart(checkout)).id


def pending_order(checkout: Checkout) -> str:
    """Do steps 1 and 2; return the session's id."""
    session_id = open_session(checkout)
    checkout.create_pending_order(session_id, email=EMAIL)
    return session_id


def paid_order(checkout: Checkout) -> Order:
    """Do steps 1 to 3."""
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    return checkout.complete_order(session_id)


def pay(checkout: Checkout, session_id: str, card: str = CARD) -> httpx2.Response:
    """Press Pay on Stripe's page."""
    url = f"{checkout.settings.stripe_api_base}/_simulator/sessions/{session_id}/pay"
    return httpx2.post(url, json={"card": card, "email": EMAIL})


def control(checkout: Checkout, path: str, **body: object) -> None:
    """Use one of the simulator's controls."""
    httpx2.post(f"{checkout.settings.stripe_api_base}/_simulator/{path}", json=body).raise_for_status()


def kinds(checkout: Checkout, session_id: str) -> list[str]:
    """Return what happened to a checkout, in order."""
    return [event.kind.value for event in checkout.history(session_id)]


def status(checkout: Checkout, session_id: str) -> OrderStatus | None:
    """Return where the order of a session stands; None: there is no order."""
    order = checkout.store.get(session_id)
    return order.status if order else None


def stripe_of(checkout: Checkout) -> stripe.StripeClient:
    """Return the SDK's own client for a checkout's account: what Stripe knows, and what its dashboard does."""
    return stripe.StripeClient(
        checkout.settings.stripe_secret_key.get_secret_value(),
        base_addresses={"api": checkout.settings.stripe_api_base},
    )


def refund_in_dashboard(checkout: Checkout, order: Order, amount: int) -> None:
    """Refund `amount` minor units behind our back."""
    assert order.stripe_payment_intent_id is not None
    stripe_of(checkout).v1.refunds.create({"payment_intent": order.stripe_payment_intent_id, "amount": amount})


def refunds_at_stripe(checkout: Checkout, order: Order) -> list[int]:
    """Return the amounts that Stripe was asked to refund, in minor units, oldest first."""
    assert order.stripe_payment_intent_id is not None
    listed = stripe_of(checkout).v1.refunds.list({"payment_intent": order.stripe_payment_intent_id, "limit": 100})
    return [refund.amount for refund in reversed(listed.data)]


def fail_refund(checkout: Checkout, order: Order) -> None:
    """Let the shopper's bank send the newest refund of an order back."""
    control(checkout, f"sessions/{order.stripe_checkout_session_id}/fail_refund")


def fault(checkout: Checkout, route: str, kind: str, times: int = 3) -> None:
    """Let the next requests of a route go wrong; three are one call, which the SDK tries three times."""
    control(checkout, "faults", route=route, kind=kind, times=times)
