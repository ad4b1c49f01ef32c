"""The session as Stripe.js shows it."""

from ..amounts import display, exponent
from ..errors import JSON


def browser_view(record: JSON, email: str | None = None) -> JSON:
    """The session as Stripe.js shows it: https://docs.stripe.com/js/custom_checkout/session_object."""
    session = record["session"]
    code = session["currency"]

    def amount(value: int) -> JSON:
        return {"minorUnitsAmount": value, "amount": display(value, code)}

    zero, totals = amount(0), session["total_details"]
    status: JSON = {"type": session["status"]}
    if session["status"] == "complete":
        status["paymentStatus"] = session["payment_status"]
    lines = [
        {
            **{"id": line["id"], "name": product["name"], "description": product["description"]},
            **{"images": product["images"], "quantity": line["quantity"], "unitLabel": product["unit_label"]},
            **{"unitAmount": amount(line["price"]["unit_amount"]), "unitAmountDecimal": None},
            **{
                "subtotal": amount(line["amount_subtotal"]),
                "total": amount(line["amount_total"]),
                "discount": amount(line["amount_discount"]),
            },
            **{"taxExclusive": zero, "taxInclusive": zero, "discountAmounts": None, "taxAmounts": None},
            **{"recurring": None, "adjustableQuantity": None},
        }
        for line, product in zip(record["lines"], record["products"], strict=True)
    ]
    details = session["customer_details"] or {}
    options = [
        {
            **{"id": rate["id"], "currency": code, "displayName": rate["display_name"]},
            **{"deliveryEstimate": rate["delivery_estimate"], **amount(rate["fixed_amount"]["amount"])},
        }
        for rate in record.get("rates", ())
    ]
    chosen = (session["shipping_cost"] or {}).get("shipping_rate")
    shipping = next(({"shippingOption": one, "taxAmounts": None} for one in options if one["id"] == chosen), None)
    applied = [{**one, "recurring": None, **amount(totals["amount_discount"])} for one in record.get("applied", ())]
    return {
        **{"id": session["id"], "businessName": "Simulated Stripe", "canConfirm": False, "currency": code},
        **{"email": session["customer_email"] or email or details.get("email"), "lineItems": lines, "livemode": False},
        **{"lastPaymentError": record["last_error"], "minorUnitsAmountDivisor": 10 ** exponent(code)},
        **{"discountAmounts": applied or None, "phoneNumber": details.get("phone"), "shipping": shipping},
        **{"shippingOptions": options, "status": status, "tax": {"status": "ready"}, "surcharge": None},
        **dict.fromkeys(("billingAddress", "currencyOptions", "recurring", "savedPaymentMethods", "shippingAddress")),
        **dict.fromkeys(("taxAmounts", "taxIdInfo")),
        "total": {
            **dict.fromkeys(("appliedBalance", "surcharge"), zero),
            **{"discount": amount(totals["amount_discount"]), "shippingRate": amount(totals["amount_shipping"])},
            **{"taxExclusive": zero, "taxInclusive": zero, "balanceAppliedToNextInvoice": False},
            **{"subtotal": amount(session["amount_subtotal"]), "total": amount(session["amount_total"])},
        },
    }
