"""The session as Stripe.js shows it: https://docs.stripe.com/js/custom_checkout/session_object."""

from ..currencies import display, exponent
from ..records import SessionRecord
from ..resources.checkout_sessions.view import asked_amounts, known_email
from ..resources.tax_rates import exclusive_tax
from ..wire import JSON


def session_view(record: SessionRecord) -> JSON:
    """Return what a page in the browser may know of a session."""
    session = record.session
    currency, totals = asked_amounts(session).currency, session["total_details"]
    details = session["customer_details"] or {}
    options = [_shipping_option(rate, currency) for rate in record.rates]
    chosen = (session["shipping_cost"] or {}).get("shipping_rate")
    shipping = next(({"shippingOption": one, "taxAmounts": None} for one in options if one["id"] == chosen), None)
    discount = _amount(totals["amount_discount"], currency)
    applied = [{**one, "recurring": None, **discount} for one in record.applied]
    lines = [_line(line, product, currency) for line, product in zip(record.lines, record.products, strict=True)]
    return {
        "id": session["id"],
        "billingAddress": None,
        "businessName": "Simulated Stripe",
        "canConfirm": False,
        "currency": currency,
        "currencyOptions": None,
        "discountAmounts": applied or None,
        "email": known_email(session),
        "lastPaymentError": record.last_error,
        "lineItems": lines,
        "livemode": False,
        "minorUnitsAmountDivisor": 10 ** exponent(currency),
        "nameCollection": None,
        "optionalItems": None,
        "phoneNumber": details.get("phone"),
        "recurring": None,
        "savedPaymentMethods": None,
        "shipping": shipping,
        "shippingAddress": None,
        "shippingOptions": options,
        "status": _status(record),
        "surcharge": None,
        "tax": {"status": "ready"},
        "taxAmounts": None,
        "taxIdInfo": None,
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
    }


def _amount(value: int, currency: str) -> JSON:
    return {"minorUnitsAmount": value, "amount": display(value, currency)}


def _status(record: SessionRecord) -> JSON:
    session = record.session
    if session["status"] == "complete":
        return {"type": "complete", "paymentStatus": session["payment_status"]}
    return {"type": session["status"]}


def _line(line: JSON, product: JSON, currency: str) -> JSON:
    price, exclusive = line["price"], exclusive_tax(line["taxes"])
    is_whole = price["unit_amount"] is not None
    unit = _amount(round(float(price["unit_amount_decimal"])), currency)
    return {
        "id": line["id"],
        "adjustableQuantity": None,
        "description": product["description"],
        "discount": _amount(line["amount_discount"], currency),
        "discountAmounts": None,
        "images": product["images"],
        "isRemovable": False,
        "name": product["name"],
        "priceId": price["id"],
        "pricing": None,
        "quantity": line["quantity"],
        "recurring": None,
        "subtotal": _amount(line["amount_subtotal"], currency),
        "taxAmounts": None,
        "taxExclusive": _amount(exclusive, currency),
        "taxInclusive": _amount(line["amount_tax"] - exclusive, currency),
        "total": _amount(line["amount_total"], currency),
        "transformQuantity": None,
        "unitAmount": unit,
        "unitAmountDecimal": None if is_whole else {**unit, "minorUnitsAmount": float(price["unit_amount_decimal"])},
        "unitLabel": product["unit_label"],
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
    exclusive = exclusive_tax(taxes)
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
