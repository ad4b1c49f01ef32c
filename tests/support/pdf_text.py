"""The text of a PDF that fpdf2 has made, a line for each height on the page."""

import re
import zlib
from collections import defaultdict

from checkout_core.domain.orders import Order
from checkout_core.receipts.pdf import receipt_pdf

_STREAM = re.compile(rb"stream\n(.*?)\nendstream", re.DOTALL)
_MAPPED = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>")
_OPERATION = re.compile(rb"/F(\d+) [\d.]+ Tf|BT ([\d.]+) ([\d.]+) Td|\(((?:\\.|[^\\)])*)\) Tj", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def text_of_receipt(order: Order) -> str:
    """Return the text of an order's receipt."""
    return text_of_pdf(receipt_pdf(order, shop_name="The Lantern"))


def text_of_pdf(pdf: bytes) -> str:
    """Return the text: each font says which character a glyph is (PDF 32000-1, 9.10.3), pages hold glyphs."""
    streams = _STREAM.findall(pdf)
    fonts = [_characters(stream) for stream in streams if b"begincmap" in stream]
    lines: list[str] = []
    for stream in streams:
        content = zlib.decompress(stream) if stream.startswith(b"x") else stream
        if b" Tj" in content and b" Tf" in content:
            lines += _lines(content, fonts)
    return "\n".join(lines)


def _characters(stream: bytes) -> dict[int, str]:
    mapped = _MAPPED.findall(stream.partition(b"endcodespacerange")[2])
    return {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in mapped}


def _lines(content: bytes, fonts: list[dict[int, str]]) -> list[str]:
    found: dict[float, list[tuple[float, str]]] = defaultdict(list)
    font, x, y = 0, 0.0, 0.0
    for number, across, up, string in _OPERATION.findall(content):
        if number:
            font = int(number) - 1
        elif across:
            x, y = float(across), float(up)
        else:
            glyphs = _ESCAPED.sub(lambda match: {b"r": b"\r", b"n": b"\n"}.get(match[1], match[1]), string)
            codes = (int.from_bytes(glyphs[at : at + 2]) for at in range(0, len(glyphs), 2))
            found[-y].append((x, "".join(fonts[font].get(code, "") for code in codes)))
    return [" ".join(text for _, text in sorted(found[height])) for height in sorted(found)]
