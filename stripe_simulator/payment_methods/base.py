"""What a payment method is to the simulator: one object that knows its forms, its test numbers and its outcomes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from ..http.params import Params
from ..records import PaymentMethod
from ..wire import JSON


@dataclass(frozen=True)
class FormField:
    """One input of the Payment Element. The browser checks what `format`, `check`, `code` and `noun` say.

    Attributes:
        id: the id of the input, unique among all methods.
        param: its name below `payment_method` when the form is sent.
        label: what the shopper reads.
        placeholder: an example.
        format: how it is written while typing, one of the formats in `payment_element.js`: `digits`, `iban`,
            `card_number`, `expiry`, `cvc`.
        min_length: so many characters make it complete, separators left out.
        max_length: so many characters fit in.
        code: the end of the error codes `incomplete_…` and `invalid_…`.
        noun: how an error names it: "Your … is incomplete."
        autocomplete: the browser's hint for filling it in.
        error_codes: codes of declines that are about this field.
        adornment: what is drawn in the input: `brand` or `cvc`.
    """

    id: str
    param: str
    label: str
    placeholder: str
    format: str
    max_length: int
    code: str
    noun: str
    min_length: int = 1
    autocomplete: str = "off"
    error_codes: tuple[str, ...] = ()
    adornment: str | None = None


@dataclass(frozen=True)
class TestNumber:
    """A number with a known outcome: https://docs.stripe.com/testing."""

    number: str
    outcome: str


class PaymentMethodType(ABC):
    """A kind of payment method.

    Attributes:
        type: Stripe's name.
        label: how a shopper reads it.
        icon: the inside of an SVG of 16 by 16.
        currencies: what it can pay; None stands for all.
        delayed: whether the money arrives (or not) only after the session is complete.
        redirects: whether the shopper leaves the shop for the page of a bank.
        rows: the inputs of its form, row by row; none when it needs none.
        asks_place: whether the form asks for the country and the postal code of the shopper.
        hint: a sentence below the inputs.
        test_numbers: what the dashboard offers to pay with.
    """

    type: ClassVar[str]
    label: ClassVar[str]
    icon: ClassVar[str]
    currencies: ClassVar[frozenset[str] | None] = None
    delayed: ClassVar[bool] = False
    redirects: ClassVar[bool] = False
    rows: ClassVar[tuple[tuple[FormField, ...], ...]] = ()
    asks_place: ClassVar[bool] = False
    hint: ClassVar[str | None] = None
    test_numbers: ClassVar[tuple[TestNumber, ...]] = ()

    def accepts(self, currency: str) -> bool:
        """Return whether a session in this currency can be paid with it."""
        return self.currencies is None or currency in self.currencies

    @abstractmethod
    def parse(self, params: Params, now: float) -> PaymentMethod:
        """Read what the shopper typed.

        Args:
            params: the form below `payment_method`, without `type`.
            now: the simulated time, in seconds since the epoch.

        Raises:
            StripeError: the form is wrong, or names no test number.
        """

    @abstractmethod
    def from_number(self, number: str, now: float) -> PaymentMethod | None:
        """Return the method behind a test number, or None when the number is of another type.

        Args:
            number: digits and letters without spaces, letters in upper case.
            now: the simulated time, in seconds since the epoch.

        Raises:
            StripeError: the number looks like one of this type and is none.
        """

    @abstractmethod
    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return what `payment_method_details` of a charge has under the type's name."""

    @abstractmethod
    def method_details(self, method: PaymentMethod) -> JSON:
        """Return what a payment method object has under the type's name."""
