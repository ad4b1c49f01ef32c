"""What is derived from a session: the details of its customer, and where the shopper goes afterwards."""

from typing import NamedTuple

from ...currencies import display
from ...records import Shopper
from ...wire import JSON, Session

PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
NOBODY = Shopper(None)
DEFAULT_CURRENCY = "eur"
"""What a session without lines is asked in, where it names none."""


def customer_details(email: str | None, shopper: Shopper = NOBODY) -> JSON:
    """Return `customer_details`: the e-mail address, and what the shopper typed."""
    return {
        "address": shopper.address,
        "business_name": shopper.business_name,
        "email": email,
        "individual_name": shopper.individual_name,
        "name": shopper.name,
        "phone": shopper.phone,
        "tax_exempt": "none",
        "tax_ids": [shopper.tax_id] if shopper.tax_id else [],
    }


def known_email(session: Session) -> str | None:
    """Return the e-mail address that a session has without asking the shopper."""
    return session["customer_email"] or (session["customer_details"] or {}).get("email")


class AskedAmounts(NamedTuple):
    """What a session asks for, in minor units; one that only saves a payment method asks for nothing."""

    currency: str
    subtotal: int
    total: int

    @property
    def shown_total(self) -> str:
        """The total as the shopper reads it."""
        return display(self.total, self.currency)


def asked_amounts(session: Session) -> AskedAmounts:
    """Return what a session asks for."""
    currency = session["currency"] or DEFAULT_CURRENCY
    return AskedAmounts(currency, session["amount_subtotal"] or 0, session["amount_total"] or 0)


def redirect_url(session: Session) -> str:
    """Return where the shopper goes after paying."""
    return fill_placeholder(session["success_url"] or session.get("return_url") or "", session["id"])


def fill_placeholder(url: str, session_id: str) -> str:
    """Return an address with the id of the session in place of `{CHECKOUT_SESSION_ID}`."""
    return url.replace(PLACEHOLDER, session_id).replace("%7BCHECKOUT_SESSION_ID%7D", session_id)
