"""/v1/payment_intents: https://docs.stripe.com/api/payment_intents."""

from dataclasses import replace

from .. import payment_methods
from ..currencies import minimum
from ..errors import StripeError, card_error, invalid
from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.request import ApiRequest, ApiRoute
from ..http.shapes import take_given
from ..records import PaymentMethod
from ..wire import JSON, PaymentIntent
from .charging import Charging
from .customers import find_customer
from .fields import check_amount, take_amount
from .payment_intent_params import DETAILS, LATER_UNSUPPORTED, Confirmation, IntentParams
from .payment_intents import CANCELLATION_REASONS, new_intent, put_intent
from .payment_methods import find_method, shopper_of, take_new_method

PAYABLE = ("requires_payment_method", "requires_confirmation")
CANCELABLE = (*PAYABLE, "requires_action", "requires_capture", "processing")
CHANGEABLE = (*PAYABLE, "requires_action")


def charging(request: ApiRequest) -> Charging:
    """Return what charges intents for a request."""
    return Charging(request.state, request.events, lambda: request.now, request.public_url)


def unexpected(intent: PaymentIntent, message: str) -> StripeError:
    """Return the 400 for what cannot be done to an intent in its status."""
    return invalid(message, code="payment_intent_unexpected_state", payment_intent=intent)


def _find(request: ApiRequest) -> PaymentIntent:
    request.account.get("payment_intents", request.path["id"], "payment_intent", "intent")
    return request.account.payment_intents[request.path["id"]]


def _require_own(request: ApiRequest, intent: PaymentIntent, verb: str, instead: str) -> None:
    """Raise when an open session made the intent, so that only the session can change it."""
    for record in reversed(request.account.sessions.values()):
        if record.session["payment_intent"] == intent["id"] and record.session["status"] != "complete":
            raise unexpected(
                intent,
                f"You cannot {verb} this PaymentIntent because it was created by a Checkout Session. {instead}",
            )


async def create(request: ApiRequest) -> JSON:
    """Create a payment intent, and confirm it where that is asked for: POST /v1/payment_intents."""
    data = request.params.mapping("payment_method_data")
    given = IntentParams.parse(request.params)
    method = None if data is None else take_new_method(request.state, request.account, data, request.now)
    if given.amount < minimum(given.currency):
        message = f"Amount must be at least {minimum(given.currency)} {given.currency}."
        raise invalid(message, "amount", "amount_too_small")
    if given.customer is not None:
        find_customer(request.account, given.customer)
    if method is None and given.confirmation.payment_method is not None:
        method = find_method(request.state, request.account, given.confirmation.payment_method, request.now)
    fields: JSON = {"capture_method": "automatic_async", **given.fields, "customer": given.customer}
    intent = new_intent(given.amount, given.currency, request.now, fields)
    if method is not None:
        _require_usable(request, intent, method)
        intent = {**intent, "payment_method": method.id, "status": "requires_confirmation"}
    put_intent(request.state, request.account, intent)
    request.events.emit(request.account, "payment_intent.created", intent)
    if not given.confirm:
        return _json(intent)
    return _json(_confirm(request, intent, given.confirmation))


async def update(request: ApiRequest) -> JSON:
    """Change an intent that is not paid yet: POST /v1/payment_intents/{id}."""
    params, before = request.params, _find(request)
    amount = take_amount(params, "amount", 1)
    changes = take_given(params, DETAILS)
    changes["metadata"] = params.metadata(before=before["metadata"])
    customer, method_id = params.text("customer"), params.text("payment_method")
    params.finish(("currency", "payment_method_data", *LATER_UNSUPPORTED))
    if before["status"] not in CHANGEABLE and (amount is not None or method_id is not None):
        message = f"This PaymentIntent's amount could not be updated because it has a status of {before['status']}."
        raise unexpected(before, message)
    _require_own(request, before, "update", "Update the Checkout Session instead.")
    if amount is not None:
        check_amount(params, "amount", amount, before["currency"])
        changes["amount"] = amount
    if customer is not None:
        changes["customer"] = find_customer(request.account, customer)["id"]
    if method_id is not None:
        method = find_method(request.state, request.account, method_id, request.now)
        changes |= {"payment_method": method.id, "status": "requires_confirmation"}
    intent = {**before, **changes}
    put_intent(request.state, request.account, intent)  # type: ignore[arg-type]
    return intent


async def confirm(request: ApiRequest) -> JSON:
    """Pay an intent with its payment method or another one: POST /v1/payment_intents/{id}/confirm."""
    params, intent = request.params, _find(request)
    data = params.mapping("payment_method_data")
    changes = take_given(params, DETAILS)
    confirmation = Confirmation.take(params)
    params.finish(("amount_to_confirm", *LATER_UNSUPPORTED))
    if intent["status"] not in CHANGEABLE:
        raise unexpected(
            intent,
            f"You cannot confirm this PaymentIntent because it has already {_passed(intent['status'])}.",
        )
    _require_own(request, intent, "confirm", "Let the shopper pay the Checkout Session instead.")
    if data is not None:
        method = take_new_method(request.state, request.account, data, request.now)
        confirmation = replace(confirmation, payment_method=method.id)
    intent.update(changes)  # type: ignore[typeddict-item]
    return _json(_confirm(request, intent, confirmation))


def _passed(status: str) -> str:
    return {"succeeded": "succeeded after being previously confirmed", "canceled": "been canceled"}.get(
        status, "been confirmed"
    )


def _confirm(request: ApiRequest, intent: PaymentIntent, confirmation: Confirmation) -> PaymentIntent:
    """Pay an intent, and return it: paid, held, waiting for its money or for the shopper's bank.

    Raises:
        StripeError: it was declined (402), or has no payment method that fits.
    """
    id = confirmation.payment_method or intent["payment_method"]
    if id is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method. "
            "Update the PaymentIntent with a payment method and then confirm it again.",
            "payment_method",
            "parameter_missing",
        )
    method = find_method(request.state, request.account, id, request.now)
    _require_usable(request, intent, method)
    back = confirmation.given.get("return_url")
    automatic = intent["automatic_payment_methods"] or {}
    if automatic.get("allow_redirects") == "always" and back is None and not confirmation.given.get("use_stripe_sdk"):
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. If "
            "you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to "
            "`true` and `automatic_payment_methods[allow_redirects]` to `never` when creating this PaymentIntent.",
            "return_url",
        )
    charges, shopper = charging(request), shopper_of(request.account, method)
    if method.challenged:
        return _challenge(request, intent, method, confirmation)
    if method.decline is not None:
        raise charges.decline(request.account, intent, method, shopper)
    intent, charge = charges.take(request.account, intent, method, shopper)
    charges.settle(request.account, charge, method)
    if intent["setup_future_usage"] is not None and intent["customer"] is not None:
        shown = request.account.tables["payment_methods"][method.id or ""]
        request.state.put(request.account, "payment_methods", shown["id"], {**shown, "customer": intent["customer"]})
    if payment_methods.is_delayed(method.type):
        request.state.schedule(request.now + 60, "intent_debit", intent["id"])
    return intent


def _challenge(
    request: ApiRequest, intent: PaymentIntent, method: PaymentMethod, confirmation: Confirmation
) -> PaymentIntent:
    if confirmation.given.get("off_session") or confirmation.given.get("error_on_requires_action"):
        raise card_error(
            "authentication_required",
            "Your card was declined. This transaction requires authentication.",
            "authentication_required",
            payment_intent={**intent, "status": "requires_payment_method"},
        )
    back = confirmation.given.get("return_url")
    redirect: JSON | None = None
    if back is not None:
        page = f"{request.public_url}/_simulator/intents/{intent['id']}/{intent['client_secret']}"
        redirect = {"return_url": back, "url": page}
    return charging(request).challenge(request.account, intent, method, redirect)


def _require_usable(request: ApiRequest, intent: PaymentIntent, method: PaymentMethod) -> None:
    """Raise when an intent cannot be paid with a payment method."""
    if method.type not in intent["payment_method_types"]:
        raise invalid(
            f"The PaymentMethod provided ({method.type}) is not allowed for this PaymentIntent.", "payment_method"
        )
    owner = request.account.tables["payment_methods"][method.id or ""]["customer"]
    if owner is not None and owner != intent["customer"]:
        raise invalid(
            f"The payment method supplied ({method.id}) belongs to a different Customer; include that customer.",
            "payment_method",
        )


async def capture(request: ApiRequest) -> JSON:
    """Capture what an intent holds, or a part of it: POST /v1/payment_intents/{id}/capture."""
    amount = request.params.integer("amount_to_capture", 1)
    metadata_given = "metadata" in request.params
    intent = _find(request)
    metadata = request.params.metadata(before=intent["metadata"])
    request.params.boolean("final_capture")
    texts = {name: request.params.text(name, 22) for name in ("statement_descriptor", "statement_descriptor_suffix")}
    request.params.finish(("application_fee_amount", "transfer_data", "amount_details", "hooks", "payment_details"))
    if intent["status"] != "requires_capture":
        raise unexpected(
            intent,
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. "
            "Only a PaymentIntent with one of the following statuses may be captured: requires_capture.",
        )
    amount = intent["amount_capturable"] if amount is None else amount
    if amount > intent["amount_capturable"]:
        raise invalid(
            f"The remaining amount eligible for capture is {intent['amount_capturable']}.",
            "amount_to_capture",
            "amount_too_large",
        )
    if metadata_given:
        intent = {**intent, "metadata": metadata}
    intent.update({name: value for name, value in texts.items() if value is not None})  # type: ignore[typeddict-item]
    captured = charging(request).capture(request.account, intent, amount)
    for record in reversed(request.account.sessions.values()):
        if record.session["payment_intent"] == captured["id"]:
            record.session = {**record.session, "payment_status": "paid"}
            request.state.put_session(request.account, record)
            break
    return _json(captured)


async def cancel(request: ApiRequest) -> JSON:
    """Cancel an intent that no open session made: POST /v1/payment_intents/{id}/cancel."""
    reason = request.params.choice("cancellation_reason", CANCELLATION_REASONS)
    request.params.finish()
    intent = _find(request)
    if intent["status"] not in CANCELABLE:
        raise unexpected(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            "with one of the following statuses may be canceled: requires_payment_method, requires_capture, "
            "requires_confirmation, requires_action, processing.",
        )
    _require_own(request, intent, "cancel", "Expire the Checkout Session instead.")
    return _json(charging(request).cancel(request.account, intent, reason))


def _json(intent: PaymentIntent) -> JSON:
    return dict(intent)


list_payment_intents = listing("payment_intents", text("customer"), unsupported=("customer_account",))

ROUTES: list[ApiRoute] = [
    ("POST", "/v1/payment_intents", create),
    ("GET", "/v1/payment_intents", list_payment_intents),
    ("GET", "/v1/payment_intents/{id}", retrieve("payment_intents", "payment_intent", "intent")),
    ("POST", "/v1/payment_intents/{id}", update),
    ("POST", "/v1/payment_intents/{id}/confirm", confirm),
    ("POST", "/v1/payment_intents/{id}/capture", capture),
    ("POST", "/v1/payment_intents/{id}/cancel", cancel),
]
