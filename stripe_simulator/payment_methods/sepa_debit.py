"""SEPA direct debits: https://docs.stripe.com/payments/sepa-debit."""

from collections.abc import Mapping
from typing import ClassVar

from ..records import PaymentMethod
from ..wire import JSON
from .base import FormField, TestNumber
from .debits import BankDebit


class SepaDebit(BankDebit):
    """A debit of a bank account by IBAN."""

    type = "sepa_debit"
    label = "SEPA debit"
    currencies = frozenset({"eur"})
    accounts: ClassVar[Mapping[str, bool]] = {
        "DE89370400440532013000": True,
        "AT611904300234573201": True,
        "FR1420041010050500013M02606": True,
        "DE62370400440532013001": False,
        "AT861904300235473202": False,
    }
    test_numbers = (
        TestNumber("DE89370400440532013000", "a SEPA debit that succeeds"),
        TestNumber("DE62370400440532013001", "a SEPA debit that fails"),
    )
    rows = (
        (
            FormField(
                id="iban",
                param="account_number",
                label="IBAN",
                placeholder="DE89 3704 0044 0532 0130 00",
                format="iban",
                min_length=15,
                max_length=42,
                code="iban",
                noun="IBAN",
            ),
        ),
    )
    hint = (
        "The money arrives some time after the order. "
        "DE89 3704 0044 0532 0130 00 succeeds, DE62 3704 0044 0532 0130 01 fails."
    )

    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return the `sepa_debit` of a charge."""
        return {
            "bank_code": "37040044",
            "branch_code": None,
            "country": "DE",
            "fingerprint": "simulated",
            "last4": method.last4,
            "mandate": None,
        }

    def method_details(self, method: PaymentMethod) -> JSON:
        """Return the `sepa_debit` of a payment method."""
        return {
            "bank_code": "37040044",
            "branch_code": None,
            "country": "DE",
            "fingerprint": "simulated",
            "generated_from": {"charge": None, "setup_attempt": None},
            "last4": method.last4,
        }
