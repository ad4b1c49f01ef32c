"""A receipt as PDF. The fonts ship with the package, so that any name renders; the same order gives the same bytes."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.money import format_amount
from ..domain.orders import Order, OrderStatus

if TYPE_CHECKING:
    from fpdf import FPDF

_FONTS = Path(__file__).with_name("fonts")
_INK, _SOFT, _RULE = (40, 19, 47), (106, 85, 112), (220, 203, 176)
_MARGIN, _PRICE_WIDTH = 22, 42
_MAX_TEXT = 400


def receipt_pdf(order: Order, *, shop_name: str, email: str | None = None, locale: str = "en_US") -> bytes:
    """Draw the receipt of an order, one page or more of A4.

    Args:
        order: the order.
        shop_name: whose receipt it is.
        email: shown as it is given: mask it for a public page.
        locale: how amounts are written.
    """
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_creation_date(order.paid_at or order.created_at)
    pdf.set_title(f"Receipt {order.id}")
    pdf.set_author(_shown(shop_name))
    pdf.set_lang("en")
    pdf.set_margins(_MARGIN, _MARGIN)
    pdf.set_auto_page_break(True, _MARGIN)
    breakdown = order.breakdown
    amounts = (*breakdown.lines, *breakdown.sums, *breakdown.refunds)
    prices = [format_amount(row.amount, order.currency, locale) for row in amounts]
    names = (item.name for item in order.items)
    notes = (order.payment_note, breakdown.tax_note(locale))
    unknown = _with_fonts(pdf, " ".join((shop_name, email or "", *names, *prices, *notes)))
    pdf.add_page()
    _head(pdf, order, shop_name, email)
    _items(pdf, order, locale, unknown)
    _sums(pdf, order, locale)
    return bytes(pdf.output())


def _with_fonts(pdf: "FPDF", text: str) -> set[int]:
    """Our font, and of the two large ones that know most other scripts only what `text` needs: they take a second.

    Gives the characters that none of them can draw.
    """
    pdf.add_font("Figtree", fname=_FONTS / "figtree-regular.ttf")
    pdf.add_font("Figtree", style="B", fname=_FONTS / "figtree-bold.ttf")
    missing = {ord(sign) for sign in text} - _known(pdf, "figtree")
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


def _head(pdf: "FPDF", order: Order, shop_name: str, email: str | None) -> None:
    _line(pdf, _shown(shop_name), size=22, bold=True)
    _line(pdf, "Receipt", size=13, color=_SOFT)
    pdf.ln(6)
    facts = [
        ("Order", order.id),
        ("Paid", f"{order.paid_at:%d %B %Y, %H:%M} UTC" if order.paid_at else ""),
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
        name = "".join(sign for sign in _shown(item.name) if ord(sign) not in unknown).strip()
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
