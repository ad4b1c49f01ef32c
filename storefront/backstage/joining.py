"""The way for a phone to join a stage: a QR code of the shop's address with the stage's token."""

from urllib.parse import urlsplit

import segno
import streamlit as st

from checkout_core import Checkout
from checkout_core.config.addresses import leads_to_loopback
from storefront.rendering import render

from .stage import Stage

_MODULE_PIXELS = 6


def address(checkout: Checkout, stage: Stage) -> str:
    """Return where a phone joins: at the address at which this browser has the shop, or else the public one."""
    asked: object = st.context.url
    base = asked if isinstance(asked, str) and asked.startswith("http") else checkout.settings.public_url
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}/?stage={stage.token}"


def show(checkout: Checkout, stage: Stage) -> None:
    """Show the code, the address in words, and how many have joined."""
    url = address(checkout, stage)
    code = segno.make(url, error="m").svg_data_uri(scale=_MODULE_PIXELS, border=3, dark="#000", light="#fff")
    is_local = leads_to_loopback(url)
    st.html(render("backstage/join.html", code=code, url=url, is_local=is_local, joined=len(stage.guests)))
