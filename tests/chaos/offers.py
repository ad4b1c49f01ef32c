"""What applications and other programs on the account sell by sessions that they make themselves."""

from dataclasses import dataclass

from .expected import OUR_MARK
from .simulated_stripe import SimulatedStripe

EXTRAS = (
    "a code",
    "a code for everything",
    "shipping",
    "added tax",
    "included tax",
    "parts of a cent",
    "everything at once",
)
"""What the total of an application's own session may depend on."""

CODES = {"a code": "HALF", "a code for everything": "ALL", "everything at once": "HALF"}
"""The promotion codes that shoppers enter at Stripe."""

STRANGERS = (
    "nobody's mark",
    "nobody's mark",
    "another shop's mark",
    "another installation's mark",
    "our mark in setup",
    "our mark in a subscription",
)
"""Sessions that are none of our business."""

_MARKS = {
    "nobody's mark": {"site": "yoga"},
    "another shop's mark": OUR_MARK | {"checkout_shop": "books"},
    "another installation's mark": OUR_MARK | {"checkout_installation": "staging.test"},
}
_PRICE = "line_items[0][price_data]"
_LINE = {f"{_PRICE}[currency]": "eur", f"{_PRICE}[product_data][name]": "Seat"}


@dataclass(frozen=True, slots=True)
class Offers:
    """Shipping rates and tax rates of the account, by their ids."""

    rates: tuple[str, ...]
    added_tax: str
    included_tax: str

    @classmethod
    def make(cls, stripe: SimulatedStripe) -> "Offers":
        """Make them in the account."""

        def made(path: str, form: dict[str, str]) -> str:
            return str(stripe.dashboard(f"/v1/{path}", form).raise_for_status().json()["id"])

        for code, percent in (("HALF", "50"), ("ALL", "100")):
            coupon = made("coupons", {"percent_off": percent, "duration": "once"})
            made("promotion_codes", {"code": code, "promotion[type]": "coupon", "promotion[coupon]": coupon})
        post = {"display_name": "Post", "type": "fixed_amount", "fixed_amount[currency]": "eur"}
        tax = {"display_name": "VAT", "percentage": "19"}
        return cls(
            rates=tuple(made("shipping_rates", post | {"fixed_amount[amount]": cents}) for cents in ("500", "1900")),
            added_tax=made("tax_rates", tax | {"inclusive": "false"}),
            included_tax=made("tax_rates", tax | {"inclusive": "true"}),
        )

    def of_our_application(self, extras: str, *, marked: bool) -> dict[str, str]:
        """Return the form of a session that our application makes; with our mark, or claimed by step 2 later."""
        form = _LINE | {"line_items[0][quantity]": "3", f"{_PRICE}[unit_amount]": "775", "metadata[seat]": "B7"}
        everything = extras == "everything at once"
        if extras == "parts of a cent":
            del form[f"{_PRICE}[unit_amount]"]
            form[f"{_PRICE}[unit_amount_decimal]"] = "33.333"
        if extras in CODES:
            form["allow_promotion_codes"] = "true"
        if everything or extras == "shipping":
            form |= {f"shipping_options[{number}][shipping_rate]": rate for number, rate in enumerate(self.rates)}
        if everything or extras.endswith("tax"):
            form["line_items[0][tax_rates][0]"] = self.included_tax if extras == "included tax" else self.added_tax
        form |= {"mode": "payment", "ui_mode": "elements", "return_url": "http://shop.test"}
        return form | _metadata(OUR_MARK if marked else {})

    def of_a_stranger(self, kind: str) -> dict[str, str]:
        """Return the form of a session of one of `STRANGERS`."""
        form = {"mode": "payment", "ui_mode": "elements", "return_url": "http://yoga.test"}
        form |= _metadata(_MARKS.get(kind, OUR_MARK))
        if kind == "our mark in setup":
            return form | {"mode": "setup", "currency": "eur"}
        form |= _LINE | {"line_items[0][quantity]": "1", f"{_PRICE}[unit_amount]": "4900"}
        if kind == "our mark in a subscription":
            form |= {"mode": "subscription", f"{_PRICE}[recurring][interval]": "month"}
        return form


def _metadata(metadata: dict[str, str]) -> dict[str, str]:
    return {f"metadata[{key}]": value for key, value in metadata.items()}
