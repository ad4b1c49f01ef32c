"""Pieces of HTML. Every text goes through `escape`, so a catalogue or a shopper can put no markup on a page."""

import base64
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from pathlib import Path

from checkout_core.domain.orders import OrderItem
from checkout_core.domain.products import Catalog, Product, Welcome

from .money import amount

_MARKDOWN = {ord(sign): f"\\{sign}" for sign in "\\`*_{}[]()#+-.!|~<>$:"}
FEW = 6
"""From this many on a product says how many are left."""

_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def label(text: str) -> str:
    """A text for a widget's label, which Streamlit reads as Markdown: it stays the text that it is."""
    return text.translate(_MARKDOWN)


def look(accent: str | None, accent_dark: str | None) -> str:
    """A shop's own accent over the theme's; empty when it has none."""
    if accent is None and accent_dark is None:
        return ""
    light, dark = escape(accent or accent_dark or ""), escape(accent_dark or accent or "")
    colour = f"light-dark({light}, {dark})"
    return (
        f"<style>.stApp, .stDialog {{ --amber: {colour}; --glow: {colour}; --plum: {light}; --curtain: {light}; }}"
        f'button[kind^="primary"] {{ background: {colour} !important; border-color: {colour} !important; }}'
        f".stApp .no-picture {{ background: {light}; }}"
        f'.stApp button[kind="pillsActive"] {{ border-color: {colour}; color: {colour}; background: transparent; }}</style>'
    )


def marquee(welcome: Welcome) -> str:
    """What the first page begins with."""
    over = f'<p class="over">{escape(welcome.over)}</p>' if welcome.over else ""
    text = f"<p>{escape(welcome.text)}</p>" if welcome.text else ""
    return f'<header class="marquee">{over}<h1>{escape(welcome.headline)}</h1>{text}</header>'


def picture(product: Product, catalog: Catalog) -> str:
    """The product's picture as an `img`, or its initial where there is none."""
    source = _data_url(catalog.folder / "images" / Path(product.image).name) if product.image else None
    if source is None:
        return f'<div class="no-picture" aria-hidden="true">{escape(product.name[:1])}</div>'
    return f'<img src="{source}" alt="" loading="lazy">'


def card(product: Product, catalog: Catalog, in_cart: int) -> str:
    """A product in the grid."""
    detail = f'<p class="detail">{escape(product.detail)}</p>' if product.detail else ""
    return (
        f'<article class="card{" sold-out" if product.most == 0 else ""}">'
        f'<div class="frame">{picture(product, catalog)}{_badge(product, in_cart)}</div>{detail}'
        f'<h3 class="name">{escape(product.name)}</h3><p class="text">{escape(product.description)}</p>'
        f'<p class="price">{escape(amount(product.unit_amount, product.currency))}</p></article>'
    )


def _badge(product: Product, in_cart: int) -> str:
    if product.most == 0:
        return '<span class="badge">Sold out</span>'
    if in_cart:
        return f'<span class="badge mine">{in_cart} in your cart</span>'
    few = product.left is not None and product.left <= FEW
    return f'<span class="badge few">Only {product.left} left</span>' if few else ""


def cart_line(item: OrderItem, product: Product, catalog: Catalog) -> str:
    """A product in the cart."""
    each = escape(amount(product.unit_amount, product.currency)) + (" each" if item.quantity > 1 else "")
    detail = f"{escape(product.detail)} · " if product.detail else ""
    return (
        f'<div class="line"><div class="thumb">{picture(product, catalog)}</div>'
        f'<div><p class="name">{escape(product.name)}</p><p class="text">{detail}{each}</p></div></div>'
    )


def receipt(items: Iterable[OrderItem], total: int, currency: str, title: str = "Your order", refunded: int = 0) -> str:
    """Items and total, as on a till slip; `refunded` is what was given back of it."""
    rows = "".join(
        f"<tr><td>{item.quantity} × {escape(item.name)}</td><td>{escape(amount(item.amount_total, currency))}</td></tr>"
        for item in items
    )
    sums = [("Total", total)]
    if refunded:
        sums += [("Refunded", -refunded), ("You paid in the end", total - refunded)]
    foot = "".join(f"<tr><td>{name}</td><td>{escape(amount(value, currency))}</td></tr>" for name, value in sums)
    return (
        f'<section class="receipt"><h2>{escape(title)}</h2>'
        f"<table><tbody>{rows}</tbody><tfoot>{foot}</tfoot></table></section>"
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
