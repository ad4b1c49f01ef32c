"""Cards: https://docs.stripe.com/testing#cards."""

import re
import time
from dataclasses import replace

from ..errors import card_error
from ..http.params import Params
from ..records import Decline, PaymentMethod
from ..wire import JSON
from .base import FormField, PaymentMethodType, TestNumber

DECLINED = "Your card was declined."
DECLINES = {
    "4000000000000002": Decline("card_declined", DECLINED, "generic_decline"),
    "4000000000009995": Decline("card_declined", "Your card has insufficient funds.", "insufficient_funds"),
    "4000000000009987": Decline("card_declined", DECLINED, "lost_card"),
    "4000000000009979": Decline("card_declined", DECLINED, "stolen_card"),
    "4000000000000069": Decline("expired_card", "Your card has expired."),
    "4000000000000127": Decline("incorrect_cvc", "Your card's security code is incorrect."),
    "4000000000000119": Decline(
        "processing_error", "An error occurred while processing your card. Try again in a little bit."
    ),
    "4000000000006975": Decline(
        "card_declined",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
        "card_velocity_exceeded",
    ),
}
CHALLENGED = frozenset({"4000002500003155", "4000002760003184", "4000000000003220", "4000000000003063"})
SUCCESSFUL = {
    "4242424242424242": "visa",
    "4000056655665556": "visa",
    "4000000000000077": "visa",
    "4000000000007726": "visa",
    "4000000000005126": "visa",
    "5555555555554444": "mastercard",
    "2223003122003222": "mastercard",
    "5200828282828210": "mastercard",
    "5105105105105100": "mastercard",
    "378282246310005": "amex",
    "371449635398431": "amex",
    "6011111111111117": "discover",
    "6011000990139424": "discover",
    "3056930009020004": "diners",
    "36227206271667": "diners",
    "3566002020360505": "jcb",
    "6200000000000005": "unionpay",
}
WALLETS = ("apple_pay", "google_pay")
WALLET_CARD = "4242424242424242"
AMEX_PREFIXES = ("34", "37")
MAX_YEARS_AHEAD = 50


def passes_luhn(number: str) -> bool:
    """Return whether the last digit checks the others."""
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


class Card(PaymentMethodType):
    """A credit card."""

    type = "card"
    label = "Card"
    asks_place = True
    icon = '<rect x="0" y="2" width="16" height="12" rx="2"/><rect class="stripe" x="0" y="5" width="16" height="2.4"/>'
    test_numbers = (
        TestNumber("4242424242424242", "a card that works"),
        *(TestNumber(number, decline.decline_code or decline.code) for number, decline in DECLINES.items()),
    )
    rows = (
        (
            FormField(
                id="number",
                param="number",
                label="Card number",
                placeholder="1234 1234 1234 1234",
                format="card_number",
                max_length=23,
                code="number",
                noun="card number",
                autocomplete="cc-number",
                error_codes=("incorrect_number",),
                adornment="brand",
            ),
        ),
        (
            FormField(
                id="expiry",
                param="expiry",
                label="Expiration date",
                placeholder="MM / YY",
                format="expiry",
                max_length=9,
                code="expiry",
                noun="card's expiration date",
                autocomplete="cc-exp",
                error_codes=("expired_card", "invalid_expiry_month", "invalid_expiry_year"),
            ),
            FormField(
                id="cvc",
                param="cvc",
                label="Security code",
                placeholder="CVC",
                format="cvc",
                max_length=4,
                code="cvc",
                noun="card's security code",
                autocomplete="cc-csc",
                error_codes=("incorrect_cvc", "invalid_cvc"),
                adornment="cvc",
            ),
        ),
    )

    def parse(self, params: Params, now: float) -> PaymentMethod:
        """Read `number`, `exp_month`, `exp_year` and `cvc`, or the `wallet` that has a card in it."""
        wallet = params.choice("wallet", WALLETS)
        if wallet is not None:
            card = self.from_number(WALLET_CARD, now)
            return replace(card, facts={**card.facts, "wallet": wallet})
        return self.from_form(
            params.text("number") or "",
            params.integer("exp_month") or 0,
            params.integer("exp_year") or 0,
            params.text("cvc") or "",
            now,
        )

    def from_number(self, number: str, now: float) -> PaymentMethod:
        """Return the card of a test number, valid for three more years. Raises for every other number."""
        cvc = "1234" if number.startswith(AMEX_PREFIXES) else "123"
        return self.from_form(number, 12, time.gmtime(now).tm_year + 3, cvc, now)

    def from_form(self, number: str, exp_month: int, exp_year: int, cvc: str, now: float) -> PaymentMethod:
        """Return the card that a form describes.

        Args:
            number: digits, spaces and dashes.
            exp_month: the last month in which it is valid, from 1 to 12.
            exp_year: that month's year; below 100 it is of this century.
            cvc: three digits, for American Express also four.
            now: the simulated time, in seconds since the epoch.

        Raises:
            StripeError: the form is wrong, or the card is no test card.
        """
        today = time.gmtime(now)
        digits = re.sub(r"[\s-]", "", number)
        if not re.fullmatch(r"[0-9]{12,19}", digits) or not passes_luhn(digits):
            raise card_error("incorrect_number", "Your card number is incorrect.", param="number")
        full_year = exp_year + 2000 if exp_year < 100 else exp_year
        if not 1 <= exp_month <= 12:
            raise card_error("invalid_expiry_month", "Your card's expiration month is invalid.", param="exp_month")
        if (full_year, exp_month) < (today.tm_year, today.tm_mon) or full_year > today.tm_year + MAX_YEARS_AHEAD:
            raise card_error("invalid_expiry_year", "Your card's expiration year is invalid.", param="exp_year")
        if not re.fullmatch(r"[0-9]{3,4}" if digits.startswith(AMEX_PREFIXES) else r"[0-9]{3}", cvc):
            raise card_error("invalid_cvc", "Your card's security code is invalid.", param="cvc")
        if digits not in SUCCESSFUL and digits not in DECLINES and digits not in CHALLENGED:
            raise card_error(
                "card_declined",
                "Your card was declined. Your request was in test mode, but used a non test card. "
                "For a list of valid test cards, visit: https://docs.stripe.com/testing.",
                "test_mode_live_card",
            )
        return PaymentMethod(
            self.type,
            digits[-4:],
            decline=DECLINES.get(digits),
            challenged=digits in CHALLENGED,
            facts={"brand": SUCCESSFUL.get(digits, "visa"), "exp_month": exp_month, "exp_year": full_year},
        )

    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return the `card` of a charge."""
        secured = {"authentication_flow": "challenge", "result": "authenticated", "version": "2.2.0"}
        return {
            "amount_authorized": None,
            "authorization_code": None,
            "brand": method.facts["brand"],
            "capture_before": None,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "description": None,
            "electronic_commerce_indicator": None,
            "exp_month": method.facts["exp_month"],
            "exp_year": method.facts["exp_year"],
            "extended_authorization": None,
            "fingerprint": "simulated",
            "funding": "credit",
            "iin": None,
            "incremental_authorization": None,
            "installments": None,
            "issuer": None,
            "last4": method.last4,
            "mandate": None,
            "moto": None,
            "multicapture": None,
            "network": method.facts["brand"],
            "network_token": None,
            "network_transaction_id": None,
            "overcapture": None,
            "regulated_status": None,
            "setup_credential_usage": None,
            "stored_credential_usage": None,
            "three_d_secure": secured if method.challenged else None,
            "transaction_link_id": None,
            "wallet": _wallet(method),
        }


def _wallet(method: PaymentMethod) -> JSON | None:
    """Return the `wallet` of a card's charge."""
    wallet = method.facts.get("wallet")
    return wallet and {"type": wallet, wallet: {}, "dynamic_last4": None}
