"""The session as Stripe.js shows it: https://docs.stripe.com/js/custom_checkout/session_object."""

from ..currencies import display, exponent
from ..records import SessionRecord
from ..resources.checkout_sessions.view import asked_amounts, known_email
from ..resources.payment_methods import saved_methods
from ..resources.tax_rates import exclusive_tax
from ..state import Account
from ..wire import JSON


def session_view(account: Account, record: SessionRecord) -> JSON:
    """Return what a page in the browser may know of a session.

    Args:
        account: whose session it is.
        record: the session.
    """
    session = record.session
    currency, totals = asked_amounts(session).currency, session["total_details"]
    details = session["customer_details"] or {}
    options = [_shipping_option(rate, currency) for rate in record.rates]
    chosen = (session["shipping_cost"] or {}).get("shipping_rate")
    shipping_taxes = _tax_amounts(record.shipping_taxes, currency)
    taken = next((one for one in options if one["id"] == chosen), None)
    shipping = taken and {"shippingOption": taken, "taxAmounts": shipping_taxes}
    discount = _amount(totals["amount_discount"], currency)
    applied = [{**one, "recurring": None, **discount} for one in record.applied]
    pairs = zip(record.lines, record.products, strict=True)
    lines = [_line(line, product, currency, line["id"] in record.optional_lines) for line, product in pairs]
    return {
        "id": session["id"],
        "billingAddress": _contact(record.typed.get("address")),
        "businessName": (session.get("branding_settings") or {}).get("display_name") or "Simulated Stripe",
        "canConfirm": False,
        "currency": currency,
        "currencyOptions": None,
        "discountAmounts": applied or None,
        "email": known_email(session),
        "lastPaymentError": record.last_error,
        "lineItems": lines,
        "livemode": False,
        "minorUnitsAmountDivisor": 10 ** exponent(currency),
        "nameCollection": {"businessName": None, "individualName": None} if session.get("name_collection") else None,
        "optionalItems": _optional_items(account, record, currency),
        "phoneNumber": details.get("phone"),
        "recurring": None,
        "savedPaymentMethods": _saved_methods(account, record),
        "shipping": shipping,
        "shippingAddress": _shipping_contact(record),
        "shippingOptions": options,
        "status": _status(record),
        "surcharge": None,
        "tax": {"status": _tax_status(record)},
        "taxAmounts": _tax_amounts(
            [tax for line in record.lines for tax in line["taxes"]] + record.shipping_taxes, currency
        ),
        "taxIdInfo": _tax_id_info(record),
        "total": _total(record),
    }


def collection(record: SessionRecord) -> JSON:
    """Return what a session asks of its shopper beside the e-mail address."""
    session = record.session
    addresses: JSON | None = session["shipping_address_collection"]
    return {
        "billing": session["billing_address_collection"] == "required",
        "phone": session["phone_number_collection"]["enabled"],
        "shipping": addresses and addresses["allowed_countries"],
        "tax": session["automatic_tax"]["enabled"],
    }


def _contact(address: JSON | None) -> JSON | None:
    return None if address is None else {"name": None, "address": address}


def _shipping_contact(record: SessionRecord) -> JSON | None:
    """Return whom the order is sent to, as the shopper or the caller said it."""
    collected: JSON = record.session["collected_information"] or {}
    shipping: JSON | None = record.typed.get("shipping") or collected.get("shipping_details")
    return shipping and {"name": shipping["name"], "address": shipping["address"]}


def _tax_id_info(record: SessionRecord) -> JSON | None:
    tax_id = record.typed.get("tax_id")
    return tax_id and {"taxId": tax_id, "businessName": ""}


def _tax_status(record: SessionRecord) -> str:
    session = record.session
    if session["automatic_tax"]["status"] != "requires_location_inputs":
        return "ready"
    return f"requires_{'shipping' if session['shipping_address_collection'] else 'billing'}_address"


def _tax_amounts(taxes: list[JSON], currency: str) -> list[JSON] | None:
    """Return each tax that is paid, with what is paid of it; None when there is none."""
    rates: dict[str, JSON] = {}
    amounts: dict[str, int] = {}
    for tax in taxes:
        id = tax["rate"]["id"]
        rates[id], amounts[id] = tax["rate"], amounts.get(id, 0) + tax["amount"]
    return [
        {
            "displayName": rate["display_name"],
            "inclusive": rate["inclusive"],
            "percentage": rate["percentage"],
            **_amount(amounts[id], currency),
        }
        for id, rate in rates.items()
    ] or None


def _bounds(adjustable: JSON | None) -> JSON | None:
    return adjustable and {"maximum": adjustable["maximum"], "minimum": adjustable["minimum"]}


def _unit_amounts(price: JSON, currency: str) -> JSON:
    """Return what one piece costs, in whole minor units and, where that is not exact, in parts of them."""
    whole = _amount(round(float(price["unit_amount_decimal"])), currency)
    exact = price["unit_amount"] is not None
    decimal = None if exact else {**whole, "minorUnitsAmount": float(price["unit_amount_decimal"])}
    return {"unitAmount": whole, "unitAmountDecimal": decimal}


def _optional_items(account: Account, record: SessionRecord, currency: str) -> list[JSON] | None:
    """Return what the shopper may add; None when nothing is offered."""
    items = []
    for item in record.session.get("optional_items") or []:
        price = account.tables["prices"][item["price"]]
        product = account.tables["products"][price["product"]]
        items.append(
            {
                "adjustableQuantity": _bounds(item["adjustable_quantity"]),
                "description": product["description"],
                "images": product["images"],
                "isSelected": price["id"] in record.optional_lines.values(),
                "name": product["name"],
                "priceId": price["id"],
                "quantity": item["quantity"],
                "recurring": None,
                "unitLabel": product["unit_label"],
                **_unit_amounts(price, currency),
            }
        )
    return items or None


def _saved_methods(account: Account, record: SessionRecord) -> list[JSON] | None:
    """Return the cards that the session's customer saved and may be shown; None without a customer."""
    session = record.session
    if session["customer"] is None:
        return None
    shown = (session["saved_payment_method_options"] or {}).get("allow_redisplay_filters") or ["always"]
    saved = saved_methods(account, session["customer"], tuple(shown))
    return [_saved_card(one) for one in saved if one["type"] == "card"]


def _saved_card(method: JSON) -> JSON:
    card, billing = method["card"], method["billing_details"]
    return {
        "id": method["id"],
        "type": "card",
        "billingDetails": {name: billing[name] for name in ("address", "email", "name", "phone")},
        "card": {
            "brand": card["brand"],
            "expMonth": card["exp_month"],
            "expYear": card["exp_year"],
            "last4": card["last4"],
        },
    }


def _amount(value: int, currency: str) -> JSON:
    return {"minorUnitsAmount": value, "amount": display(value, currency)}


def _status(record: SessionRecord) -> JSON:
    session = record.session
    if session["status"] == "complete":
        return {"type": "complete", "paymentStatus": session["payment_status"]}
    return {"type": session["status"]}


def _line(line: JSON, product: JSON, currency: str, is_optional: bool) -> JSON:
    exclusive = exclusive_tax(line["taxes"])
    return {
        "id": line["id"],
        "adjustableQuantity": _bounds(line["adjustable_quantity"]),
        "description": product["description"],
        "discount": _amount(line["amount_discount"], currency),
        "discountAmounts": None,
        "images": product["images"],
        "isRemovable": is_optional,
        "name": product["name"],
        "priceId": line["price"]["id"],
        "pricing": None,
        "quantity": line["quantity"],
        "recurring": None,
        "subtotal": _amount(line["amount_subtotal"], currency),
        "taxAmounts": _tax_amounts(line["taxes"], currency),
        "taxExclusive": _amount(exclusive, currency),
        "taxInclusive": _amount(line["amount_tax"] - exclusive, currency),
        "total": _amount(line["amount_total"], currency),
        "transformQuantity": None,
        "unitLabel": product["unit_label"],
        **_unit_amounts(line["price"], currency),
    }


def _shipping_option(rate: JSON, currency: str) -> JSON:
    return {
        "id": rate["id"],
        "currency": currency,
        "deliveryEstimate": rate["delivery_estimate"],
        "displayName": rate["display_name"],
        **_amount(rate["fixed_amount"]["amount"], currency),
    }


def _total(record: SessionRecord) -> JSON:
    session = record.session
    asked, totals = asked_amounts(session), session["total_details"]
    currency = asked.currency
    zero = _amount(0, currency)
    taxes = [tax for line in record.lines for tax in line["taxes"]]
    exclusive = exclusive_tax([*taxes, *record.shipping_taxes])
    return {
        "appliedBalance": zero,
        "balanceAppliedToNextInvoice": False,
        "discount": _amount(totals["amount_discount"], currency),
        "shippingRate": _amount(totals["amount_shipping"], currency),
        "subtotal": _amount(asked.subtotal, currency),
        "surcharge": zero,
        "taxExclusive": _amount(exclusive, currency),
        "taxInclusive": _amount(totals["amount_tax"] - exclusive, currency),
        "total": _amount(asked.total, currency),
    }
