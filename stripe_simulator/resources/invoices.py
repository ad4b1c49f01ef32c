"""/v1/invoices: the invoices of sessions with `invoice_creation`. https://docs.stripe.com/api/invoices"""

from ..http.filters import text
from ..http.handlers import listing, retrieve
from ..http.lists import list_object, page
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..records import SessionRecord
from ..state import Account
from ..wire import JSON, Session


def invoice_of(account: Account, record: SessionRecord, now: int, public_url: str) -> JSON:
    """Return the paid invoice of a session.

    Args:
        account: whose session it is.
        record: the session, with the answers of its shopper.
        now: the simulated time, in seconds since the epoch.
        public_url: the address under which a browser reaches the simulator.
    """
    session = record.session
    data, details = session["invoice_creation"]["invoice_data"], session["customer_details"] or {}
    totals, id = session["total_details"], random_id("in_1", 23)
    total, currency = session["amount_total"] or 0, session["currency"]
    lines = [_line(line, id, now) for line in record.lines]
    exclusive = sum(tax["amount"] for tax in _taxes(record) if not tax["rate"]["inclusive"])
    tax, subtotal = totals["amount_tax"], session["amount_subtotal"] or 0
    page = f"{public_url}/_simulator/invoices/{id}"
    return {
        "id": id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Simulated Stripe",
        "account_tax_ids": data["account_tax_ids"],
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": total,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": totals["amount_shipping"],
        "application": None,
        "attempt_count": 0,
        "attempted": True,
        "auto_advance": False,
        "automatic_tax": {**session["automatic_tax"], "disabled_reason": None},
        "automatically_finalizes_at": None,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "custom_fields": data["custom_fields"],
        "customer": session["customer"],
        "customer_account": None,
        "customer_address": details.get("address"),
        "customer_email": details.get("email"),
        "customer_name": details.get("business_name") or details.get("name"),
        "customer_phone": details.get("phone"),
        "customer_shipping": None,
        "customer_tax_exempt": details.get("tax_exempt") or "none",
        "customer_tax_ids": details.get("tax_ids") or [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": data["description"],
        "discounts": [],
        "due_date": None,
        "effective_at": now,
        "ending_balance": 0,
        "footer": data["footer"],
        "from_invoice": None,
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf",
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": list_object(lines, f"/v1/invoices/{id}/lines"),
        "livemode": False,
        "metadata": data["metadata"] or {},
        "next_payment_attempt": None,
        "number": f"{record.session['id'][-8:].upper()}-{len(account.tables['invoices']) + 1:04}",
        "on_behalf_of": None,
        "parent": None,
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "period_end": now,
        "period_start": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": _rendering(data["rendering_options"]),
        "shipping_cost": session["shipping_cost"],
        "shipping_details": _shipping(session),
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "paid",
        "status_transitions": {
            "finalized_at": now,
            "marked_uncollectible_at": None,
            "paid_at": now,
            "voided_at": None,
        },
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - (tax - exclusive),
        "test_clock": None,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": total - tax,
        "total_pretax_credit_amounts": [],
        "total_taxes": [_shown_tax(tax) for tax in _taxes(record)],
        "webhooks_delivered_at": now,
    }


def _shipping(session: Session) -> JSON | None:
    details: JSON | None = (session["collected_information"] or {}).get("shipping_details")
    phone = (session["customer_details"] or {}).get("phone")
    return details and {**details, "carrier": None, "phone": phone, "tracking_number": None}


def _taxes(record: SessionRecord) -> list[JSON]:
    return [*(tax for line in record.lines for tax in line["taxes"]), *record.shipping_taxes]


def _rendering(options: JSON | None) -> JSON | None:
    if options is None:
        return None
    return {
        "amount_tax_display": options["amount_tax_display"],
        "pdf": {"page_size": "auto"},
        "template": options["template"],
        "template_version": None,
    }


def _line(line: JSON, invoice_id: str, now: int) -> JSON:
    price = line["price"]
    return {
        "id": random_id("il_1", 23),
        "object": "line_item",
        "amount": line["amount_subtotal"],
        "currency": line["currency"],
        "description": line["description"],
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": {},
        "parent": None,
        "period": {"end": now, "start": now},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": line["quantity"],
        "quantity_decimal": str(line["quantity"]),
        "subscription": None,
        "subtotal": line["amount_subtotal"],
        "taxes": [_shown_tax(tax) for tax in line["taxes"]],
    }


def _shown_tax(tax: JSON) -> JSON:
    return {
        "amount": tax["amount"],
        "tax_behavior": "inclusive" if tax["rate"]["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": tax["rate"]["id"]},
        "taxability_reason": tax["taxability_reason"] or "not_available",
        "taxable_amount": tax["taxable_amount"],
        "type": "tax_rate_details",
    }


async def list_lines(request: ApiRequest) -> JSON:
    """List the lines of an invoice: GET /v1/invoices/{id}/lines."""
    invoice = request.account.get("invoices", request.path["id"], "invoice")
    lines = {line["id"]: line for line in invoice["lines"]["data"]}
    return page(lines, request.params, f"/v1/invoices/{invoice['id']}/lines", oldest_first=True)


list_invoices = listing(
    "invoices",
    text("customer"),
    text("status"),
    text("collection_method"),
    unsupported=("subscription", "customer_account", "due_date"),
)

ROUTES: list[ApiRoute] = [
    ("GET", "/v1/invoices", list_invoices),
    ("GET", "/v1/invoices/{id}", retrieve("invoices", "invoice")),
    ("GET", "/v1/invoices/{id}/lines", list_lines),
]
