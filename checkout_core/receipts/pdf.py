"""A receipt as PDF. The fonts ship with the package, so that any name renders; the same order gives the same bytes."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.dates import format_moment
from ..domain.money import format_amount
from ..domain.orders import Order, OrderStatus
from ..domain.tickets import order_code
from .details import ReceiptDetails, Seller, ShownTicket
from .qr import qr_modules

if TYPE_CHECKING:
    from fpdf import FPDF

_FONTS = Path(__file__).with_name("fonts")
_INK, _SOFT, _RULE = (40, 19, 47), (106, 85, 112), (220, 203, 176)
_MARGIN, _PRICE_WIDTH = 22, 42
_MAX_TEXT = 400
_CODE_WIDTH, _STUB_PADDING, _STUB_HEIGHT = 36, 6, 48


def receipt_pdf(
    order: Order,
    *,
    shop_name: str,
    email: str | None = None,
    locale: str = "en_US",
    details: ReceiptDetails | None = None,
) -> bytes:
    """Draw the receipt of an order with its tickets, one page or more of A4.

    Args:
        order: the order.
        shop_name: whose receipt it is.
        email: shown as it is given: mask it for a public page.
        locale: how amounts, days and hours are written.
        details: who sells, and the tickets; the shop's name alone unless given.
    """
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_creation_date(order.paid_at or order.created_at)
    pdf.set_title(f"Receipt {order.id}")
    pdf.set_author(_shown(shop_name))
    pdf.set_lang("en")
    details = details or ReceiptDetails(Seller(shop_name))
    pdf.set_margins(_MARGIN, _MARGIN)
    pdf.set_auto_page_break(True, _MARGIN)
    breakdown = order.breakdown
    amounts = (*breakdown.lines, *breakdown.sums, *breakdown.refunds)
    prices = [format_amount(row.amount, order.currency, locale) for row in amounts]
    names = (item.name for item in order.items)
    notes = (order.payment_note, breakdown.tax_note(locale))
    paid = format_moment(order.paid_at, locale, details.zone) if order.paid_at else ""
    showings = (each.ticket.showing.words(locale) for each in details.tickets if each.ticket.showing)
    unknown = _with_fonts(
        pdf, " ".join((shop_name, email or "", paid, *names, *prices, *notes, *showings, *details.seller.lines))
    )
    pdf.add_page()
    _head(pdf, shop_name, details)
    for shown in details.tickets:
        _stub(pdf, shown, locale, unknown)
    _facts(pdf, order, email, paid)
    _items(pdf, order, locale, unknown)
    _sums(pdf, order, locale)
    _foot(pdf, details, unknown)
    return bytes(pdf.output())


def _with_fonts(pdf: "FPDF", text: str) -> set[int]:
    """Our font, and of the two large ones that know most other scripts only what `text` needs: they take a second.

    Gives the characters that none of them can draw.
    """
    pdf.add_font("Figtree", fname=_FONTS / "figtree-regular.ttf")
    pdf.add_font("Figtree", style="B", fname=_FONTS / "figtree-bold.ttf")
    missing = {ord(sign) for sign in text if sign.isprintable()} - _known(pdf, "figtree")
    fallbacks = []
    for family, name in (("DejaVu", "dejavu-sans.ttf"), ("Droid", "droid-sans-fallback.ttf")):
        if missing:
            pdf.add_font(family, fname=_FONTS / name)
            fallbacks.append(family)
            missing -= _known(pdf, family.lower())
    pdf.set_fallback_fonts(fallbacks, exact_match=False)
    return missing


def _known(pdf: "FPDF", family: str) -> set[int]:
    """The characters that a font can draw."""
    from fpdf.fonts import TTFFont

    font = pdf.fonts[family]
    return set(font.cmap) if isinstance(font, TTFFont) else set()


def _head(pdf: "FPDF", shop_name: str, details: ReceiptDetails) -> None:
    _line(pdf, _shown(shop_name), size=22, bold=True)
    _line(pdf, "Tickets and receipt" if details.tickets else "Receipt", size=13, color=_SOFT)
    pdf.set_draw_color(*_colour(details.seller.accent))
    pdf.set_line_width(0.8)
    pdf.line(_MARGIN, pdf.get_y() + 3, pdf.w - _MARGIN, pdf.get_y() + 3)
    pdf.set_line_width(0.2)
    pdf.ln(9)


def _stub(pdf: "FPDF", shown: ShownTicket, locale: str, unknown: set[int]) -> None:
    """Draw a ticket: a frame with what it is for at the left, and its QR code at the right."""
    ticket, padding = shown.ticket, _STUB_PADDING
    if pdf.will_page_break(_STUB_HEIGHT + padding):
        pdf.add_page()
    top = pdf.get_y()
    pdf.set_draw_color(*_RULE)
    pdf.rect(_MARGIN, top, pdf.epw, _STUB_HEIGHT, round_corners=True, corner_radius=3)
    tear = pdf.w - _MARGIN - _CODE_WIDTH - 2 * padding
    pdf.set_dash_pattern(dash=1.2, gap=1.2)
    pdf.line(tear, top + 2, tear, top + _STUB_HEIGHT - 2)
    pdf.set_dash_pattern()
    _qr(pdf, shown.qr_text, tear + padding, top + padding)
    width = tear - _MARGIN - 2 * padding
    showing = ticket.showing
    hour = " · ".join(filter(None, (showing.hour(locale), showing.place))) if showing else ""
    rows = (
        (f"Admits {ticket.admits}", 10, False, _SOFT),
        (_drawable(ticket.name, unknown) or ticket.product, 16, True, _INK),
        (showing.day(locale) if showing else "", 11, False, _INK),
        (hour, 13, True, _INK),
        (f"Code {ticket.code}", 11, True, _SOFT),
    )
    pdf.set_xy(_MARGIN + padding, top + padding)
    for text, size, bold, colour in rows:
        if text:
            pdf.set_x(_MARGIN + padding)
            pdf.set_font("Figtree", style="B" if bold else "", size=size)
            pdf.set_text_color(*colour)
            pdf.cell(width, size * 0.58, _fitting(pdf, text, width), new_x="LMARGIN", new_y="NEXT")
    pdf.set_y(top + _STUB_HEIGHT + padding)


def _qr(pdf: "FPDF", text: str, left: float, top: float) -> None:
    """Draw a QR code as squares, which stay sharp on every printer; those side by side are one piece."""
    rows = qr_modules(text)
    size = _CODE_WIDTH / len(rows)
    pdf.set_fill_color(0, 0, 0)
    for line, row in enumerate(rows):
        start: int | None = None
        for column, ink in enumerate([*row, False]):
            if ink and start is None:
                start = column
            elif not ink and start is not None:
                pdf.rect(left + start * size, top + line * size, (column - start) * size, size, style="F")
                start = None


def _fitting(pdf: "FPDF", text: str, width: float) -> str:
    """Return as much of a text as one line holds."""
    shown = _shown(text)
    if pdf.get_string_width(shown) <= width - 2:
        return shown
    while shown and pdf.get_string_width(f"{shown}…") > width - 2:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"


def _facts(pdf: "FPDF", order: Order, email: str | None, paid: str) -> None:
    facts = [
        ("Code", order_code(order.id)),
        ("Order", order.id),
        ("Paid", paid),
        ("E-mail", email or ""),
        ("Status", "Refunded" if order.status is OrderStatus.refunded else ""),
    ]
    for name, value in facts:
        if value:
            pdf.set_font("Figtree", size=10)
            pdf.set_text_color(*_SOFT)
            pdf.cell(26, 6, name)
            pdf.set_text_color(*_INK)
            pdf.multi_cell(0, 6, _shown(value), new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.ln(6)


def _items(pdf: "FPDF", order: Order, locale: str, unknown: set[int]) -> None:
    for item, row in zip(order.items, order.breakdown.lines, strict=True):
        name = _drawable(item.name, unknown)
        # A name of which no letter can be drawn would leave a line without a word.
        text = f"{item.quantity} × {name if any(map(str.isalnum, name)) else item.product}"
        _row(pdf, text, format_amount(row.amount, order.currency, locale))


def _sums(pdf: "FPDF", order: Order, locale: str) -> None:
    breakdown = order.breakdown
    *before, total = breakdown.sums
    for row in before:
        _row(pdf, row.label, format_amount(row.amount, order.currency, locale))
    for row in (total, *breakdown.refunds):
        _row(pdf, row.label, format_amount(row.amount, order.currency, locale), bold=True)
    for note in (breakdown.tax_note(locale), order.payment_note):
        if note:
            pdf.ln(2)
            _line(pdf, note[0].upper() + note[1:], size=10, color=_SOFT)


def _foot(pdf: "FPDF", details: ReceiptDetails, unknown: set[int]) -> None:
    pdf.ln(8)
    for text in details.seller.lines:
        _line(pdf, _drawable(text, unknown), size=10, color=_SOFT)


def _colour(text: str) -> tuple[int, int, int]:
    """Return a colour such as `#6b1d4a` as its parts."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def _drawable(text: str, unknown: set[int]) -> str:
    """Return what of a text our fonts can draw."""
    return "".join(sign for sign in _shown(text) if ord(sign) not in unknown).strip()


def _line(pdf: "FPDF", text: str, *, size: float, bold: bool = False, color: tuple[int, int, int] = _INK) -> None:
    pdf.set_font("Figtree", style="B" if bold else "", size=size)
    pdf.set_text_color(*color)
    pdf.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT", align="L")


def _row(pdf: "FPDF", name: str, price: str, *, bold: bool = False) -> None:
    """A name that may take several lines, with its amount at the right edge of the first."""
    pdf.set_font("Figtree", style="B" if bold else "", size=11)
    pdf.set_text_color(*_INK)
    if pdf.will_page_break(18):
        pdf.add_page()
    top = pdf.get_y() + 2.5
    pdf.set_xy(pdf.w - _MARGIN - _PRICE_WIDTH, top)
    pdf.cell(_PRICE_WIDTH, 6, price, align="R")
    pdf.set_xy(_MARGIN, top)
    pdf.multi_cell(pdf.epw - _PRICE_WIDTH - 4, 6, name, new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.set_draw_color(*_RULE)
    pdf.line(_MARGIN, pdf.get_y() + 2, pdf.w - _MARGIN, pdf.get_y() + 2)
    pdf.ln(2)


def _shown(text: str) -> str:
    """What can be drawn of a text: no control characters, nothing endless."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:_MAX_TEXT])
