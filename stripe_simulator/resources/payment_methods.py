"""/v1/payment_methods: https://docs.stripe.com/api/payment_methods."""

from dataclasses import asdict, replace

from .. import payment_methods
from ..errors import StripeError, card_error, invalid, not_simulated
from ..events import changed_fields
from ..http.filters import text
from ..http.handlers import listing
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..http.shapes import ADDRESS, Fields, Partly, Text, filled
from ..ids import random_id
from ..records import Decline, PaymentMethod, Shopper
from ..state import Account, State
from ..wire import JSON
from .charges import NO_ADDRESS
from .customers import find_customer

REDISPLAY = ("always", "limited", "unspecified")
BILLING = Fields(
    {
        "address": Fields(ADDRESS.table, unset=True),
        "email": Text(unset=True),
        "name": Text(unset=True),
        "phone": Text(unset=True),
        "tax_id": Text(),
    }
)
TOKENS = {
    "visa": "4242424242424242",
    "visa_debit": "4000056655665556",
    "mastercard": "5555555555554444",
    "mastercard_debit": "5200828282828210",
    "mastercard_prepaid": "5105105105105100",
    "amex": "378282246310005",
    "discover": "6011111111111117",
    "diners": "3056930009020004",
    "jcb": "3566002020360505",
    "unionpay": "6200000000000005",
    "chargeDeclined": "4000000000000002",
    "visa_chargeDeclined": "4000000000000002",
    "chargeCustomerFail": "4000000000000341",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedLostCard": "4000000000009987",
    "chargeDeclinedStolenCard": "4000000000009979",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedProcessingError": "4000000000000119",
    "visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "radarBlock": "4100000000000019",
    "createDispute": "4000000000000259",
    "createDisputeProductNotReceived": "4000000000002685",
    "createDisputeInquiry": "4000000000001976",
    "pendingRefund": "4000000000007726",
    "refundFail": "4000000000005126",
    "bypassPending": "4000000000000077",
    "authenticationRequired": "4000002760003184",
    "threeDSecure2Required": "4000000000003220",
    "threeDSecureRequired": "4000002760003184",
}
"""Test cards by the names that follow `tok_` and `pm_card_`: https://docs.stripe.com/testing?testing-method=payment-methods."""


def billing_details(shopper: Shopper) -> JSON:
    """Return whose payment method it is."""
    return {
        "address": shopper.address or NO_ADDRESS,
        "email": shopper.email,
        "name": shopper.name,
        "phone": shopper.phone,
        "tax_id": None,
    }


def store_method(
    state: State,
    account: Account,
    method: PaymentMethod,
    billing: JSON,
    now: int,
    *,
    customer: str | None = None,
    redisplay: str = "unspecified",
) -> PaymentMethod:
    """Store the object of a payment method that has none yet, and return the method with its id.

    Args:
        state: where it is stored.
        account: whose it is.
        method: what somebody pays with.
        billing: `billing_details`.
        now: the simulated time, in seconds since the epoch.
        customer: the id of the customer that it is saved for, if any.
        redisplay: whether it may be shown to the customer again, as `allow_redisplay` says it.
    """
    if method.id is not None:
        return method
    made = replace(method, id=random_id("pm_1", 23))
    shown: JSON = {
        "id": made.id,
        "object": "payment_method",
        "allow_redisplay": redisplay,
        "billing_details": billing,
        "created": now,
        "customer": customer,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": made.type,
        made.type: payment_methods.method_details(made),
    }
    state.put(account, "payment_methods", shown["id"], shown)
    state.put(account, "hidden", shown["id"], {"method": asdict(made)})
    return made


def find_method(state: State, account: Account, id: str, now: int, param: str = "payment_method") -> PaymentMethod:
    """Return what somebody pays with, by the id of its object or by the name of a test card, such as `pm_card_visa`.

    Args:
        state: where objects are stored.
        account: whose it is.
        id: the id; a test card makes a new payment method.
        now: the simulated time, in seconds since the epoch.
        param: the parameter that named it.

    Raises:
        StripeError: there is no such payment method.
    """
    if id.startswith("pm_card_") and id.removeprefix("pm_card_") in TOKENS:
        method = payment_methods.from_number(TOKENS[id.removeprefix("pm_card_")], now)
        return store_method(state, account, method, billing_details(Shopper(None)), now)
    account.get("payment_methods", id, "PaymentMethod", param, 400)
    kept = account.tables["hidden"][id]["method"]
    decline = kept["decline"]
    return PaymentMethod(**{**kept, "decline": decline and Decline(**decline)})


def shopper_of(account: Account, method: PaymentMethod) -> Shopper:
    """Return whose payment method it is, as its object says."""
    billing = account.tables["payment_methods"][method.id or ""]["billing_details"]
    return Shopper(billing["email"], billing["name"], billing["phone"], billing["address"])


def saved_methods(account: Account, customer: str, redisplay: tuple[str, ...] = REDISPLAY) -> list[JSON]:
    """Return the payment methods of a customer, the newest first.

    Args:
        account: whose customer it is.
        customer: the customer's id.
        redisplay: only those whose `allow_redisplay` is one of these.
    """
    found = reversed(account.tables["payment_methods"].values())
    return [one for one in found if one["customer"] == customer and one["allow_redisplay"] in redisplay]


def take_method(params: Params, now: int) -> PaymentMethod:
    """Take `type` and its details: a number of a card or account, or the token of a test card.

    Raises:
        StripeError: something is missing or wrong, or the type is not simulated.
    """
    type = params.text("type")
    if type is None:
        raise params.missing("type")
    if type not in payment_methods.PAYMENT_METHODS:
        raise not_simulated(f"the payment method {type}", params.name("type"))
    details = params.mapping(type, unset=True)
    if type != "card":
        found = payment_methods.PAYMENT_METHODS[type]
        given = details or Params({}, params.name(type), params.reading)
        number = given.text("account_number") or given.text("iban") or type
        given.keep("routing_number", "account_holder_type", "account_type", "bank", "preferred_locale")
        given.finish()
        method = found.from_number(number.upper().replace(" ", ""), now)
        if method is None:
            raise invalid("That is not a test bank account.", given.name("account_number"), "account_number_invalid")
        return method
    if details is None:
        raise params.missing("card")
    token = details.text("token")
    method = payment_methods.CARD.parse(details, now) if token is None else _card_of_token(token, details, now)
    details.finish(("networks",))
    return method


def _card_of_token(token: str, details: Params, now: int) -> PaymentMethod:
    name = token.removeprefix("tok_")
    if name not in TOKENS:
        raise invalid(f"No such token: '{token}'", details.name("token"), "resource_missing")
    return payment_methods.from_number(TOKENS[name], now)


def take_new_method(state: State, account: Account, params: Params, now: int) -> PaymentMethod:
    """Take the parameters of a new payment method, and store and return it.

    Args:
        state: where it is stored.
        account: whose it is.
        params: `type`, its details, `billing_details`, `allow_redisplay` and `metadata`; the caller finishes them.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: something is missing or wrong, or the type is not simulated.
    """
    method = take_method(params, now)
    given = BILLING.take(params, "billing_details") or {}
    redisplay, metadata = params.choice("allow_redisplay", REDISPLAY), params.metadata()
    params.finish(("customer", "radar_options", "fpx", "payment_method"))
    billing = {**billing_details(Shopper(None)), **given}
    billing["address"] = filled(given.get("address") or {}, NO_ADDRESS)
    method = store_method(state, account, method, billing, now, redisplay=redisplay or "unspecified")
    assert method.id is not None
    made = account.tables["payment_methods"][method.id]
    state.put(account, "payment_methods", method.id, {**made, "metadata": metadata})
    return method


async def create(request: ApiRequest) -> JSON:
    """Create a payment method: POST /v1/payment_methods."""
    method = take_new_method(request.state, request.account, request.params, request.now)
    return _find(request, method.id)


def _find(request: ApiRequest, id: str | None = None) -> JSON:
    return request.account.get("payment_methods", id or request.path["id"], "PaymentMethod", "payment_method")


async def retrieve(request: ApiRequest) -> JSON:
    """Return a payment method, also that of a test card: GET /v1/payment_methods/{id}."""
    request.params.finish()
    if request.path["id"].startswith("pm_card_"):
        return _find(request, find_method(request.state, request.account, request.path["id"], request.now).id)
    return _find(request)


async def update(request: ApiRequest) -> JSON:
    """Change whose payment method it is, its expiry, metadata and display: POST /v1/payment_methods/{id}."""
    before, params = _find(request), request.params
    after = dict(before)
    billing = BILLING.take(params, "billing_details")
    if billing is not None:
        address = filled(billing.pop("address", None) or before["billing_details"]["address"], NO_ADDRESS)
        after["billing_details"] = {**before["billing_details"], **billing, "address": address}
    after["allow_redisplay"] = params.choice("allow_redisplay", REDISPLAY) or before["allow_redisplay"]
    expiry = Partly(Fields({"exp_month": Text(), "exp_year": Text()})).take(params, "card")
    if expiry and before["type"] == "card":
        after["card"] = {**before["card"], **{name: int(value) for name, value in expiry.items()}}
    after["metadata"] = params.metadata(before=before["metadata"])
    params.finish(("us_bank_account",))
    request.state.put(request.account, "payment_methods", after["id"], after)
    request.events.emit(request.account, "payment_method.updated", after, changed_fields(before, after))
    return after


async def attach(request: ApiRequest) -> JSON:
    """Save a payment method for a customer: POST /v1/payment_methods/{id}/attach."""
    customer = request.params.text("customer")
    if customer is None:
        raise request.params.missing("customer")
    request.params.finish(("customer_account",))
    find_customer(request.account, customer)
    found = find_method(request.state, request.account, request.path["id"], request.now)
    method = _find(request, found.id)
    if method["customer"] not in (None, customer):
        raise invalid("The payment method you provided has already been attached to a customer.")
    refused = why_not_saved(found)
    if refused is not None:
        raise refused
    return attach_method(request, method["id"], customer)


def attach_method(request: ApiRequest, id: str, customer: str) -> JSON:
    """Save a payment method for a customer, tell of it, and return it."""
    before = request.account.tables["payment_methods"][id]
    after = {**before, "customer": customer}
    request.state.put(request.account, "payment_methods", id, after)
    request.events.emit(request.account, "payment_method.attached", after)
    return after


def why_not_saved(method: PaymentMethod) -> StripeError | None:
    """Return the 402 for a card that its bank declines as soon as it is saved for a customer; None for all others.

    https://docs.stripe.com/testing#declined-payments
    """
    decline = method.decline
    if decline is None or method.challenged or method.facts.get("declined_when") == "charged":
        return None
    return card_error(decline.code, decline.message, decline.decline_code)


async def detach(request: ApiRequest) -> JSON:
    """Take a payment method away from its customer: POST /v1/payment_methods/{id}/detach."""
    request.params.finish()
    before = _find(request)
    if before["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    after = {**before, "customer": None}
    request.state.put(request.account, "payment_methods", after["id"], after)
    request.events.emit(request.account, "payment_method.detached", after, changed_fields(before, after))
    return after


list_methods = listing(
    "payment_methods", text("customer"), text("type"), text("allow_redisplay"), unsupported=("customer_account",)
)

ROUTES: list[ApiRoute] = [
    ("POST", "/v1/payment_methods", create),
    ("GET", "/v1/payment_methods", list_methods),
    ("GET", "/v1/payment_methods/{id}", retrieve),
    ("POST", "/v1/payment_methods/{id}", update),
    ("POST", "/v1/payment_methods/{id}/attach", attach),
    ("POST", "/v1/payment_methods/{id}/detach", detach),
]
