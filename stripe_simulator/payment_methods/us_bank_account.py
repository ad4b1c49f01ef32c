"""US bank accounts (ACH): https://docs.stripe.com/payments/ach-direct-debit."""

from collections.abc import Mapping
from typing import ClassVar

from ..records import PaymentMethod
from ..wire import JSON
from .base import FormField, TestNumber
from .debits import BankDebit


class USBankAccount(BankDebit):
    """A debit of a US bank account."""

    type = "us_bank_account"
    label = "US bank account"
    currencies = frozenset({"usd"})
    accounts: ClassVar[Mapping[str, bool]] = {
        "000123456789": True,
        "000111111116": False,
        "000111111113": False,
    }
    test_numbers = (
        TestNumber("000123456789", "a US debit that succeeds"),
        TestNumber("000111111116", "a US debit that fails"),
    )
    rows = (
        (
            FormField(
                id="routing",
                param="routing_number",
                label="Routing number",
                placeholder="110000000",
                format="digits",
                min_length=9,
                max_length=9,
                code="routing_number",
                noun="routing number",
            ),
        ),
        (
            FormField(
                id="account",
                param="account_number",
                label="Account number",
                placeholder="000123456789",
                format="digits",
                min_length=4,
                max_length=17,
                code="account_number",
                noun="account number",
            ),
        ),
    )
    hint = "The money arrives some time after the order. 000123456789 succeeds, 000111111116 fails."

    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return the `us_bank_account` of a charge."""
        return {
            "account_holder_type": "individual",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "fingerprint": "simulated",
            "last4": method.last4,
            "mandate": None,
            "payment_reference": None,
            "routing_number": "110000000",
        }

    def method_details(self, method: PaymentMethod) -> JSON:
        """Return the `us_bank_account` of a payment method."""
        return {
            "account_holder_type": "individual",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "financial_connections_account": None,
            "fingerprint": "simulated",
            "last4": method.last4,
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "routing_number": "110000000",
            "status_details": None,
        }
