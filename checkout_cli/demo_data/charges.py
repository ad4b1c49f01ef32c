"""What Stripe charges for each cart: codes, shipping, the payment method and the fee."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from checkout_core.domain.currencies import MAX_AMOUNT, currency_of

from .behaviour import NOT_HAPPENED, Carts, Outcomes
from .columns import digits, spread, take
from .lessons import COUNTRIES, Circumstances, FloatArray
from .seed_plan import BoolArray, IntArray, SeedPlan

_WITHOUT_CODE = 0.92
_CODES = (0, 10, 20, 50)
"""Percent off."""
_CODE_SHARES = (_WITHOUT_CODE, 0.04, 0.03, 0.01)

_SHIPPING = (0, 490, 990)
"""In euro cents."""
_SHIPPING_SHARES = (0.7, 0.2, 0.1)

_BRANDS = ("visa", "mastercard", "amex")
_BRAND_SHARES = (0.55, 0.37, 0.08)
_CARD_FEE, _CARD_FEE_ABROAD, _AMEX_FEE, _CARD_FEE_FIXED, _DEBIT_FEE = 0.015, 0.0325, 0.029, 25, 35
"""Of European cards, of cards from elsewhere, of a dear brand, and of a bank debit (https://stripe.com/pricing); fixed
parts in minor units of the balance."""


@dataclass(frozen=True)
class Charges:
    """What is charged for each order whose shopper gets that far, in minor units of its currency."""

    discount: IntArray
    shipping: IntArray
    total: IntArray


def charges_of(plan: SeedPlan, index: IntArray, carts: Carts) -> Charges:
    """Return what Stripe charges.

    Args:
        plan: the run.
        index: the numbers of the orders.
        carts: what is bought.
    """
    percent = np.array(_CODES)[plan.pick("code", index, _CODE_SHARES)]
    step = np.array([currency_of(code).multiple for code in plan.currencies])[carts.currency]
    discount = carts.total * percent // 100 // step * step
    chosen = plan.pick("shipping", index, _SHIPPING_SHARES)
    shipping = plan.converted(np.array(_SHIPPING, dtype=np.int64))[chosen, carts.currency] // step * step
    shipping = np.where((carts.total > 0) & (carts.total + shipping <= MAX_AMOUNT), shipping, 0)
    return Charges(discount, shipping, carts.total - discount + shipping)


def charge_columns(
    plan: SeedPlan, index: IntArray, given: Circumstances, *, carts: Carts, charges: Charges, outcomes: Outcomes
) -> dict[str, pa.Array]:
    """Return the columns of `orders` that Stripe's session and charge say. A cart that was left has only its lines.

    Args:
        plan: the run.
        index: the numbers of the orders.
        given: the circumstances in which they are made.
        carts: what is bought.
        charges: what is charged for it.
        outcomes: how each order went.
    """
    complete = (outcomes.processing != NOT_HAPPENED) | (outcomes.paid != NOT_HAPPENED)
    total = np.where(complete, charges.total, carts.total)
    charged = complete & (total > 0)
    settled = charged & (outcomes.paid != NOT_HAPPENED)
    debit = outcomes.processing != NOT_HAPPENED
    by_card = charged & ~debit
    brand = np.where(given.fraud, 0, plan.pick("brand", index, _BRAND_SHARES))
    rate = np.where(given.outside_eu, _CARD_FEE_ABROAD, np.where(brand == 2, _AMEX_FEE, _CARD_FEE))
    return {
        "amount_subtotal": pa.array(carts.total),
        "amount_discount": pa.array(np.where(complete, charges.discount, 0)),
        "amount_shipping": pa.array(np.where(complete, charges.shipping, 0)),
        "amount_total": pa.array(total),
        **_balance(plan, carts.currency, total, settled, rate=np.where(debit, np.nan, rate)),
        "payment_method_type": _known(take(("card", "sepa_debit"), debit), charged),
        "payment_method_brand": _known(take(_BRANDS, brand), by_card),
        "payment_method_last4": spread(digits(1000 + plan.below("last4", index, 9000)[charged]), charged),
        "payment_method_country": _known(take(COUNTRIES, given.country), charged),
    }


def _balance(
    plan: SeedPlan, currency: IntArray, total: IntArray, settled: BoolArray, *, rate: FloatArray
) -> dict[str, pa.Array]:
    """Return fee and net. The shop's balance is in its own currency; Stripe converts what comes in others.

    Args:
        plan: the run.
        currency: of each order, a position in the plan's currencies.
        total: what was charged, in its minor units.
        settled: whether the charge is settled.
        rate: Stripe's share of it; not a number where it is a bank debit, which costs the same whatever the amount.
    """
    rates = plan.converted(np.array([10**6], dtype=np.int64))[0] / 10**6
    gross = np.round(total / rates[currency]).astype(np.int64)
    by_card = np.round(gross * np.nan_to_num(rate)).astype(np.int64) + _CARD_FEE_FIXED
    fee = np.where(np.isnan(rate), _DEBIT_FEE, by_card)
    fee = np.minimum(fee, gross)
    return {
        "amount_fee": pa.array(fee, mask=~settled),
        "amount_net": pa.array(gross - fee, mask=~settled),
        "balance_currency": _known(take([plan.currencies[0]], np.zeros(len(total))), settled),
    }


def _known(values: pa.DictionaryArray, known: BoolArray) -> pa.DictionaryArray:
    """Return the values where they are known, null elsewhere."""
    codes = values.indices.to_numpy(zero_copy_only=False)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32(), mask=~known), values.dictionary)
