"""What a presenter can show on purpose. Pure: the words, and what the simulator is told."""

from dataclasses import dataclass
from typing import Literal

Action = Literal["pay", "send_back", "expire", "debit_succeeds", "debit_fails", "day", "half_hour"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One outcome: what the presenter does, what everybody sees, and how the simulator treats this one session.

    `card` is the test card or test account that the next payment is taken for, whatever is typed; `again`: so is each
    one after a payment that was declined.
    """

    id: str
    title: str
    do: str
    see: str
    card: str | None = None
    again: bool = False
    webhooks: Literal["deliver", "drop"] = "deliver"
    actions: tuple[Action, ...] = ()


_ALL = (
    Scenario(
        "pay",
        "Paid",
        "Buy something and pay with 4242 4242 4242 4242.",
        "Four steps, and the order is paid exactly once although a webhook and the shopper's return both bring the news.",
    ),
    Scenario(
        "decline",
        "Declined, then paid",
        "Pay as usual: the first try is declined whatever the card. Then press Pay again.",
        "The shopper reads why, stays on the page and pays with the same order; nothing is duplicated.",
        card="4000000000000002",
    ),
    Scenario(
        "challenge",
        "3-D Secure",
        "Pay as usual: the bank asks first. Fail it once, then pay again and pass.",
        "A failed check takes no money and the order stays pending; a passed one ends as any other payment.",
        card="4000002500003155",
        again=True,
    ),
    Scenario(
        "debit",
        "Bank debit",
        "Pay as usual: it is taken for a bank debit. On the confirmation page, let the debit succeed or fail.",
        "The order is processing when the shopper returns, and the bank's answer moves it later.",
        card="debit",
        actions=("debit_succeeds", "debit_fails"),
    ),
    Scenario(
        "abandon",
        "Abandoned",
        "Continue to payment, then walk away to the programme. Let a day pass: it passes for everybody in this demo.",
        "The pending order and its e-mail are kept, so the funnel can count it; a day later it is expired.",
        actions=("day",),
    ),
    Scenario(
        "expire",
        "Expired while paying",
        "Continue to payment, let this session expire, then press Pay.",
        "Nobody is charged, the shopper reads why, and a fresh checkout opens with the cart as it was.",
        actions=("expire",),
    ),
    Scenario(
        "hold",
        "A hold runs out",
        "Put something of which there are few into the cart and continue to payment; look at the shop in another window. "
        "Then let half an hour pass: it passes for everybody in this demo.",
        "What is left goes down in every window when the order is made, and up again when its session is over at Stripe.",
        actions=("half_hour",),
    ),
    Scenario(
        "webhook-first",
        "Webhook before redirect",
        "Continue to payment, but pay from elsewhere. Watch the status, then send the shopper back.",
        "The webhook alone makes the order paid; the return finds it done and writes nothing.",
        actions=("pay", "send_back"),
    ),
    Scenario(
        "no-webhook",
        "Redirect without webhook",
        "Pay as usual: the webhooks of this session are lost.",
        "The return asks Stripe itself, so the order is paid all the same.",
        webhooks="drop",
    ),
)
SCENARIOS = {scenario.id: scenario for scenario in _ALL}
DEFAULT = "pay"


def next_after(scenario: str) -> str:
    """Return the id of the scenario that follows; after the last comes the first."""
    ids = list(SCENARIOS)
    return ids[(ids.index(scenario) + 1) % len(ids)]


def number_for(scenario: Scenario, currency: str) -> str | None:
    """The test number of a scenario; a bank debit's depends on the currency."""
    if scenario.card == "debit":
        return "DE89370400440532013000" if currency == "eur" else "000123456789"
    return scenario.card
