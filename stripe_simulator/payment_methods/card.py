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
    "4000000000000341": Decline("card_declined", DECLINED, "generic_decline"),
    "4100000000000019": Decline("card_declined", DECLINED, "fraudulent"),
    "4000000000004954": Decline("card_declined", DECLINED, "fraudulent"),
    "4000008260003178": Decline("card_declined", "Your card has insufficient funds.", "insufficient_funds"),
    "4000008400001629": Decline("card_declined", DECLINED, "generic_decline"),
}
CHALLENGED = frozenset(
    {
        "4000002500003155",
        "4000002760003184",
        "4000000000003220",
        "4000000000003063",
        "4000008260003178",
        "4000008400001629",
    }
)
SUCCESSFUL = {
    "4242424242424242": "visa",
    "4000056655665556": "visa",
    "4000000000000077": "visa",
    "4000003720000278": "visa",
    "4000000000007726": "visa",
    "4000000000005126": "visa",
    "4000000000003055": "visa",
    "4000003800000446": "visa",
    "5555555555554444": "mastercard",
    "2223003122003222": "mastercard",
    "5200828282828210": "mastercard",
    "5105105105105100": "mastercard",
    "378282246310005": "amex",
    "371449635398431": "amex",
    "6011111111111117": "discover",
    "6011000990139424": "discover",
    "6011981111111113": "discover",
    "3056930009020004": "diners",
    "36227206271667": "diners",
    "3566002020360505": "jcb",
    "6200000000000005": "unionpay",
    "4000000760000002": "visa",
    "4000001240000000": "visa",
    "4000002500000003": "visa",
    "4000002760000016": "visa",
    "4000003800000008": "visa",
    "4000005280000002": "visa",
    "4000008260000000": "visa",
    "4000000360000006": "visa",
    "4000003920000003": "visa",
    "4000000000000101": "visa",
    "4000000000000036": "visa",
    "4000000000000028": "visa",
    "4000000000000010": "visa",
    "4000000000000044": "visa",
    "4000000000009235": "visa",
    "4000000000000259": "visa",
    "4000000000002685": "visa",
    "4000000000001976": "visa",
}
WALLETS = ("apple_pay", "google_pay")
WALLET_CARD = "4242424242424242"
FUNDING = {
    "4000056655665556": "debit",
    "5200828282828210": "debit",
    "6011981111111113": "debit",
    "5105105105105100": "prepaid",
}
"""The funding of cards that are no credit cards."""
ISSUED_IN = {
    "4000000760000002": "BR",
    "4000001240000000": "CA",
    "4000002500000003": "FR",
    "4000002760000016": "DE",
    "4000003800000008": "IT",
    "4000005280000002": "NL",
    "4000008260000000": "GB",
    "4000000360000006": "AU",
    "4000003920000003": "JP",
    "4000003800000446": "IT",
    "4000003720000278": "IE",
    "4000002500003155": "FR",
    "4000002760003184": "DE",
    "4000008260003178": "GB",
    "6200000000000005": "CN",
}
"""The country of cards that are not of the US."""
CHECKS = {
    "4000000000000101": {"cvc_check": "fail"},
    "4000000000000036": {"address_postal_code_check": "fail"},
    "4000000000000028": {"address_line1_check": "fail"},
    "4000000000000010": {"address_line1_check": "fail", "address_postal_code_check": "fail"},
    "4000000000000044": {"address_line1_check": "unavailable", "address_postal_code_check": "unavailable"},
}
"""What the bank finds wrong with cards that work all the same: https://docs.stripe.com/testing#fraud-prevention."""
RISKS = {"4100000000000019": "highest", "4000000000004954": "highest", "4000000000009235": "elevated"}
"""The risk of cards whose risk is not normal; a payment of the highest risk is blocked."""
DISPUTED = {
    "4000000000000259": "fraudulent",
    "4000000000002685": "product_not_received",
    "4000000000001976": "inquiry",
}
"""Cards whose payments are disputed at once: https://docs.stripe.com/testing#disputes."""
SAVED_AND_DECLINED = frozenset({"4000000000000341"})
"""Cards that can be saved for a customer, and are declined when they are charged."""
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
            params.text("number", unset=True) or "",
            params.integer("exp_month", unset=True) or 0,
            params.integer("exp_year", unset=True) or 0,
            params.text("cvc", unset=True) or "",
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
            facts=_facts(digits, exp_month, full_year),
        )

    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return the `card` of a charge."""
        secured = {"authentication_flow": "challenge", "result": "authenticated", "version": "2.2.0"}
        return {
            "amount_authorized": None,
            "authorization_code": None,
            "brand": method.facts["brand"],
            "checks": _checks(method),
            "country": method.facts.get("country", "US"),
            "description": None,
            "electronic_commerce_indicator": None,
            "exp_month": method.facts["exp_month"],
            "exp_year": method.facts["exp_year"],
            "fingerprint": "simulated",
            "funding": method.facts.get("funding", "credit"),
            "iin": None,
            "installments": None,
            "issuer": None,
            "last4": method.last4,
            "mandate": None,
            "moto": None,
            "network": method.facts["brand"],
            "network_token": None,
            "network_transaction_id": None,
            "regulated_status": None,
            "three_d_secure": secured if method.challenged else None,
            "transaction_link_id": None,
            "wallet": _wallet(method),
        }

    def method_details(self, method: PaymentMethod) -> JSON:
        """Return the `card` of a payment method."""
        brand = method.facts["brand"]
        return {
            "brand": brand,
            "checks": _checks(method),
            "country": method.facts.get("country", "US"),
            "display_brand": {"amex": "american_express"}.get(brand, brand),
            "exp_month": method.facts["exp_month"],
            "exp_year": method.facts["exp_year"],
            "fingerprint": "simulated",
            "funding": method.facts.get("funding", "credit"),
            "generated_from": None,
            "last4": method.last4,
            "networks": {"available": [brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": _wallet(method),
        }


def _facts(digits: str, exp_month: int, exp_year: int) -> JSON:
    """Return what only cards have; what is usual is left out."""
    facts: JSON = {"brand": SUCCESSFUL.get(digits, "visa"), "exp_month": exp_month, "exp_year": exp_year}
    special = {
        "checks": CHECKS.get(digits),
        "country": ISSUED_IN.get(digits),
        "declined_when": "charged" if digits in SAVED_AND_DECLINED or digits in RISKS else None,
        "dispute": DISPUTED.get(digits),
        "funding": FUNDING.get(digits),
        "risk": RISKS.get(digits),
    }
    return {**facts, **{name: value for name, value in special.items() if value is not None}}


def _checks(method: PaymentMethod) -> JSON:
    usual = {"address_line1_check": None, "address_postal_code_check": "pass", "cvc_check": "pass"}
    return {**usual, **method.facts.get("checks", {})}


def _wallet(method: PaymentMethod) -> JSON | None:
    """Return the `wallet` of a card's charge."""
    wallet = method.facts.get("wallet")
    return wallet and {"type": wallet, wallet: {}, "dynamic_last4": None}
