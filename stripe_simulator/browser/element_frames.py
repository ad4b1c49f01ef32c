"""The frames of the elements beside the Payment Element: https://docs.stripe.com/js/custom_checkout."""

from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..templating import render


class ElementFrame(NamedTuple):
    """A frame: the kind of element, its title, and the script that runs in it."""

    kind: str
    title: str
    script: str = "small_elements.js"


class TaxIdType(NamedTuple):
    """A type of tax id as the Tax ID Element calls it, as the API calls it, and as a shopper reads it."""

    name: str
    external: str
    label: str


FRAMES = {
    frame.kind: frame
    for frame in (
        ElementFrame("address", "Address", "address_element.js"),
        ElementFrame("contact_details", "Contact details"),
        ElementFrame("currency_selector", "Currency"),
        ElementFrame("express_checkout", "Express checkout", "express_checkout.js"),
        ElementFrame("link_authentication", "Email"),
        ElementFrame("link_signup", "Link"),
        ElementFrame("tax_id", "Tax ID"),
        ElementFrame("terms", "Terms"),
    )
}
EU_COUNTRIES = [
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "ES",
    "FI",
    "FR",
    "GR",
    "HR",
    "HU",
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
]
TAX_ID_TYPES = (
    *(TaxIdType(f"{country.lower()}_vat", "eu_vat", f"{country} VAT") for country in EU_COUNTRIES),
    TaxIdType("gb_vat", "gb_vat", "GB VAT"),
    TaxIdType("ch_vat", "ch_vat", "CH VAT"),
    TaxIdType("no_vat", "no_vat", "NO VAT"),
    TaxIdType("au_abn", "au_abn", "AU ABN"),
    TaxIdType("ca_bn", "ca_bn", "CA BN"),
    TaxIdType("ca_gst_hst", "ca_gst_hst", "CA GST/HST"),
    TaxIdType("in_gst", "in_gst", "IN GST"),
    TaxIdType("mx_rfc", "mx_rfc", "MX RFC"),
    TaxIdType("nz_gst", "nz_gst", "NZ GST"),
    TaxIdType("sg_gst", "sg_gst", "SG GST"),
    TaxIdType("za_vat", "za_vat", "ZA VAT"),
)
"""The types that a shopper can choose: https://docs.stripe.com/tax/checkout/tax-ids#supported-types. Stripe has more."""


async def show(request: Request) -> Response:
    """Answer with the frame of an element."""
    frame = FRAMES.get(request.path_params["kind"])
    if frame is None:
        return Response("Not found", 404)
    return render("element.html", frame=frame, tax_id_types=TAX_ID_TYPES)


def routes() -> list[Route]:
    """Return the routes of all frames."""
    return [Route("/_simulator/{kind}_element", show)]
