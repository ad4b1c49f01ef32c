"""What a shopper typed into the page of a session, read from the form that Stripe.js sends."""

from ..errors import invalid
from ..http.params import Params
from ..records import SessionRecord, Shopper
from ..resources.checkout_sessions.answers import ADDRESS
from ..resources.checkout_sessions.choices import ShopperChoices
from ..resources.checkout_sessions.view import known_email
from ..resources.tax_ids import TaxIdParams
from ..state import Account
from ..wire import JSON, Session


def take_shopper(params: Params, record: SessionRecord) -> Shopper:
    """Take who pays and what they said: what the session knows counts for more than what the form says.

    Args:
        params: the form: `email`, `name`, `phone`, `address`, `shipping` (`name` and `address`), `individual_name`,
            `business_name`, `tax_id` (`type` and `value`), `custom_fields` (values by key), `terms_of_service`,
            `promotions`, `save_payment_method`.
        record: the session.

    Raises:
        StripeError: something is missing or wrong.
    """
    session = record.session
    email = known_email(session) or params.text("email", 512, unset=True)
    phone = params.text("phone", 20, unset=True)
    if session["status"] == "open":
        _require_contact(session, email, phone)
    typed = record.typed
    return Shopper(
        email,
        name=params.text("name", 200, unset=True),
        phone=phone,
        address=take_typed_address(params.mapping("address", unset=True)) or typed.get("address"),
        shipping=_take_shipping(params) or typed.get("shipping"),
        individual_name=params.text("individual_name", 200, unset=True),
        business_name=params.text("business_name", 200, unset=True),
        tax_id=_take_tax_id(params) or typed.get("tax_id"),
        custom_fields=_take_custom_fields(params),
        consent=_take_consent(params, session),
        saves=params.boolean("save_payment_method") if "save_payment_method" in params else None,
    )


def _require_contact(session: Session, email: str | None, phone: str | None) -> None:
    if email is None:
        raise invalid("An email address is required to confirm this Checkout Session.", "email", "email_required")
    if "@" not in email.strip("@"):
        raise invalid("Your email address is invalid.", "email", "email_invalid")
    if session["phone_number_collection"]["enabled"] and phone is None:
        raise invalid("A phone number is required to confirm this Checkout Session.", "phone", "phone_required")


def take_typed_address(params: Params | None) -> JSON | None:
    """Take an address with all its fields, those that are empty as None; None when nothing was typed."""
    if params is None:
        return None
    fields = {name: params.text(name, unset=True) for name in ADDRESS}
    return fields if any(fields.values()) else None


def _take_shipping(params: Params) -> JSON | None:
    given = params.mapping("shipping", unset=True)
    if given is None:
        return None
    name, address = given.text("name", 200, unset=True), take_typed_address(given.mapping("address", unset=True))
    return None if address is None else {"name": name, "address": address}


def _take_tax_id(params: Params) -> JSON | None:
    given = params.mapping("tax_id", unset=True)
    if given is None:
        return None
    tax_id = TaxIdParams.parse(given)
    return {"type": tax_id.type, "value": tax_id.value}


def _take_custom_fields(params: Params) -> JSON | None:
    given = params.mapping("custom_fields", unset=True)
    return None if given is None else {key: given.text(key, 255, unset=True) for key in given.names()}


def _take_consent(params: Params, session: Session) -> JSON | None:
    """Take what the shopper agreed to, where the session asks."""
    asked = session["consent_collection"]
    promotions = params.choice("promotions", ("opt_in", "opt_out"), unset=True)
    terms = params.choice("terms_of_service", ("accepted",), unset=True)
    if asked is None:
        return None
    return {"promotions": promotions if asked["promotions"] == "auto" else None, "terms_of_service": terms}


def apply_choices(choices: ShopperChoices, account: Account, record: SessionRecord, params: Params) -> None:
    """Do what the shopper chose before paying.

    Args:
        choices: what changes the session.
        account: whose session it is.
        record: the session.
        params: the form: `promotion_code` (empty takes it away), `shipping_rate`, `line_item` with `quantity`,
            `optional_item` (a price) to add, `line_item` with `remove` true, `address`, `shipping`, `tax_id`.

    Raises:
        StripeError: the session does not allow it.
    """
    if "promotion_code" in params:
        choices.apply_code(account, record, params.text("promotion_code", 500, unset=True))
    rate_id = params.text("shipping_rate", unset=True)
    if rate_id is not None:
        choices.choose_shipping(account, record, rate_id)
    line, quantity = params.text("line_item", unset=True), params.integer("quantity", 0)
    if line is not None and params.boolean("remove"):
        choices.remove_item(account, record, line)
    elif line is not None and quantity is not None:
        choices.change_quantity(account, record, line, quantity)
    item = params.text("optional_item", unset=True)
    if item is not None:
        choices.add_item(account, record, item)
    typed: dict[str, JSON | None] = {}
    if "address" in params:
        typed["address"] = take_typed_address(params.mapping("address", unset=True))
    if "shipping" in params:
        typed["shipping"] = _take_shipping(params)
    if "tax_id" in params:
        typed["tax_id"] = _take_tax_id(params)
    if typed:
        choices.type(account, record, **typed)
