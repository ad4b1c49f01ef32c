"""What shoppers do: they get to a session, leave their details, pay, or have somebody settle their bank debit."""

import httpx

from checkout_core import Checkout, Order

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


def pay(checkout: Checkout, session_id: str, card: str = CARD) -> httpx.Response:
    """Press Pay on Stripe's page."""
    url = f"{checkout.settings.stripe_api_base}/_simulator/sessions/{session_id}/pay"
    return httpx.post(url, json={"card": card, "email": EMAIL})


def control(checkout: Checkout, path: str, **body: object) -> None:
    """Use one of the simulator's controls."""
    httpx.post(f"{checkout.settings.stripe_api_base}/_simulator/{path}", json=body).raise_for_status()


def kinds(checkout: Checkout, session_id: str) -> list[str]:
    """Return what happened to a checkout, in order."""
    return [event.kind.value for event in checkout.history(session_id)]
