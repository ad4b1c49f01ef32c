"""What the hosted page shows of a session, alone, inside a shop's page, or without its summary as a form."""

import re
from typing import cast

from ..records import SessionRecord
from ..resources.checkout_sessions.view import asked_amounts, fill_placeholder
from ..state import Account
from ..wire import JSON, Session
from .element_frames import TAX_ID_TYPES
from .session_view import session_view

VERBS = {"book": "Book", "donate": "Donate", "subscribe": "Subscribe"}
RADII = {"rectangular": "0", "rounded": "6px", "pill": "22px"}
SERIF = frozenset(["bitter", "hahmlet", "lora", "noto_serif", "pridi", "pt_serif", "roboto_slab"])
MONOSPACE = frozenset(["inconsolata", "m_plus_1_code", "ubuntu_mono"])
DARK_BELOW = 0.4
"""Colours with less luminance have light text on them."""
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_MARK = re.compile(r"\[(?P<label>[^\]]+)\]\((?P<href>(?:https?://|mailto:)[^\s)]+)\)|\*\*(?P<bold>[^*]+)\*\*")


def hosted_page(account: Account, record: SessionRecord, ui: str) -> JSON:
    """Return the values of the page's template.

    Args:
        account: whose session it is.
        record: the session.
        ui: `hosted`, `embedded` or `form`.
    """
    session, view = cast(JSON, record.session), session_view(account, record)
    branding = (
        record.options.get("branding_settings") or {}
    )  # what was given: the usual is the page's own, dark or light
    texts = {name: _rich(text["message"]) if text else None for name, text in session["custom_text"].items()}
    return {
        "asks": _asks(session),
        "branding": _style(branding),
        "business": branding.get("display_name") or "Simulated Stripe",
        "cancel": way_back(record.session),
        "key": account.publishable_key,
        "logo": _picture(branding, "logo") or _picture(branding, "icon"),
        "secret": record.secret,
        "session": session,
        "tax_id_types": TAX_ID_TYPES,
        "texts": texts,
        "total": asked_amounts(record.session).shown_total,
        "ui": ui,
        "verb": _verb(record.session),
        "view": view,
    }


def way_back(session: Session) -> str | None:
    """Return where the page's way back leads, if there is one."""
    url = session["cancel_url"]
    return url and fill_placeholder(url, session["id"])


def _verb(session: Session) -> str:
    if session["mode"] == "setup":
        return "Save"
    if not session["amount_total"]:
        return "Complete order"
    return f"{VERBS.get(session['submit_type'] or '', 'Pay')} {asked_amounts(session).shown_total}"


def _asks(session: JSON) -> JSON:
    """Return what the page asks the shopper, beside the e-mail address and how to pay."""
    consent, names = session["consent_collection"] or {}, session.get("name_collection") or {}
    saving, tax_ids = session["saved_payment_method_options"] or {}, session.get("tax_id_collection") or {}
    return {
        "billing": session["billing_address_collection"] == "required",
        "countries": (session["shipping_address_collection"] or {}).get("allowed_countries"),
        "names": {kind: asked for kind, asked in names.items() if asked and asked["enabled"]},
        "phone": session["phone_number_collection"]["enabled"],
        "promotions": consent.get("promotions") == "auto",
        "save": saving.get("payment_method_save") == "enabled",
        "tax_id": bool(tax_ids.get("enabled")),
        "terms": consent.get("terms_of_service") == "required",
    }


def _picture(branding: JSON, name: str) -> str | None:
    url = (branding.get(name) or {}).get("url")
    return str(url) if url else None


def _style(branding: JSON) -> str:
    """Return the branding as custom properties of CSS; what is not well-formed is left out."""
    made = {"--radius": RADII.get(branding.get("border_style") or "")}
    button, ground = (_colour(branding, name) for name in ("button_color", "background_color"))
    if button:
        made |= {"--button": button, "--on-button": _text_on(button)}
    if ground:
        made |= {"--ground": ground, "--on-ground": _text_on(ground)}
    font = branding.get("font_family") or "default"
    if font != "default":
        kind = "serif" if font in SERIF else "monospace" if font in MONOSPACE else "sans-serif"
        made["--font"] = f"'{font.replace('_', ' ').title()}', {kind}"
    return "; ".join(f"{name}: {value}" for name, value in made.items() if value)


def _colour(branding: JSON, name: str) -> str | None:
    colour = branding.get(name) or ""
    return colour if _HEX.fullmatch(colour) else None


def _text_on(colour: str) -> str:
    """Return black or white, whichever can be read on a colour: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < DARK_BELOW**2 else "#10121c"


def _rich(text: str) -> list[JSON]:
    """Return the parts of a custom text, which may have links and bold words.

    https://docs.stripe.com/payments/checkout/customization/policies#custom-text
    """
    parts: list[JSON] = []
    place = 0
    for found in _MARK.finditer(text):
        parts.append({"text": text[place : found.start()], "href": None, "bold": False})
        parts.append({"text": found["label"] or found["bold"], "href": found["href"], "bold": bool(found["bold"])})
        place = found.end()
    return [*parts, {"text": text[place:], "href": None, "bold": False}]
