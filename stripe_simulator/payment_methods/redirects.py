"""What the methods have in common for which a shopper leaves the shop: the bank asks on a page of its own.

https://docs.stripe.com/payments/checkout/custom-success-page: whoever fails or cancels there comes back to a session that
is still open.
"""

from abc import abstractmethod
from typing import ClassVar

from ..http.params import Params
from ..records import PaymentMethod
from ..wire import JSON
from .base import PaymentMethodType

REDIRECT_ICON = '<path d="M2 2h6v2H4v8h8V8h2v6H2V2Zm7 0h5v5h-2V5.4L7.4 10 6 8.6 10.6 4H9V2Z"/>'


class RedirectMethod(PaymentMethodType):
    """A payment method with a page of its own.

    Attributes:
        page_name: whose page it is, as the shopper reads it.
    """

    icon = REDIRECT_ICON
    redirects = True
    page_name: ClassVar[str]

    def parse(self, params: Params, now: float) -> PaymentMethod:
        """Return the method: nothing is asked before its own page."""
        return PaymentMethod(self.type, "", challenged=True)

    def from_number(self, number: str, now: float) -> PaymentMethod | None:
        """Return the method for its own name, or None."""
        return PaymentMethod(self.type, "", challenged=True) if number == self.type.upper() else None

    @abstractmethod
    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return what `payment_method_details` of a charge has under the type's name."""

    @abstractmethod
    def method_details(self, method: PaymentMethod) -> JSON:
        """Return what a payment method object has under the type's name."""
