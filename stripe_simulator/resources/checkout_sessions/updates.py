"""The parameters of `POST /v1/checkout/sessions/{id}`: what may be changed of an open session."""

from dataclasses import dataclass

from ...errors import invalid
from ...http.params import Params
from ...http.shapes import ADDRESS, Choice, Fields, Metadata, Text, filled, take_given
from ...records import SessionRecord
from ...state import Account
from ...wire import JSON, Session
from .lines import build_line_item, shown_bounds, tax_rates_of, with_quantity
from .nested_params import LineItemParams, ShippingOptionParams
from .option_rules import check_quantities
from .parameters import MAX_QUANTITY, QUANTITIES
from .params import MAX_LINE_ITEMS

SHIPPING_DETAILS = Fields({"address": Fields(ADDRESS.table, ("country", "line1")), "name": Text()}, ("address", "name"))
COLLECTED = Fields({"shipping_details": SHIPPING_DETAILS})
PAYMENT_DATA = Fields(
    {
        "description": Text(1000, unset=True),
        "metadata": Metadata(),
        "setup_future_usage": Choice(("off_session", "on_session"), unset=True),
        "statement_descriptor": Text(22, unset=True),
        "statement_descriptor_suffix": Text(22, unset=True),
    }
)


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line that stays, with what changes of it: None keeps it as it is."""

    id: str
    quantity: int | None
    adjustable_quantity: JSON | None
    metadata: dict[str, str] | None
    tax_rates: list[str] | None
    path: str


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    """What was asked to change; None keeps it as it is."""

    metadata: dict[str, str]
    line_items: "list[ChangedLine | LineItemParams] | None"
    shipping_options: list[ShippingOptionParams] | None
    shipping_details: JSON | None
    payment_data: JSON | None

    @classmethod
    def parse(cls, params: Params, session: Session) -> "SessionUpdate":
        """Read a form.

        Args:
            params: the form.
            session: the session that it is about.

        Raises:
            StripeError: a parameter is wrong, unknown, or cannot be changed any more.
        """
        for name in ("line_items", "shipping_options", "collected_information", "payment_intent_data"):
            if name in params and session["status"] != "open":
                raise invalid(f"Only open Checkout Sessions can have their {name.replace('_', ' ')} updated.", name)
        _check_page(params, session)
        given = take_given(params, {"collected_information": COLLECTED, "payment_intent_data": PAYMENT_DATA})
        details = (given.get("collected_information") or {}).get("shipping_details")
        lines = params.items("line_items") if "line_items" in params else None
        options = None
        if "shipping_options" in params:
            options = ShippingOptionParams.parse_list(params, unset=True)
        made = cls(
            metadata=params.metadata(before=session["metadata"]),
            line_items=None if lines is None else [_take_line(line) for line in lines],
            shipping_options=options,
            shipping_details=details
            and {"address": filled(details["address"], ADDRESS.table), "name": details["name"]},
            payment_data=given.get("payment_intent_data"),
        )
        params.finish()
        if made.line_items is not None and not 0 < len(made.line_items) <= MAX_LINE_ITEMS:
            raise invalid(f"A session has from 1 to {MAX_LINE_ITEMS} line items.", "line_items")
        return made


def _check_page(params: Params, session: Session) -> None:
    """Raise when something is to change that the page of the session does not allow."""
    if session["ui_mode"] == "hosted_page" and "collected_information" in params:
        message = "`collected_information` can only be set when updating `embedded_page` or `elements` sessions."
        raise invalid(message, "collected_information")
    if session["ui_mode"] != "elements" and "payment_intent_data" in params:
        message = "`payment_intent_data` can only be updated when `ui_mode` is `elements`."
        raise invalid(message, "payment_intent_data")
    if session["mode"] != "payment" and "payment_intent_data" in params:
        raise invalid(f"You can not pass `payment_intent_data` in `{session['mode']}` mode.", "payment_intent_data")


def _take_line(params: Params) -> ChangedLine | LineItemParams:
    id = params.text("id")
    if id is None:
        return LineItemParams.parse(params)
    made = ChangedLine(
        id,
        quantity=params.integer("quantity", 0, MAX_QUANTITY),
        adjustable_quantity=QUANTITIES.take(params, "adjustable_quantity"),
        metadata=params.metadata() if "metadata" in params else None,
        tax_rates=params.texts("tax_rates", unset=True) if "tax_rates" in params else None,
        path=params.path,
    )
    params.finish(("price", "price_data"))
    return made


def updated_lines(
    account: Account, record: SessionRecord, given: list[ChangedLine | LineItemParams], now: int
) -> list[tuple[JSON, JSON]]:
    """Return the lines of a session after an update, each with its product; what is not named is gone.

    Args:
        account: where prices, products and tax rates are.
        record: the session.
        given: what was asked for.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: a line, a price or a tax rate does not exist, or a line has another currency or another mode.
    """
    before = {line["id"]: (line, product) for line, product in zip(record.lines, record.products, strict=True)}
    after = [
        _changed(account, before, one) if isinstance(one, ChangedLine) else build_line_item(account, one, now)
        for one in given
    ]
    for index, (line, _) in enumerate(after):
        if line["currency"] != record.session["currency"]:
            raise invalid("All line items of a session must have the same currency.", f"line_items[{index}]")
        if line["price"]["type"] == "recurring" and record.session["mode"] == "payment":
            message = "You specified `payment` mode but passed a recurring price."
            raise invalid(message, f"line_items[{index}][price]")
    return after


def _changed(account: Account, before: dict[str, tuple[JSON, JSON]], given: ChangedLine) -> tuple[JSON, JSON]:
    if given.id not in before:
        raise invalid(f"No such line item: '{given.id}'", f"{given.path}[id]", "resource_missing")
    line, product = before[given.id]
    line = dict(line)
    quantity = line["quantity"] if given.quantity is None else given.quantity
    if given.adjustable_quantity is not None:
        check_quantities(given.adjustable_quantity, quantity, given.path)
        line["adjustable_quantity"] = shown_bounds(given.adjustable_quantity)
    if given.metadata is not None:
        line["metadata"] = given.metadata
    rates = None if given.tax_rates is None else tax_rates_of(account, given.tax_rates, given.path)
    return with_quantity(line, quantity, rates), product
