"""What the buttons of the panel do, and why one cannot be pressed yet."""

from collections.abc import Callable
from dataclasses import dataclass

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.orders import Order, OrderStatus
from storefront import context

from . import simulator_client
from .scenarios import Action
from .stage import Said, Stage

_DAY_SECONDS = 86_400 + 60
_HOLD_SECONDS = 32 * 60
"""A session with something limited lasts half an hour, up to the next minute."""


@dataclass(frozen=True, slots=True)
class ActionText:
    """What stands on a button, and what is said once it has done its work."""

    label: str
    done: str


ACTIONS: dict[Action, ActionText] = {
    "pay": ActionText("Pay from elsewhere", "Paid from elsewhere. The shopper's page does not know it yet."),
    "send_back": ActionText("Send the shopper back", "The shopper is on the way back from Stripe."),
    "expire": ActionText("Let this session expire", "Stripe has expired this session."),
    "debit_succeeds": ActionText("The debit succeeds", "The bank has paid."),
    "debit_fails": ActionText("The debit fails", "The bank has refused."),
    "day": ActionText(
        "A day passes, for everybody", "A day has passed for every checkout of this demo. Reset turns the clock back."
    ),
    "half_hour": ActionText(
        "Half an hour passes, for everybody",
        "Half an hour has passed for every checkout of this demo. Reset turns the clock back.",
    ),
}


def obstacle(action: Action, order: Order | None, *, has_session: bool = True) -> str | None:
    """Return why an action cannot be done yet, as a sentence, or None when it can.

    Args:
        action: the action.
        order: the order as it is kept now.
        has_session: whether there is a checkout at all.
    """
    if not has_session:
        return "Go to the checkout first."
    status = order.status if order else None
    over = None if status in (None, OrderStatus.pending) else f"This checkout is over: the order is {status}."
    if action in ("pay", "expire"):
        return over or (None if order or action == "expire" else "Continue to payment first.")
    if action == "send_back":
        if status is OrderStatus.expired:
            return over
        return "Nothing is paid yet: pay from elsewhere first." if over is None else None
    if action in ("debit_succeeds", "debit_fails"):
        if over is None:
            return "Pay first: then the bank decides."
        return None if status is OrderStatus.processing else f"The bank has decided: the order is {status}."
    return None


def act(checkout: Checkout, stage: Stage, action: Action) -> None:
    """Do what a button says, and remember what came of it until the next action."""
    session_id = stage.session_id
    if session_id is None:
        return
    settings = checkout.settings

    def do() -> None:
        if action == "pay":
            simulator_client.use_control(settings, f"sessions/{session_id}/pay")
        elif action == "send_back":
            stage.errand = "send_back"
        elif action == "expire":
            checkout.expire_session(session_id)
        elif action == "day":
            simulator_client.use_control(settings, "clock", advance=_DAY_SECONDS)
        elif action == "half_hour":
            simulator_client.use_control(settings, "clock", advance=_HOLD_SECONDS)
        else:
            outcome = "succeeded" if action == "debit_succeeds" else "failed"
            simulator_client.use_control(settings, f"sessions/{session_id}/settle_debit", outcome=outcome)

    _say(stage, do, ACTIONS[action].done)


def reset(checkout: Checkout, stage: Stage) -> None:
    """Turn the simulator's clock back, let webhooks arrive and requests succeed again, and begin with an empty cart."""
    settings, session_id = checkout.settings, stage.session_id

    def do() -> None:
        if session_id is not None:
            simulator_client.use_control(settings, f"sessions/{session_id}/plan")
        simulator_client.use_control(settings, "clock", reset=True)
        simulator_client.use_control(settings, "webhooks", mode="deliver")
        simulator_client.use_control(settings, "faults/clear")
        stage.clear()
        stage.errand = "reset"

    _say(stage, do, "Everything is as at the beginning: the clock is right, the cart is empty, nothing is planned.")


def _say(stage: Stage, do: Callable[[], None], done: str) -> None:
    try:
        do()
    except CheckoutError as error:
        stage.said = Said(context.sentence_for_shopper(error), is_problem=True)
    else:
        stage.said = Said(done)
