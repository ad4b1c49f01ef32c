"""Pieces of HTML. Every text goes through `escape`, so a catalogue or a shopper can put no markup on a page."""

import base64
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from pathlib import Path

from checkout_core.catalog import Catalog, Product
from checkout_core.money import format_amount
from checkout_core.orders import OrderItem

_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def picture(product: Product, catalog: Catalog) -> str:
    """The product's picture as an `img`, or its initial where there is none."""
    source = _data_url(catalog.folder / "images" / Path(product.image).name) if product.image else None
    if source is None:
        return f'<div class="no-picture" aria-hidden="true">{escape(product.name[:1])}</div>'
    return f'<img src="{source}" alt="" loading="lazy">'


def card(product: Product, catalog: Catalog, in_cart: int) -> str:
    """A product in the grid."""
    badge = _badge(product, in_cart)
    detail = f'<p class="detail">{escape(product.detail)}</p>' if product.detail else ""
    return (
        f'<article class="card{" sold-out" if product.sold_out else ""}">'
        f'<div class="frame">{picture(product, catalog)}{badge}</div>{detail}'
        f'<h3 class="name">{escape(product.name)}</h3><p class="text">{escape(product.description)}</p>'
        f'<p class="price">{escape(product.price)}</p></article>'
    )


def _badge(product: Product, in_cart: int) -> str:
    if product.sold_out:
        return '<span class="badge">Sold out</span>'
    return f'<span class="badge mine">{in_cart} in your cart</span>' if in_cart else ""


def cart_line(item: OrderItem, product: Product, catalog: Catalog) -> str:
    """A product in the cart."""
    each = escape(product.price) + (" each" if item.quantity > 1 else "")
    detail = f"{escape(product.detail)} · " if product.detail else ""
    return (
        f'<div class="line"><div class="thumb">{picture(product, catalog)}</div>'
        f'<div><p class="name">{escape(product.name)}</p><p class="text">{detail}{each}</p></div></div>'
    )


def receipt(items: Iterable[OrderItem], total: int, currency: str, title: str = "Your order") -> str:
    """Items and total, as on a till slip."""
    rows = "".join(
        f"<tr><td>{item.quantity} × {escape(item.name)}</td>"
        f"<td>{escape(format_amount(item.amount_total, currency))}</td></tr>"
        for item in items
    )
    return (
        f'<section class="receipt"><h2>{escape(title)}</h2><table><tbody>{rows}</tbody>'
        f"<tfoot><tr><td>Total</td><td>{escape(format_amount(total, currency))}</td></tr></tfoot></table></section>"
    )


def notice(title: str, text: str, tone: str = "plain", mark: str = "") -> str:
    """A page's one message: `tone` is `good`, `wait`, `bad` or `plain`."""
    sign = f'<div class="mark" aria-hidden="true">{escape(mark)}</div>' if mark else ""
    role = "alert" if tone == "bad" else "status"
    return (
        f'<section class="notice {escape(tone)}" role="{role}">{sign}'
        f"<div><h1>{escape(title)}</h1><p>{escape(text)}</p></div></section>"
    )


def facts(pairs: Iterable[tuple[str, str | None]]) -> str:
    """Names and values; a pair without a value is left out."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs if value)
    return f'<dl class="facts">{rows}</dl>'


def problem(text: str) -> str:
    """An error beside the field or button that it concerns."""
    return f'<p class="problem" role="alert">{escape(text)}</p>'


@lru_cache(maxsize=256)
def _data_url(path: Path) -> str | None:
    kind = _TYPES.get(path.suffix.lower())
    try:
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}" if kind else None
    except OSError:
        return None
