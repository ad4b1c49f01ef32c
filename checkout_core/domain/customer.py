"""What a shopper enters: what of it can be used, and how much of it is shown again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import EmailStr, TypeAdapter, ValidationError

from .errors import InvalidInput, Undeliverable
from .mail_addresses import mail_address
from .ownership import is_reserved

_EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)
_MAX_LENGTHS = {"name": 200, "phone": 40}
_MAX_METADATA = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Details:
    """What the shopper has entered in step 2, checked.

    A form that comes back knows its own fields only: a name or a phone that is None was not given and stays as it was,
    and metadata is merged. Blank means that it was cleared.
    """

    email: str
    name: str | None
    phone: str | None
    metadata: Mapping[str, str]

    def changes(self, metadata: Mapping[str, str]) -> dict[str, object]:
        """Return the fields of an order that has `metadata`, as these details want them."""
        given = {"name": self.name, "phone": self.phone}
        texts: dict[str, object] = {name: text or None for name, text in given.items() if text is not None}
        return {"email": self.email, **texts, "metadata": {**metadata, **self.metadata}}


def valid_details(email: str, name: str | None, phone: str | None, metadata: Mapping[str, str] | None) -> Details:
    """Check what the shopper has entered.

    Args:
        email: space around it is dropped.
        name: at most 200 characters.
        phone: at most 40 characters.
        metadata: at most 20 entries, keys of 40 and values of 500 characters, none of them our own.

    Raises:
        InvalidInput: one cannot be used; the error names it.
    """
    return Details(valid_email(email), _text("name", name), _text("phone", phone), valid_metadata(metadata or {}))


def valid_email(email: str) -> str:
    """Return an address without space around it.

    Raises:
        InvalidInput: it is none, or no mail can be sent to it.
    """
    try:
        address = _EMAIL.validate_python(email.strip()[:321])
        mail_address(address)
        return address
    except (ValidationError, Undeliverable) as error:
        raise InvalidInput("Please enter an e-mail address such as name@example.com.", field="email") from error


def masked_email(email: str | None) -> str | None:
    """Mask an address: `anna@example.com` -> `a•••@example.com`, enough for its owner and too little for others."""
    if not email or "@" not in email:
        return None
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _text(field: str, text: str | None) -> str | None:
    if text is None:
        return None
    limit = _MAX_LENGTHS[field]
    if len(text) > limit:
        raise InvalidInput(f"The {field} can be at most {limit} characters long.", field=field)
    return _CONTROL.sub(" ", text).strip()


def valid_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Check metadata of an application: Stripe keeps it, too (https://docs.stripe.com/metadata).

    Raises:
        InvalidInput: there is too much, or a key is one of ours.
    """
    if own := next(filter(is_reserved, metadata), None):
        raise InvalidInput(f"The metadata key {own!r} is this toolkit's own. Choose another.", field="metadata")
    if len(metadata) > _MAX_METADATA or any(len(key) > 40 or len(value) > 500 for key, value in metadata.items()):
        raise InvalidInput(
            f"Metadata can have at most {_MAX_METADATA} entries, keys of 40 and values of 500 characters.",
            field="metadata",
        )
    return dict(metadata)
