"""What a shopper chooses on the page of a session before paying: a code, shipping, quantities, optional items, addresses."""

from collections.abc import Callable

from ...errors import invalid
from ...records import SessionRecord
from ...state import Account, State
from ...wire import JSON
from .discounts import find_discount
from .lines import build_line, require_adjustable, with_quantity
from .pricing import Pricing, require_open


class ShopperChoices:
    """Changes sessions as their shoppers choose.

    Args:
        state: where sessions are stored.
        pricing: what prices them anew.
        now: the simulated time, in seconds since the epoch.
    """

    def __init__(self, state: State, pricing: Pricing, now: Callable[[], float]) -> None:
        self._state = state
        self._pricing = pricing
        self._now = now

    def apply_code(self, account: Account, record: SessionRecord, code: str | None) -> None:
        """Redeem the promotion code that the shopper entered.

        Args:
            account: whose session it is.
            record: the session.
            code: what was typed; None takes the discount away.

        Raises:
            StripeError: the session takes no codes, or this one cannot be redeemed.
        """
        session = record.session
        require_open(record)
        if not session["allow_promotion_codes"]:
            raise invalid("This Checkout Session does not take promotion codes: create it with allow_promotion_codes.")
        discounts = [] if code is None else find_discount(account, code, session, int(self._now()))
        self._pricing.reprice(account, record, discounts=discounts)

    def choose_shipping(self, account: Account, record: SessionRecord, rate_id: str) -> None:
        """Choose one of the session's shipping options.

        Args:
            account: whose session it is.
            record: the session.
            rate_id: the shipping rate of the option.

        Raises:
            StripeError: the session is not open, or does not offer this rate.
        """
        require_open(record)
        if rate_id not in {rate["id"] for rate in record.rates}:
            raise invalid(f"No such shipping option: '{rate_id}'", "shipping_rate", "resource_missing")
        self._pricing.reprice(account, record, rate_id=rate_id)

    def change_quantity(self, account: Account, record: SessionRecord, line_id: str, quantity: int) -> None:
        """Order another quantity of a line; none at all takes an optional one away.

        Args:
            account: whose session it is.
            record: the session.
            line_id: the line.
            quantity: how many pieces.

        Raises:
            StripeError: the session is not open, there is no such line, or its quantity cannot be changed like this.
        """
        require_open(record)
        line = _find_line(record, line_id)
        if quantity == 0 and line_id in record.optional_lines:
            self.remove_item(account, record, line_id)
            return
        require_adjustable(line, quantity)
        changed = with_quantity(line, quantity)
        lines = [
            (changed if one["id"] == line_id else with_quantity(one, one["quantity"]), product)
            for one, product in _pairs(record)
        ]
        self._pricing.reprice(account, record, lines=lines)

    def add_item(self, account: Account, record: SessionRecord, price_id: str) -> None:
        """Add an optional item.

        Args:
            account: whose session it is.
            record: the session.
            price_id: the price of the item.

        Raises:
            StripeError: the session is not open, or offers no such item, or it was added already.
        """
        require_open(record)
        offered = {item["price"]: item for item in record.session.get("optional_items", [])}
        if price_id not in offered:
            raise invalid(f"No such optional item: '{price_id}'", "optional_item", "resource_missing")
        if price_id in record.optional_lines.values():
            raise invalid("This optional item was added already.", "optional_item")
        item, price = offered[price_id], account.tables["prices"][price_id]
        product = account.tables["products"][price["product"]]
        line = build_line(price, product, item["quantity"], [], adjustable=item["adjustable_quantity"])
        self._pricing.reprice(account, record, lines=[*_pairs(record), (line, product)])
        record.optional_lines = {**record.optional_lines, line["id"]: price_id}
        self._state.put_session(account, record)

    def remove_item(self, account: Account, record: SessionRecord, line_id: str) -> None:
        """Take an optional item away that was added.

        Args:
            account: whose session it is.
            record: the session.
            line_id: its line.

        Raises:
            StripeError: the session is not open, or this line is no optional item.
        """
        require_open(record)
        _find_line(record, line_id)
        if line_id not in record.optional_lines:
            raise invalid("This line item is not optional.", "line_item")
        lines = [
            (with_quantity(line, line["quantity"]), product)
            for line, product in _pairs(record)
            if line["id"] != line_id
        ]
        self._pricing.reprice(account, record, lines=lines)
        record.optional_lines = {id: price for id, price in record.optional_lines.items() if id != line_id}
        self._state.put_session(account, record)

    def type(self, account: Account, record: SessionRecord, **typed: JSON | None) -> None:
        """Remember what the shopper typed before paying; tax that depends on it is computed anew.

        Args:
            account: whose session it is.
            record: the session.
            typed: `address`, `shipping` (`name` and `address`) or `tax_id`; None takes it away again.

        Raises:
            StripeError: the session is not open, or does not let the page change its shipping details.
        """
        require_open(record)
        permissions = record.session["permissions"] or {}
        if "shipping" in typed and permissions.get("update_shipping_details") == "server_only":
            raise invalid(
                "Only the server may update the shipping details of this Checkout Session.", "shipping_address"
            )
        if "tax_id" in typed and not record.session.get("tax_id_collection", {}).get("enabled"):
            raise invalid("This Checkout Session does not collect tax ids.", "tax_id")
        record.typed = {name: one for name, one in {**record.typed, **typed}.items() if one is not None}
        self._pricing.reprice(account, record)


def _pairs(record: SessionRecord) -> list[tuple[JSON, JSON]]:
    return list(zip(record.lines, record.products, strict=True))


def _find_line(record: SessionRecord, id: str) -> JSON:
    for line in record.lines:
        if line["id"] == id:
            return line
    raise invalid(f"No such line item: '{id}'", "line_item", "resource_missing")
