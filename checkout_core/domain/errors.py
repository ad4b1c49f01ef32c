"""Everything that can go wrong in a checkout, as one tree.

```
CheckoutError
├── InvalidInput                            what was sent cannot be used
│   ├── UnknownProduct
│   ├── SoldOut                             not enough of a product is left
│   ├── CapacityTooLow                      more of a product are sold and held than it shall have
│   ├── QuantityNotAllowed
│   └── EmptyCart
├── SessionNotFound                         Stripe does not know this checkout session
├── SessionNotOpen                          the session is complete or expired: no pending order may be made
├── SessionNotComplete                      nothing was paid in this session
│   ├── SessionStillOpen                    … and it can still be paid
│   └── SessionExpired                      … and it cannot be paid any more
├── SessionRefused                          the application takes no payment for this cart now
├── SessionAlreadyPaid                      the session that shall be replaced was paid
├── PaymentUnconfirmed                      the shopper may have paid, and we cannot see it now
├── OrderNotFound
├── OrderLinkInvalid                        the address of an order's page is not complete, or was changed
├── ReceiptNotSent                          there is no receipt to send again, or it was sent too often
├── HoldNotReleased                         the order was paid, or its payment is on its way
├── UnknownShop                             no shop has this host
├── RefundNotPossible                       nothing (or not that much) can be refunded
├── RefundInProgress                        another request makes this refund right now
├── WebhookSignatureInvalid
├── Undeliverable                           what a handler sends can never arrive: it is not tried again
├── StripeError
│   ├── StripeRejected                      Stripe answered and said no
│   │   ├── IdempotencyKeyReused            the key named another request before
│   │   └── PriceMismatch                   … or would charge something else than the cart costs
│   └── StripeUnavailable                   Stripe did not answer: nobody was charged
│       ├── StripeUnavailableAfterPayment   … or whether anybody was is not known yet
│       └── RefundUnconfirmed               … or whether the refund was made is not known yet
├── StoreError
│   ├── StoreBusy                           another process holds the database file
│   └── StoreUnavailable                    the database cannot be opened or reached
│       ├── SchemaTooNew                    the database was written by a newer version
│       └── ForeignTables                   tables of the same names belong to another program
└── ConfigurationError                      the settings contradict each other
    ├── ProductSourceError                  the product source gave what cannot be sold
    └── InvalidHandler                      what was registered can never run
```

Each class has a stable `code` for programs and each instance a sentence that a shopper may read. What names the machine,
its files or settings is the `message` of a `StoreError` or a `ConfigurationError`: it is for the operator, and a stranger
reads `public_message`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .refund_reasons import reason_in_words


class CheckoutError(Exception):
    """The root: `code` is stable, `str(error)` is a sentence for whoever called, `public_message` one for strangers."""

    code: ClassVar[str] = "checkout_error"
    for_operators: ClassVar[bool] = False
    sentence: ClassVar[str] = "Something went wrong with this checkout. Please try again in a moment."

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.sentence
        super().__init__(self.message)

    @property
    def public_message(self) -> str:
        """What a stranger may read: nothing of files, settings or other programs."""
        return self.sentence if self.for_operators else self.message

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence, without our frames."""
        return [f"{type(self).__name__}: {self.message}"]


class InvalidInput(CheckoutError):
    """What was sent cannot be used; `field` names the part."""

    code = "invalid_input"
    sentence = "Some of what you entered cannot be used. Please check it."

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnknownProduct(InvalidInput):
    """No product of that id is in the catalogue."""

    code = "unknown_product"


@dataclass(frozen=True, slots=True)
class Shortage:
    """A product of which fewer are left than a cart has. `in_checkouts`: how many other shoppers are about to pay for."""

    product: str
    name: str
    left: int
    in_checkouts: int = 0

    @property
    def sentence(self) -> str:
        """What the shopper reads."""
        if self.left:
            return f"Only {self.left} of “{self.name}” {'is' if self.left == 1 else 'are'} left."
        if self.in_checkouts:
            return f"All that is left of “{self.name}” is in other shoppers' checkouts. Some may come back: try again later."
        return f"“{self.name}” is sold out."


class SoldOut(InvalidInput):
    """The product is in the catalogue, and not as many are left as the cart has. `shortages` says of what, and how many."""

    code = "sold_out"
    sentence = "Something in your cart is sold out."

    def __init__(
        self, message: str | None = None, *, shortages: Sequence[Shortage] = (), field: str | None = "items"
    ) -> None:
        super().__init__(message or " ".join(each.sentence for each in shortages) or None, field=field)
        self.shortages = tuple(shortages)

    @property
    def left(self) -> Mapping[str, int]:
        """How many are left of each product of which there are not enough."""
        return {each.product: each.left for each in self.shortages}


class CapacityTooLow(InvalidInput):
    """A product shall have a capacity below what is sold and held of it; nothing was changed."""

    code = "capacity_too_low"
    sentence = "More of this product are sold and held than it shall have."

    def __init__(self, message: str | None = None, *, field: str | None = "capacity") -> None:
        super().__init__(message, field=field)


class QuantityNotAllowed(InvalidInput):
    """Less than one, or more than the product's limit."""

    code = "quantity_not_allowed"


class EmptyCart(InvalidInput):
    """A session needs at least one item."""

    code = "empty_cart"
    sentence = "Your cart is empty. Add something to it first."


class SessionNotFound(CheckoutError):
    """Stripe does not know this checkout session."""

    code = "session_not_found"
    sentence = (
        "We do not know this checkout. Its address may be incomplete: please open it once more from where you have it."
    )


class SessionNotOpen(CheckoutError):
    """The session is complete or expired, so no pending order may be made or changed."""

    code = "session_not_open"
    sentence = "Your checkout session has expired. Please refresh the page and try again."


class SessionNotComplete(CheckoutError):
    """Nothing was paid in this session, as Stripe says."""

    code = "session_not_complete"
    sentence = "Checkout is not complete"


class SessionStillOpen(SessionNotComplete):
    """Stripe says that the session is open: nothing was paid, and it can still be paid."""


class SessionExpired(SessionNotComplete):
    """Stripe says that the session has expired: nothing was paid, and it cannot be paid any more."""


class SessionRefused(CheckoutError):
    """The application takes no payment for this cart now: raise it, or a subclass, before a session is created."""

    code = "session_refused"
    sentence = "This cannot be bought right now."


class SessionAlreadyPaid(CheckoutError):
    """A changed cart shall replace the session, and it was paid meanwhile: its confirmation is what the shopper needs."""

    code = "already_paid"
    sentence = "Your last checkout is paid already. Here is its confirmation."

    def __init__(self, message: str | None = None, *, session_id: str = "") -> None:
        super().__init__(message)
        self.session_id = session_id


class PaymentUnconfirmed(CheckoutError):
    """The shopper may have paid, and something keeps us from seeing it; the cause is in the log and in `__cause__`."""

    code = "payment_unconfirmed"
    sentence = (
        "Your payment is not confirmed yet: we cannot see it right now. "
        "Please do not pay again; open this page again in a moment."
    )


class OrderNotFound(CheckoutError):
    """No order has this id or session."""

    code = "order_not_found"
    sentence = "We have no such order."


class OrderLinkInvalid(CheckoutError):
    """The address of an order's page is not complete, or somebody has changed it."""

    code = "order_link_invalid"
    sentence = (
        "This address does not lead to an order. It may be incomplete: please open it once more from your e-mail."
    )


class ReceiptNotSent(CheckoutError):
    """The order has no receipt that could be sent again, or it was sent too often lately."""

    code = "receipt_not_sent"
    sentence = "There is no receipt that could be sent: the order is not paid, or has no e-mail address."


class HoldNotReleased(CheckoutError):
    """What the session holds stays held or sold: it was paid, or its payment is on its way."""

    code = "hold_not_released"
    sentence = "This checkout was paid, or its payment is on its way, so it keeps what it has."


class UnknownShop(CheckoutError):
    """No shop of this installation has the host that was asked for."""

    code = "unknown_shop"
    sentence = "There is no shop at this address."


class RefundNotPossible(CheckoutError):
    """Nothing was refunded: the order is not paid, less than that is left, or Stripe or the bank refuses.

    `reason` is Stripe's code where Stripe refused; then the sentence says it in words.
    """

    code = "refund_not_possible"
    sentence = "This order cannot be refunded, or not by that much."

    def __init__(self, message: str | None = None, *, reason: str | None = None) -> None:
        super().__init__(message or (reason_in_words(reason) if reason else None))
        self.reason = reason


class RefundInProgress(CheckoutError):
    """Another request makes this refund right now; nothing was done by this one."""

    code = "refund_in_progress"
    sentence = (
        "This refund is being made right now, by another operator or another press of the button. "
        "Look at the order again in a moment."
    )


class WebhookSignatureInvalid(CheckoutError):
    """The delivery was not signed by Stripe with our secret, or it is too old."""

    code = "webhook_signature_invalid"
    sentence = "The webhook signature is not valid."


class Undeliverable(CheckoutError):
    """What a handler was to send can never arrive, so it is not tried again. The message is for operators."""

    code = "undeliverable"
    sentence = "This message cannot be delivered."


class StripeError(CheckoutError):
    """Stripe did not do what it was asked."""

    code = "stripe_error"


class StripeRejected(StripeError):
    """Stripe answered and refused the request: a fault of ours or of the account, not of the shopper."""

    code = "stripe_rejected"
    sentence = "The payment provider refused this request. You were not charged."


class IdempotencyKeyReused(StripeRejected):
    """The idempotency key named another request before (https://docs.stripe.com/api/idempotent_requests)."""

    code = "idempotency_key_reused"
    sentence = "This Idempotency-Key was used for another request before. Take a new key for another cart."


class PriceMismatch(StripeRejected):
    """Stripe would charge something else than the cart costs; `reason` says what, for operators."""

    code = "price_mismatch"
    sentence = "The price of something in your cart is not right at the moment. You were not charged; please try later."

    def __init__(self, message: str | None = None, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class StripeUnavailable(StripeError):
    """Stripe did not answer, or answered with a fault of its own."""

    code = "stripe_unavailable"
    sentence = "The payment provider cannot be reached right now. You were not charged; please try again in a moment."


class StripeUnavailableAfterPayment(StripeUnavailable, PaymentUnconfirmed):
    """Stripe did not answer when the shopper was already back from paying: whether money moved is not known yet."""

    sentence = (
        "The payment provider cannot be reached right now, so your payment is not confirmed yet. "
        "Please do not pay again; open this page again in a moment."
    )


class RefundUnconfirmed(StripeUnavailable):
    """Stripe did not answer when it was asked for a refund: whether it was made is not known yet."""

    code = "refund_unconfirmed"
    sentence = (
        "The payment provider cannot be reached right now, so whether the refund went through is not known yet. "
        "Asking again is safe: it is not refunded twice."
    )


class StoreError(CheckoutError):
    """The database did not do what it was asked."""

    code = "store_error"
    for_operators = True


class StoreBusy(StoreError):
    """Another process held the database file for longer than we wait."""

    code = "store_busy"
    sentence = "The shop is very busy right now. Please try again in a moment."


class StoreUnavailable(StoreError):
    """The database cannot be opened, written or reached."""

    code = "store_unavailable"
    sentence = "The order database cannot be used right now. Please try again in a moment."


class SchemaTooNew(StoreUnavailable):
    """The database was written by a newer version of this package."""

    code = "schema_too_new"


class ForeignTables(StoreUnavailable):
    """The database has tables of our names that belong to another program; nothing was changed."""

    code = "foreign_tables"


class ConfigurationError(CheckoutError):
    """The settings contradict each other or are incomplete; the message says which and what to do."""

    code = "configuration_error"
    sentence = "The shop is not set up correctly. Whoever runs it finds the cause in its log."
    for_operators = True


class ProductSourceError(ConfigurationError):
    """The product source gave what cannot be sold; the message names the source, the product and the fault."""

    code = "product_source_error"


class InvalidHandler(ConfigurationError, ValueError):
    """A handler or a hook that could never run, or not be told apart from another; said when it is registered."""

    code = "invalid_handler"
