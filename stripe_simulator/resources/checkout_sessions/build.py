"""How a Checkout Session is made of its parameters."""

from dataclasses import dataclass
from typing import NamedTuple, cast

from ... import payment_methods
from ...errors import invalid, not_simulated
from ...ids import random_id
from ...records import SessionRecord
from ...state import Account
from ...wire import JSON, Session
from ..automatic_tax import is_located
from ..customers import find_customer
from ..shipping_rates import build_shipping_rate, rate_in
from . import shared_values as shared
from .discounts import choose_discount
from .lines import build_line_item, find_price
from .nested_params import ShippingOptionParams
from .params import SessionParams
from .shown_options import shown_options
from .totals import Location, compute_totals
from .view import DEFAULT_CURRENCY, customer_details


@dataclass(frozen=True, slots=True)
class _Customer:
    """What a session knows of its shopper from the start."""

    id: str | None
    email: str | None
    creation: str | None
    found: JSON | None = None


MadeRates = list[tuple[JSON, dict[str, JSON]]]
"""Shipping rates that were made for a session, each with its amounts in other currencies."""


def build_session(account: Account, given: SessionParams, now: int, public_url: str) -> tuple[SessionRecord, MadeRates]:
    """Return the record of a new session, and the shipping rates that were made for it.

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
    _check_optional_items(account, given, currency)
    location = _first_location(given, customer.found, lines, now)
    totals = compute_totals(account, lines, currency, discounts=discounts, rates=rates.offered, location=location)
    id, is_setup = random_id("cs_test_a1", 58), given.mode == "setup"
    secret = f"{id}_secret_{random_id('', 40)}"
    made: JSON = {
        "id": id,
        "object": "checkout.session",
        "allow_promotion_codes": given.allow_promotion_codes,
        "allowed_payment_method_types": given.allowed_payment_method_types or None,
        "amount_subtotal": None if is_setup else subtotal,
        "amount_total": None if is_setup else totals.amount_total,
        "cancel_url": given.cancel_url,
        "client_reference_id": given.client_reference_id,
        "client_secret": None if given.hosted else secret,
        "collected_information": None,
        "consent": None,
        "created": now,
        "currency": given.currency if is_setup else currency,
        "currency_conversion": None,
        "customer": customer.id,
        "customer_account": None,
        "customer_creation": customer.creation,
        "customer_details": customer_details(customer.email) if customer.email else None,
        "customer_email": given.customer_email,
        "discounts": totals.discounts,
        "expires_at": given.expires_at,
        "integration_identifier": given.integration_identifier,
        "invoice": None,
        "livemode": False,
        "metadata": given.metadata,
        "mode": given.mode,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_types": method_types,
        "payment_status": totals.payment_status,
        "phone_number_collection": shared.PHONE_NUMBER_COLLECTION[given.phone_number_collection],
        "recovered_from": None,
        "setup_intent": None,
        "shipping_cost": totals.shipping_cost,
        "shipping_options": totals.shipping_options,
        "status": "open",
        "submit_type": given.submit_type,
        "subscription": None,
        "success_url": given.success_url,
        "total_details": totals.total_details,
        "ui_mode": given.ui_mode,
        "url": f"{public_url}/c/pay/{id}" if given.hosted else None,
        **shown_options(given.options, ui_mode=given.ui_mode, mode=given.mode, has_customer=customer.id is not None),
    }
    if given.excluded_payment_method_types:
        made["excluded_payment_method_types"] = given.excluded_payment_method_types
    if not given.hosted:
        made["return_url"] = given.return_url
    if location is not None:
        made["automatic_tax"] = {**made["automatic_tax"], "status": "complete"}
    record = SessionRecord(
        session=cast(Session, made),
        secret=secret,
        lines=totals.lines,
        products=products,
        payment_data={name: value for name, value in given.payment_data.items() if name != "metadata"},
        payment_metadata=given.payment_data.get("metadata", {}),
        options=given.options,
        rates=totals.rates,
        shipping_taxes=totals.shipping_taxes,
        applied=totals.applied,
        redeemed=totals.redeemed,
    )
    return record, rates.made


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


class OfferedRates(NamedTuple):
    """The shipping rates of a session in its currency, and those that were made for it, each with other currencies."""

    offered: list[JSON]
    made: MadeRates


def offered_rates(account: Account, options: list[ShippingOptionParams], currency: str, now: int) -> OfferedRates:
    """Return the shipping rates that a session offers; the first is chosen until the shopper chooses another.

    Args:
        account: where shipping rates are.
        options: what was asked for.
        currency: the session's currency.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: a rate does not exist, or has no amount in this currency.
    """
    rates = OfferedRates([], [])
    for option in options:
        param = f"{option.path}[shipping_rate]"
        if option.shipping_rate is not None:
            rate = account.get("shipping_rates", option.shipping_rate, "shipping rate", param, 400)
            others = account.tables["hidden"].get(rate["id"], {}).get("currency_options", {})
        else:
            data = option.shipping_rate_data
            assert data is not None
            rate, others = build_shipping_rate(data, now), data.currency_options
            rates.made.append((rate, others))
        rates.offered.append(rate_in(rate, others, currency, param))
    return rates


def _customer(account: Account, given: SessionParams) -> _Customer:
    if given.customer is None:
        return _Customer(None, given.customer_email, given.customer_creation or "if_required")
    customer = find_customer(account, given.customer)
    return _Customer(customer["id"], customer["email"], None, customer)


def _first_location(given: SessionParams, customer: JSON | None, lines: list[JSON], now: int) -> Location | None:
    """Return where the shopper is, for automatic tax, when the session's customer tells."""
    if not given.options.get("automatic_tax", {}).get("enabled"):
        return None
    if any(line["taxes"] for line in lines):
        raise invalid("`tax_rates` can't be used when `automatic_tax` is enabled.", "line_items[0][tax_rates]")
    return customer_location(customer, now) if customer is not None else None


def customer_location(customer: JSON, now: int) -> Location | None:
    """Return where a customer is, or None when that is not known.

    Args:
        customer: the customer; where it ships to counts for more than where it lives.
        now: the simulated time, in seconds since the epoch.
    """
    address = (customer["shipping"] or {}).get("address") or customer["address"]
    return Location(address, customer["tax_exempt"] != "none", now) if is_located(address) else None


def _check_optional_items(account: Account, given: SessionParams, currency: str) -> None:
    """Raise when an optional item has no price that the session could sell."""
    for index, item in enumerate(given.options.get("optional_items", [])):
        param = f"optional_items[{index}][price]"
        price = find_price(account, item["price"], param)
        if price["currency"] != currency:
            raise invalid("All optional items of a session must have the session's currency.", param)
        if price["type"] == "recurring" and given.mode == "payment":
            raise invalid("Optional items of a session in `payment` mode must have one-time prices.", param)


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
