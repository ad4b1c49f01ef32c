"""How a Checkout Session is made of its parameters."""

from dataclasses import dataclass
from fractions import Fraction

from ... import payment_methods
from ...errors import invalid, not_simulated
from ...ids import random_id
from ...records import SessionRecord
from ...state import Account
from ...wire import JSON, Session
from ..customers import find_customer
from ..prices import build_price
from ..products import build_product
from ..shipping_rates import build_shipping_rate
from ..tax_rates import exclusive_tax, line_taxes
from . import shared_values as shared
from .discounts import choose_discount
from .nested_params import LineItemParams, ShippingOptionParams
from .params import SessionParams
from .totals import NOTHING, compute_totals
from .view import DEFAULT_CURRENCY, customer_details, overlay


@dataclass(frozen=True, slots=True)
class _Customer:
    """What a session knows of its shopper from the start."""

    id: str | None
    email: str | None
    creation: str | None


def build_session(account: Account, given: SessionParams, now: int, public_url: str) -> SessionRecord:
    """Return the record of a new session.

    Args:
        account: where prices, customers, coupons and shipping rates are.
        given: what was asked for.
        now: the simulated time, in seconds since the epoch.
        public_url: the address under which a browser reaches the simulator.

    Raises:
        StripeError: something that the parameters name does not exist, or does not fit.
    """
    pairs = [build_line_item(account, item, now) for item in given.line_items]
    lines, products = [line for line, _ in pairs], [product for _, product in pairs]
    _check_mode(given.mode, lines)
    currency = given.currency or (lines[0]["currency"] if lines else DEFAULT_CURRENCY)
    if any(line["currency"] != currency for line in lines):
        raise invalid("All line items of a session must have the same currency.", "line_items")
    subtotal = sum(line["amount_subtotal"] for line in lines)
    method_types = _method_types(given, currency)
    customer = _customer(account, given)
    discounts = choose_discount(account, given.discount, subtotal, currency, customer=customer.id, now=now)
    rates = offered_rates(account, given.shipping_options, currency, now)
    totals = compute_totals(account, lines, currency, discounts=discounts, rates=rates)
    id, is_setup = random_id("cs_test_a1", 58), given.mode == "setup"
    secret = f"{id}_secret_{random_id('', 40)}"
    session: Session = {
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": shared.ADAPTIVE_PRICING,
        "after_expiration": None,
        "allow_promotion_codes": given.allow_promotion_codes,
        "allowed_payment_method_types": given.allowed_payment_method_types or None,
        "amount_subtotal": None if is_setup else subtotal,
        "amount_total": None if is_setup else totals.amount_total,
        "automatic_tax": shared.AUTOMATIC_TAX,
        "billing_address_collection": None,
        "branding_settings": None,
        "cancel_url": given.cancel_url,
        "client_reference_id": given.client_reference_id,
        "client_secret": None if given.hosted else secret,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": now,
        "currency": given.currency if is_setup else currency,
        "currency_conversion": None,
        "custom_fields": NOTHING,
        "custom_text": shared.CUSTOM_TEXT,
        "customer": customer.id,
        "customer_account": None,
        "customer_creation": customer.creation,
        "customer_details": customer_details(customer.email) if customer.email else None,
        "customer_email": given.customer_email,
        "discounts": totals.discounts,
        "excluded_payment_method_types": given.excluded_payment_method_types or None,
        "expires_at": given.expires_at,
        "integration_identifier": given.integration_identifier,
        "invoice": None,
        "invoice_creation": shared.INVOICE_CREATION,
        "line_items": None,
        "livemode": False,
        "locale": given.locale,
        "managed_payments": None,
        "metadata": given.metadata,
        "mode": given.mode,
        "name_collection": None,
        "optional_items": None,
        "origin_context": given.origin_context,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if given.mode == "payment" else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": shared.NO_OPTIONS,
        "payment_method_types": method_types,
        "payment_status": totals.payment_status,
        "permissions": None,
        "phone_number_collection": shared.PHONE_NUMBER_COLLECTION[given.phone_number_collection],
        "presentment_details": None,
        "recovered_from": None,
        "redirect_on_completion": None,
        "return_url": given.return_url,
        "saved_payment_method_options": None,
        "setup_intent": random_id("seti_1", 23) if is_setup else None,
        "shipping_address_collection": None,
        "shipping_cost": totals.shipping_cost,
        "shipping_options": totals.shipping_options,
        "status": "open",
        "submit_type": given.submit_type,
        "subscription": None,
        "success_url": given.success_url,
        "tax_id_collection": None,
        "total_details": totals.total_details,
        "ui_mode": given.ui_mode,
        "url": f"{public_url}/c/pay/{id}" if given.hosted else None,
        "wallet_options": None,
    }
    return SessionRecord(
        session=overlay(session, given.kept) if given.kept else session,
        secret=secret,
        lines=totals.lines,
        products=products,
        payment_data=given.payment_data,
        payment_metadata=given.payment_metadata,
        rates=totals.rates,
        applied=totals.applied,
        redeemed=totals.redeemed,
    )


def round_half_up(amount: Fraction) -> int:
    """Return the whole number of minor units that is nearest, the greater one of two."""
    return int(amount + Fraction(1, 2))


def build_line_item(account: Account, given: LineItemParams, now: int) -> tuple[JSON, JSON]:
    """Return a line of a session, and the product that it sells.

    Args:
        account: where prices and products are.
        given: what was asked for.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: the price or the product does not exist, or the price is not active.
    """
    if given.price is not None:
        param = f"{given.path}[price]"
        price = account.get("prices", given.price, "price", param, 400)
        if not price["active"]:
            raise invalid("The price specified is inactive. This field only accepts active prices.", param)
        product: JSON = account.tables["products"][price["product"]]
    else:
        data = given.price_data
        assert data is not None
        if data.product is not None:
            product = account.get("products", data.product, "product", f"{data.path}[product]", 400)
        else:
            assert data.product_data is not None
            product = build_product(data.product_data, now, active=False)
        price = build_price(data.price, product["id"], now, active=False)
    total = round_half_up(Fraction(price["unit_amount_decimal"]) * given.quantity)
    taxes = line_taxes(total, _tax_rates(account, given), price["currency"]) if given.tax_rates else NOTHING
    line = {
        "id": random_id("li_1", 23),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": sum(tax["amount"] for tax in taxes),
        "amount_total": total + exclusive_tax(taxes),
        "currency": price["currency"],
        "description": product["name"],
        "discounts": NOTHING,
        "metadata": given.metadata,
        "price": price,
        "quantity": given.quantity,
        "taxes": taxes,
        **given.kept,
    }
    return line, product


def _tax_rates(account: Account, given: LineItemParams) -> list[JSON]:
    rates = []
    for index, id in enumerate(given.tax_rates):
        param = f"{given.path}[tax_rates][{index}]"
        rate = account.get("tax_rates", id, "tax rate", param, 400)
        if not rate["active"]:
            raise invalid("The tax rate specified is inactive.", param)
        rates.append(rate)
    return rates


def _check_mode(mode: str, lines: list[JSON]) -> None:
    """Raise when the lines do not go with the mode."""
    recurring = [line for line in lines if line["price"]["type"] == "recurring"]
    if mode == "payment" and recurring:
        raise invalid(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices.",
            "line_items",
        )
    if mode == "subscription" and not recurring:
        raise invalid("You must provide at least one recurring price in `subscription` mode.", "line_items")


def offered_rates(account: Account, options: list[ShippingOptionParams], currency: str, now: int) -> list[JSON]:
    """Return the shipping rates that a session offers; the first is chosen until the shopper chooses another.

    Args:
        account: where shipping rates are.
        options: what was asked for.
        currency: the session's currency.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: a rate does not exist, or is in another currency.
    """
    rates = []
    for option in options:
        param = f"{option.path}[shipping_rate]"
        if option.shipping_rate is not None:
            rate = account.get("shipping_rates", option.shipping_rate, "shipping rate", param, 400)
        else:
            assert option.shipping_rate_data is not None
            rate = build_shipping_rate(option.shipping_rate_data, now)
        if rate["fixed_amount"]["currency"] != currency:
            raise not_simulated("a shipping rate in another currency than the session's", param)
        rates.append(rate)
    return rates


def _customer(account: Account, given: SessionParams) -> _Customer:
    if given.customer is None:
        return _Customer(None, given.customer_email, given.customer_creation or "if_required")
    customer = find_customer(account, given.customer)
    return _Customer(customer["id"], customer["email"], None)


def _method_types(given: SessionParams, currency: str) -> list[str]:
    """Return what the session can be paid with: what takes its currency, chosen or narrowed by the caller."""
    types = payment_methods.types_for(currency)
    if given.payment_method_types:
        return _chosen_types(given, currency, types)
    if given.mode != "payment":  # what is charged again needs no page of a bank
        types = [type for type in types if not payment_methods.redirects(type)]
    allowed, excluded = given.allowed_payment_method_types, given.excluded_payment_method_types
    if allowed or excluded:
        types = [type for type in types if type in (allowed or types) and type not in excluded]
    if not types:
        raise not_simulated("a Checkout Session with none of the payment methods that are simulated")
    return types


def _chosen_types(given: SessionParams, currency: str, fitting: list[str]) -> list[str]:
    """Return the types that the caller chose. Raises a 400 for one that cannot pay this session."""
    if given.allowed_payment_method_types or given.excluded_payment_method_types:
        raise invalid(
            "You may only specify one of these parameters: payment_method_types, allowed_payment_method_types, "
            "excluded_payment_method_types.",
            "payment_method_types",
        )
    for type in given.payment_method_types:
        if type not in payment_methods.PAYMENT_METHODS:
            continue
        if type not in fitting:
            raise invalid(f"The payment method {type} cannot pay in {currency}.", "payment_method_types")
        if given.mode != "payment" and payment_methods.redirects(type):
            raise invalid(f"The payment method {type} cannot be used in `{given.mode}` mode.", "payment_method_types")
    return given.payment_method_types
