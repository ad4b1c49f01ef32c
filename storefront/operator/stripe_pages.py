"""Where an order is in Stripe's dashboard, which only people who may sign in there can open."""

from checkout_core import Settings
from checkout_core.domain.orders import Order

_DASHBOARD = "https://dashboard.stripe.com"


def page_of(settings: Settings, order: Order) -> str:
    """Return the address of an order's payment; before there is one, of a search for its checkout session.

    Test data has pages of its own (https://docs.stripe.com/test-mode), and simulated payments are on the simulator's page.

    Args:
        settings: the shop's; the key says which of Stripe's modes is meant.
        order: any order.
    """
    if settings.simulated:
        return f"{settings.stripe_api_base}/_simulator?session={order.stripe_checkout_session_id}"
    mode = "" if settings.live else "test/"
    if order.stripe_payment_intent_id is not None:
        return f"{_DASHBOARD}/{mode}payments/{order.stripe_payment_intent_id}"
    return f"{_DASHBOARD}/{mode}search?query={order.stripe_checkout_session_id}"
