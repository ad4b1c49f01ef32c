"""What shoppers do: they get to a session, leave their details, pay, or have somebody settle their bank debit."""

import httpx

from checkout_core import Checkout, Order

DEBIT = "DE89370400440532013000"
DECLINED = "4000000000000002"


def a_session(checkout: Checkout) -> str:
    """Step 1."""
    product = next(product.id for product in checkout.catalog.values() if not product.sold_out)
    return checkout.create_session({product: 1}).id


def a_pending_order(checkout: Checkout) -> str:
    """Steps 1 and 2; gives the session's id."""
    session_id = a_session(checkout)
    checkout.create_pending_order(session_id, email="anna@example.com")
    return session_id


def a_paid_order(checkout: Checkout) -> Order:
    """Steps 1 to 3."""
    session_id = a_pending_order(checkout)
    pay(checkout, session_id)
    return checkout.complete_order(session_id)


def pay(checkout: Checkout, session_id: str, card: str = "4242424242424242") -> httpx.Response:
    """The shopper presses Pay."""
    url = f"{checkout.settings.stripe_api_base}/_simulator/sessions/{session_id}/pay"
    return httpx.post(url, json={"card": card, "email": "anna@example.com"})


def control(checkout: Checkout, path: str, **body: object) -> None:
    """Turn a knob of the simulator."""
    httpx.post(f"{checkout.settings.stripe_api_base}/_simulator/{path}", json=body).raise_for_status()


def kinds(checkout: Checkout, session_id: str) -> list[str]:
    """What happened, in order."""
    return [event.kind for event in checkout.history(session_id)]
