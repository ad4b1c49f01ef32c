"""What a Checkout Session asks of its shopper, whether everything was answered, and what the session shows of the answers."""

import re

from ...errors import StripeError, invalid
from ...http.shapes import filled
from ...records import SessionRecord, Shopper
from ...wire import JSON, Session
from .view import customer_details, known_email

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
USUAL_ADDRESS = {"country": "US", "line1": "354 Oyster Point Blvd", "city": "South San Francisco", "state": "CA"}
USUAL_POSTAL_CODE = "94080"
USUAL_NAME = "Jenny Rosen"
USUAL_PHONE = "+15550100"
LOCAL_COUNTRIES = {"sepa_debit": "DE", "ideal": "NL", "bancontact": "BE"}
"""Where a shopper is who pays by a method of one country and typed no address."""


def missing(name: str, message: str) -> StripeError:
    """Return the 400 for something that the shopper has to say before paying."""
    return invalid(message, name, "parameter_missing")


def require_answers(record: SessionRecord, shopper: Shopper) -> None:
    """Check that a shopper answered everything that the session asks.

    Args:
        record: the session.
        shopper: who pays, and what they said.

    Raises:
        StripeError: an answer is missing or wrong.
    """
    session = record.session
    collection, consent = session["shipping_address_collection"], session["consent_collection"] or {}
    if collection is not None:
        _require_shipping(shopper.shipping, collection["allowed_countries"])
    if session["billing_address_collection"] == "required" and not (shopper.address or {}).get("line1"):
        raise missing("billing_address", "A billing address is required to confirm this Checkout Session.")
    if consent.get("terms_of_service") == "required" and not (shopper.consent or {}).get("terms_of_service"):
        raise missing("terms_of_service", "The terms of service have to be accepted.")
    for kind, asked in (session.get("name_collection") or {}).items():
        if asked["enabled"] and not asked["optional"] and not getattr(shopper, f"{kind}_name"):
            raise missing(f"{kind}_name", f"The {kind} name is required to confirm this Checkout Session.")
    for field in session["custom_fields"]:
        _check_custom_field(field, (shopper.custom_fields or {}).get(field["key"]))


def _require_shipping(shipping: JSON | None, countries: list[str]) -> None:
    address = (shipping or {}).get("address") or {}
    if not shipping or not shipping.get("name") or not address.get("line1") or not address.get("country"):
        raise missing("shipping_address", "A shipping address is required to confirm this Checkout Session.")
    if address["country"] not in countries:
        raise invalid(f"This Checkout Session does not ship to {address['country']}.", "shipping_address[country]")


def _check_custom_field(field: JSON, value: str | None) -> None:
    type, name = field["type"], f"custom_fields[{field['key']}]"
    label, rules = field["label"]["custom"], field[field["type"]]
    if not value:
        if field["optional"] or rules["default_value"] is not None:
            return
        raise missing(name, f"{label} is required to confirm this Checkout Session.")
    if type == "dropdown":
        if value not in {option["value"] for option in rules["options"]}:
            raise invalid(f"{label} has no option `{value}`.", name)
        return
    if type == "numeric" and not re.fullmatch(r"[0-9]+", value):
        raise invalid(f"{label} takes digits only.", name)
    low, high = rules["minimum_length"] or 0, rules["maximum_length"] or 255
    if not low <= len(value) <= high:
        raise invalid(f"{label} must have from {low} to {high} characters.", name)


def usual_answers(record: SessionRecord, email: str | None) -> Shopper:
    """Return a shopper who answers everything that a session asks, for payments without a browser.

    Args:
        record: the session.
        email: their address.
    """
    session = record.session
    address = {**dict.fromkeys(ADDRESS), **USUAL_ADDRESS, "postal_code": USUAL_POSTAL_CODE}
    collection, consent = session["shipping_address_collection"], session["consent_collection"] or {}
    shipping: JSON | None = record.typed.get("shipping")
    if collection is not None and shipping is None:
        countries = collection["allowed_countries"]
        country = "US" if "US" in countries else countries[0]
        shipping = {"name": USUAL_NAME, "address": {**address, "country": country}}
    names = session.get("name_collection") or {}
    accepts = {"terms_of_service": "accepted"} if consent.get("terms_of_service") == "required" else {}
    return Shopper(
        email,
        name=None if session["ui_mode"] == "elements" else USUAL_NAME,
        phone=USUAL_PHONE if session["phone_number_collection"]["enabled"] else None,
        address=record.typed.get("address")
        or (address if session["billing_address_collection"] == "required" else None),
        shipping=shipping,
        individual_name=USUAL_NAME if names.get("individual", {}).get("enabled") else None,
        business_name="Rosen Ltd." if names.get("business", {}).get("enabled") else None,
        tax_id=record.typed.get("tax_id"),
        custom_fields={field["key"]: _usual_value(field) for field in session["custom_fields"]} or None,
        consent={"promotions": None, "terms_of_service": None, **accepts} if consent else None,
    )


def _usual_value(field: JSON) -> str:
    rules = field[field["type"]]
    if rules["default_value"] is not None:
        return str(rules["default_value"])
    if field["type"] == "dropdown":
        return str(rules["options"][0]["value"])
    length = max(rules["minimum_length"] or 1, min(3, rules["maximum_length"] or 3))
    return ("1" if field["type"] == "numeric" else "x") * length


def with_place(shopper: Shopper, method_type: str) -> Shopper:
    """Return a shopper with the address that every payment has: at least a country, for cards a postal code, too."""
    if shopper.address is not None and shopper.address.get("country"):
        return shopper
    country = LOCAL_COUNTRIES.get(method_type, "US")
    postal_code = USUAL_POSTAL_CODE if method_type == "card" else None
    address = {**dict.fromkeys(ADDRESS), "country": country, "postal_code": postal_code}
    return shopper._replace(address={**address, **{name: one for name, one in (shopper.address or {}).items() if one}})


def answered(session: Session, shopper: Shopper) -> JSON:
    """Return the fields of a session that its shopper's answers decide.

    Args:
        session: the session before it is complete.
        shopper: who pays, and what they said.
    """
    details = customer_details(known_email(session) or shopper.email, shopper)
    collected = {
        "business_name": shopper.business_name,
        "individual_name": shopper.individual_name,
        "shipping_details": shown_shipping(shopper.shipping) if session["shipping_address_collection"] else None,
    }
    already = (session["collected_information"] or {}).get("shipping_details")
    if collected["shipping_details"] is None:
        collected["shipping_details"] = already
    fields = [_answered_field(field, shopper.custom_fields or {}) for field in session["custom_fields"]]
    consent = None
    if session["consent_collection"] is not None:
        consent = {"promotions": None, "terms_of_service": None, **(shopper.consent or {})}
    return {
        "collected_information": collected,
        "consent": consent,
        "custom_fields": fields or session["custom_fields"],
        "customer_details": details,
    }


def _answered_field(field: JSON, values: JSON) -> JSON:
    rules = field[field["type"]]
    value = values.get(field["key"]) or rules["default_value"]
    return {**field, field["type"]: {**rules, "value": value}}


def shown_shipping(shipping: JSON | None) -> JSON | None:
    """Return `shipping_details` as a session shows it."""
    if shipping is None:
        return None
    return {"address": filled(shipping.get("address") or {}, ADDRESS), "name": shipping.get("name")}
