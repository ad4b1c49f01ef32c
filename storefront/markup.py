"""Pieces of HTML that several pages show."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from markupsafe import Markup

from checkout_core.config.settings import Settings, is_web_address
from checkout_core.domain.breakdown import AmountRow, Breakdown, line_label
from checkout_core.domain.products import Catalog, PricedItem, Product, Welcome

from .money import locale
from .rendering import line, render

_MARKDOWN = {ord(sign): f"\\{sign}" for sign in "\\`*_{}[]()#+-.!|~<>$:"}
FEW = 6
"""From this many on a product says how many are left."""

_PLAIN = " !$()*+,-./:;=?@_~"
"""Signs of a drawing that a `data:` address and an attribute of HTML hold as they are."""
_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def label(text: str) -> str:
    """Return a text for a widget's label, which Streamlit reads as Markdown: it stays the text that it is."""
    return text.translate(_MARKDOWN)


def accent_style(accent: str | None, accent_dark: str | None) -> str:
    """Return a shop's own accent over the theme's; empty when it has none."""
    if accent is None and accent_dark is None:
        return ""
    light, dark = accent or accent_dark, accent_dark or accent
    return render("accent.html", light=light, colour=f"light-dark({light}, {dark})")


def marquee(welcome: Welcome) -> str:
    """Return what the first page begins with."""
    return render("marquee.html", welcome=welcome)


def picture(product: Product, catalog: Catalog) -> Markup:
    """Return the product's picture as an `img`, or its initial where there is none."""
    source = _data_url(catalog.folder / "images" / Path(product.image).name) if product.image else None
    return render("picture.html", product=product, source=source)


def card(product: Product, catalog: Catalog, in_cart: int, left: int | None = None) -> str:
    """Return a product in the grid.

    Args:
        product: of the catalogue.
        catalog: knows where its picture is.
        in_cart: how many this visitor has put aside.
        left: how many can still be bought; what the catalogue says unless given.
    """
    left = product.capacity if left is None else left
    sold_out = product.limit == 0 or (left == 0 and not in_cart)
    return render(
        "card.html",
        product=product,
        picture=picture(product, catalog),
        in_cart=in_cart,
        sold_out=sold_out,
        left=few(left),
    )


def few(left: int | None) -> int | None:
    """Return how many are left where that is worth saying."""
    return left if left is not None and left <= FEW else None


def cart_line(product: Product, catalog: Catalog, quantity: int, left: int | None = None) -> str:
    """Return a product in the cart.

    Args:
        product: of the catalogue.
        catalog: knows where its picture is.
        quantity: how many are in the cart.
        left: how many this visitor can have; None: any number.
    """
    return render(
        "cart_line.html", product=product, picture=picture(product, catalog), quantity=quantity, left=few(left)
    )


def receipt(breakdown: Breakdown, title: str = "Your order", note: str = "") -> str:
    """Return lines and sums, as on a till slip.

    Args:
        breakdown: the rows.
        title: the heading.
        note: what stands below, such as what was paid with.
    """
    return render("receipt.html", breakdown=breakdown, tax_note=breakdown.tax_note(locale()), title=title, note=note)


def cart_breakdown(items: Sequence[PricedItem]) -> Breakdown:
    """Return the lines of a cart, all of one currency, and what they cost together."""
    lines = tuple(AmountRow(line_label(item), item.amount_total) for item in items)
    return Breakdown(items[0].currency, lines, sum(row.amount for row in lines))


def terms(settings: Settings) -> str:
    """Return who sells, and the terms, for a place beside the pay button; empty where nothing is set."""
    return render("terms.html", settings=settings) if _says_something(settings) else ""


def footer(settings: Settings) -> str:
    """Return the foot of every page; empty where nothing is set."""
    return (
        render("footer.html", settings=settings, contact=contact_address(settings.contact))
        if _says_something(settings)
        else ""
    )


def contact_address(contact: str | None) -> str | None:
    """Return where a link to a contact leads: an e-mail address, a page or a telephone; None for any other text."""
    if contact is None or is_web_address(contact):
        return contact
    if re.fullmatch(r"[^\s@]+@[^\s@]+", contact):
        return f"mailto:{contact}"
    digits = re.sub(r"[\s()./-]", "", contact)
    return f"tel:{digits}" if re.fullmatch(r"\+?\d{6,15}", digits) else None


def _says_something(settings: Settings) -> bool:
    return bool(
        settings.seller or settings.contact or settings.terms_url or settings.privacy_url or settings.refund_terms
    )


def notice(title: str, text: str, tone: str = "plain", mark: str = "", *, level: int = 1) -> str:
    """Return a page's one message.

    Args:
        title: the page's heading.
        text: one or two sentences.
        tone: `good`, `wait`, `bad` or `plain`.
        mark: a sign beside it.
        level: of its heading; 2 on a page that has a heading of its own, which keeps its place and the focus.
    """
    return render("notice.html", title=title, text=text, tone=tone, mark=mark, level=level)


def facts(pairs: Iterable[tuple[str, str | None]]) -> str:
    """Return names and values; a pair without a value is left out."""
    return render("facts.html", facts=[(name, value) for name, value in pairs if value])


def show_way_back(view: str, label: str, query: Mapping[str, str] | None = None) -> None:
    """Show a link back to a page. Its arrow is the style sheet's: Streamlit's own is a word until a font has come.

    Args:
        view: the file of the page.
        label: what the link says.
        query: of the page's address.
    """
    with st.container(key="way-back", width="content"):
        st.page_link(view, label=label, query_params=dict(query or {}))


def problem(text: str) -> str:
    """Return an error beside the field or button that it concerns."""
    return line('<p class="problem" role="alert">{}</p>', text)


@lru_cache(maxsize=256)
def _data_url(path: Path) -> Markup | None:
    kind = _TYPES.get(path.suffix.lower())
    try:
        content = path.read_bytes() if kind else b""
    except OSError:
        return None
    # A drawing stays text, which the connection compresses to less than base64.
    text = (
        f",{quote(content, safe=_PLAIN)}" if path.suffix.lower() == ".svg" else f";base64,{b64encode(content).decode()}"
    )
    # Not escaped again and again: what would have to be is not in it.
    return Markup(f"data:{kind}{text}") if kind else None  # noqa: S704
