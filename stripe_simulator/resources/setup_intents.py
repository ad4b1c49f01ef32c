"""/v1/setup_intents, as far as sessions in `setup` mode make them: https://docs.stripe.com/api/setup_intents."""

from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.request import ApiRoute
from ..ids import random_id
from ..records import PaymentMethod, SessionRecord
from ..wire import JSON


def build_setup_intent(record: SessionRecord, given: JSON, now: int) -> JSON:
    """Return the setup intent of a session that only saves a payment method.

    Args:
        record: the session.
        given: its `setup_intent_data`.
        now: the simulated time, in seconds since the epoch.
    """
    id = random_id("seti_1", 23)
    return {
        "id": id,
        "object": "setup_intent",
        "allowed_payment_method_types": None,
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{id}_secret_{random_id('', 25)}",
        "created": now,
        "customer": record.session["customer"],
        "customer_account": None,
        "description": given.get("description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "managed_payments": None,
        "mandate": None,
        "metadata": given.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": record.session["payment_method_types"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }


def complete_setup_intent(intent: JSON, method: PaymentMethod | None, customer: str | None) -> JSON:
    """Return a setup intent after its payment method was saved.

    Args:
        intent: the setup intent.
        method: what was saved; None where nobody was asked for one.
        customer: the id of the customer that it is saved for, if there is one.
    """
    return {
        **intent,
        "customer": customer,
        "payment_method": None if method is None else method.id,
        "status": "succeeded",
    }


list_setup_intents = listing(
    "setup_intents", text("customer"), text("payment_method"), unsupported=("attach_to_self", "customer_account")
)

ROUTES: list[ApiRoute] = [
    ("GET", "/v1/setup_intents", list_setup_intents),
    ("GET", "/v1/setup_intents/{id}", retrieve("setup_intents", "setupintent", "intent")),
]
