"""What bank debits have in common: a session completes unpaid, and the money arrives or is returned later."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from ..errors import StripeError
from ..http.params import Params
from ..records import PaymentMethod
from ..wire import JSON
from .base import PaymentMethodType

BANK_ICON = (
    '<path d="M8 1 1 5v1.5h14V5L8 1ZM2.5 7.5v5h2v-5h-2Zm4.5 0v5h2v-5H7Zm4.5 0v5h2v-5h-2ZM1 13.3V15h14v-1.7H1Z"/>'
)


class BankDebit(PaymentMethodType):
    """A bank debit.

    Attributes:
        accounts: the test accounts, and whether a debit of each succeeds.
    """

    icon = BANK_ICON
    delayed = True
    accounts: ClassVar[Mapping[str, bool]]

    def parse(self, params: Params, now: float) -> PaymentMethod:
        """Read an account number or IBAN, from `account_number` for either."""
        typed = params.text("account_number", unset=True) or ""
        method = self.from_number(re.sub(r"\s", "", typed).upper(), now)
        if method is None:
            good, bad = (next(number for number, ends in self.accounts.items() if ends is end) for end in (True, False))
            raise StripeError(
                400,
                f"That is not a test bank account. Use {good}, or {bad} to see the debit fail.",
                code="account_number_invalid",
                param="account_number",
            )
        return method

    def from_number(self, number: str, now: float) -> PaymentMethod | None:
        """Return the debit of a test account, or None when it is no test account of this type."""
        if number not in self.accounts:
            return None
        return PaymentMethod(self.type, number[-4:], succeeds=self.accounts[number])

    @abstractmethod
    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return what `payment_method_details` of a charge has under the type's name."""

    @abstractmethod
    def method_details(self, method: PaymentMethod) -> JSON:
        """Return what a payment method object has under the type's name."""
