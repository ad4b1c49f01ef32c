"""What a shopper enters: what of it can be used, and how much of it is shown again."""

import re
from collections.abc import Mapping

from pydantic import EmailStr, TypeAdapter, ValidationError

from .errors import InvalidInput

_EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)
_MAX_LENGTHS = {"name": 200, "phone": 40}
_MAX_METADATA = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def valid_details(
    email: str, name: str | None, phone: str | None, metadata: Mapping[str, str] | None
) -> dict[str, object]:
    """Return the fields of an order that the shopper decides, checked.

    Args:
        email: space around it is dropped.
        name: at most 200 characters; blank: None.
        phone: at most 40 characters; blank: None.
        metadata: at most 20 entries, keys of 40 and values of 500 characters.

    Raises:
        InvalidInput: one cannot be used; the error names it.
    """
    return {
        "email": valid_email(email),
        "name": _text("name", name),
        "phone": _text("phone", phone),
        "metadata": _metadata(metadata or {}),
    }


def valid_email(email: str) -> str:
    """Return an address without space around it.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return _EMAIL.validate_python(email.strip()[:321])
    except ValidationError as error:
        raise InvalidInput("Please enter an e-mail address such as name@example.com.", field="email") from error


def masked_email(email: str | None) -> str | None:
    """Mask an address: `anna@example.com` -> `a•••@example.com`, enough for its owner and too little for others."""
    if not email or "@" not in email:
        return None
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _text(field: str, text: str | None) -> str | None:
    if text is None or not text.strip():
        return None
    limit = _MAX_LENGTHS[field]
    if len(text) > limit:
        raise InvalidInput(f"The {field} can be at most {limit} characters long.", field=field)
    return _CONTROL.sub(" ", text).strip()


def _metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    if len(metadata) > _MAX_METADATA or any(len(key) > 40 or len(value) > 500 for key, value in metadata.items()):
        raise InvalidInput(
            f"Metadata can have at most {_MAX_METADATA} entries, keys of 40 and values of 500 characters.",
            field="metadata",
        )
    return dict(metadata)
