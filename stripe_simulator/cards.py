"""Test cards and test bank accounts: https://docs.stripe.com/testing."""

import re
from dataclasses import dataclass

from .errors import JSON, StripeError


@dataclass(frozen=True)
class Decline:
    """Why a card is refused."""

    code: str
    message: str
    decline_code: str | None = None


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
DEBITS = {  # account or IBAN -> succeeds in the end
    "000123456789": True,
    "000111111116": False,
    "000111111113": False,
    "DE89370400440532013000": True,
    "AT611904300234573201": True,
    "FR1420041010050500013M02606": True,
    "DE62370400440532013001": False,
    "AT861904300235473202": False,
}
AUTHENTICATION_FAILED = (
    "We are unable to authenticate your payment method. Please choose a different payment method and try again."
)


@dataclass(frozen=True)
class Method:
    """What the shopper pays with: a card or a bank debit."""

    type: str
    last4: str
    brand: str = ""
    exp_month: int = 0
    exp_year: int = 0
    decline: Decline | None = None
    challenged: bool = False
    succeeds: bool = True

    @property
    def is_debit(self) -> bool:
        """Whether the money arrives (or not) only later."""
        return self.type != "card"


def card_error(code: str, message: str, decline_code: str | None = None, **fields: object) -> StripeError:
    """A card that does not work: 402."""
    return StripeError(402, message, type="card_error", code=code, decline_code=decline_code, **fields)


def passes_luhn(number: str) -> bool:
    """Whether the last digit checks the others."""
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def card(number: str, exp_month: int, exp_year: int, cvc: str, *, today: tuple[int, int]) -> Method:
    """The card as a payment method. `today` is (year, month). Raises a card error when the form is not right."""
    year, month = today
    digits = re.sub(r"[\s-]", "", number)
    if not re.fullmatch(r"[0-9]{12,19}", digits) or not passes_luhn(digits):
        raise card_error("incorrect_number", "Your card number is incorrect.", param="number")
    full_year = exp_year + 2000 if exp_year < 100 else exp_year
    if not 1 <= exp_month <= 12:
        raise card_error("invalid_expiry_month", "Your card's expiration month is invalid.", param="exp_month")
    if (full_year, exp_month) < (year, month) or full_year > year + 50:
        raise card_error("invalid_expiry_year", "Your card's expiration year is invalid.", param="exp_year")
    amex = digits.startswith(("34", "37"))
    if not re.fullmatch(r"[0-9]{3,4}" if amex else r"[0-9]{3}", cvc):
        raise card_error("invalid_cvc", "Your card's security code is invalid.", param="cvc")
    if digits not in SUCCESSFUL and digits not in DECLINES and digits not in CHALLENGED:
        raise card_error(
            "card_declined",
            "Your card was declined. Your request was in test mode, but used a non test card. "
            "For a list of valid test cards, visit: https://docs.stripe.com/testing.",
            "test_mode_live_card",
        )
    return Method(
        "card",
        digits[-4:],
        brand=SUCCESSFUL.get(digits, "visa"),
        exp_month=exp_month,
        exp_year=full_year,
        decline=DECLINES.get(digits),
        challenged=digits in CHALLENGED,
    )


def debit(account: str) -> Method:
    """A bank debit by US account number or IBAN."""
    number = re.sub(r"\s", "", account).upper()
    if number not in DEBITS:
        raise StripeError(
            400,
            "That is not a test bank account. Use 000123456789 or DE89370400440532013000, "
            "or 000111111116 or DE62370400440532013001 to see the debit fail.",
            code="account_number_invalid",
            param="account_number",
        )
    kind = "us_bank_account" if number.isdecimal() else "sepa_debit"
    return Method(kind, number[-4:], succeeds=DEBITS[number])


def details(method: Method) -> JSON:
    """The `payment_method_details` of a charge: every other card field is null."""
    if method.type == "us_bank_account":
        return {
            "type": method.type,
            method.type: {
                **dict.fromkeys(("expected_debit_date", "mandate", "payment_reference")),
                **{"account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK"},
                **{"fingerprint": "simulated", "last4": method.last4, "routing_number": "110000000"},
            },
        }
    if method.type == "sepa_debit":
        return {
            "type": method.type,
            method.type: {
                **dict.fromkeys(("branch_code", "expected_debit_date", "mandate")),
                **{"bank_code": "37040044", "country": "DE", "fingerprint": "simulated", "last4": method.last4},
            },
        }
    secured = {"authentication_flow": "challenge", "result": "authenticated", "version": "2.2.0"}
    return {
        "type": "card",
        "card": {
            **dict.fromkeys(CARD_FIELDS),
            "brand": method.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            **{"country": "US", "exp_month": method.exp_month, "exp_year": method.exp_year, "funding": "credit"},
            **{"fingerprint": "simulated", "last4": method.last4, "network": method.brand},
            "three_d_secure": {**secured} if method.challenged else None,
        },
    }


CARD_FIELDS = [
    "amount_authorized",
    "authorization_code",
    "brand",
    "capture_before",
    "checks",
    "country",
    "description",
    "electronic_commerce_indicator",
    "exp_month",
    "exp_year",
    "extended_authorization",
    "fingerprint",
    "funding",
    "iin",
    "incremental_authorization",
    "installments",
    "issuer",
    "last4",
    "mandate",
    "moto",
    "multicapture",
    "network",
    "network_token",
    "network_transaction_id",
    "overcapture",
    "regulated_status",
    "setup_credential_usage",
    "stored_credential_usage",
    "three_d_secure",
    "transaction_link_id",
    "wallet",
]
