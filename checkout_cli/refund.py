"""`checkout refund`."""

import sys
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, NoReturn
from uuid import uuid4

import typer
from rich.console import Console

from .terminal import console, fail

if TYPE_CHECKING:
    from checkout_core import Checkout, Order
    from checkout_core.services.shops import Shops

NOT_KNOWN = 3
"""The exit status when it is not known whether the refund was made."""


def refund(
    order: Annotated[str, typer.Argument(help="The order's id: order_…")],
    amount: Annotated[
        str | None, typer.Argument(help="How much, in the order's currency: 12.50. All that is left unless given.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="For Stripe's records: duplicate, fraudulent or requested_by_customer.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Names what you intend: under one key an order is refunded once, for ever.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before money moves.")] = False,
) -> None:
    """Refund an order in whole or in part.

    Exit status: 0, the refund shows on the order; 1, nothing was refunded, and the sentence says why; 2, the command was
    not understood; 3, it is not known yet: repeat the command that is printed.
    """
    from checkout_core import Settings
    from checkout_core.bootstrap import open_shops
    from checkout_core.config import logging as logs
    from checkout_core.domain.errors import RefundInProgress, RefundUnconfirmed
    from checkout_core.domain.money import format_amount
    from checkout_core.domain.refunding import require_refundable, valid_reason

    why = valid_reason(reason)
    settings = Settings.load()
    if settings.log_format:
        logs.configure(settings)
    with open_shops(settings) as shops:
        checkout, before = _find(shops, order)
        minor_units = _minor_units(amount, before)
        if key is None:
            require_refundable(before, minor_units)
        asked = before.amount_refundable if minor_units is None else minor_units
        _say(f"{before.id}: {before.total}, {before.status.value}, {before.email or 'without an e-mail address'}.")
        if before.amount_refunded:
            _say(f"{format_amount(before.amount_refunded, before.currency)} of it refunded already.")
        if not yes and not typer.confirm(f"Refund {format_amount(asked, before.currency)}?"):
            fail("Nothing was refunded.")
        intention = key or str(uuid4())
        try:
            after = checkout.refund(before.id, minor_units, reason=why, idempotency_key=intention)
        except (RefundUnconfirmed, RefundInProgress) as error:
            _not_known(error.message, before, amount, reason, intention)
    grown = after.amount_refunded - before.amount_refunded
    if grown > 0:
        _say(f"{format_amount(grown, after.currency)} refunded. The order is {after.status.value}.")
    elif after.amount_refunded and key is not None:
        _say(f"Nothing more was refunded: this key was used before. The order is {after.status.value}.")
    else:
        said = "Stripe took the refund, and it does not show on the order yet."
        _not_known(said, before, amount, reason, intention)


def _find(shops: "Shops", order_id: str) -> "tuple[Checkout, Order]":
    found = [(checkout, order) for checkout in shops if (order := checkout.store.get_by_id(order_id)) is not None]
    return found[0] if found else fail(f"There is no order {order_id}.")


def _minor_units(text: str | None, order: "Order") -> int | None:
    """Return an amount that was typed, in minor units of the order's currency. Ends the command when it is none."""
    from checkout_core.domain.money import exponent

    if text is None:
        return None
    digits, currency = exponent(order.currency), order.currency.upper()
    try:
        typed = Decimal(text)
    except InvalidOperation:
        typed = Decimal("NaN")
    if not typed.is_finite() or typed <= 0 or typed.adjusted() > 15:
        raise typer.BadParameter(f"give an amount such as {Decimal(1250).scaleb(-digits)}", param_hint="AMOUNT")
    exact = typed.scaleb(digits)
    if exact != exact.to_integral_value():
        decimals = f"at most {digits} decimals" if digits else "no decimals"
        raise typer.BadParameter(f"an amount in {currency} has {decimals}", param_hint="AMOUNT")
    return int(exact)


def _not_known(sentence: str, order: "Order", amount: str | None, reason: str | None, key: str) -> NoReturn:
    """Say that it is not known, print the command that asks again for the same refund, and exit."""
    again = ["checkout refund", order.id, *([amount] if amount else []), *(["--reason", reason] if reason else [])]
    errors = Console(stderr=True)
    errors.print(sentence, style="yellow", highlight=False, markup=False)
    errors.print(f"Ask again with: {' '.join(again)} --key {key}", highlight=False, markup=False, soft_wrap=True)
    sys.exit(NOT_KNOWN)


def _say(sentence: str) -> None:
    console.print(sentence, highlight=False, markup=False)
