"""QR codes of tickets (https://www.iso.org/standard/83389.html), for pages, messages and PDFs."""

from collections.abc import Sequence
from io import BytesIO

import segno

_INK, _PAPER = "#1a0f20", "#ffffff"
_QUIET = 4
"""Modules of paper around a code, which scanners need."""


def qr_svg_url(text: str) -> str:
    """Return a QR code as an address that an `img` shows: sharp at any size."""
    return _code(text).svg_data_uri(
        border=_QUIET, dark=_INK, light=_PAPER, omitsize=True, svgclass=None, lineclass=None
    )


def qr_png(text: str) -> bytes:
    """Return a QR code as PNG: mail programs show no SVG."""
    file = BytesIO()
    _code(text).save(file, kind="png", scale=8, border=_QUIET, dark=_INK, light=_PAPER)
    return file.getvalue()


def qr_modules(text: str) -> Sequence[Sequence[bool]]:
    """Return the rows of a QR code without paper around it; True is ink."""
    return [[bool(module) for module in row] for row in _code(text).matrix]


def _code(text: str) -> segno.QRCode:
    """Medium error correction: a scratched screen and a folded sheet can still be read."""
    return segno.make_qr(text, error="m")
