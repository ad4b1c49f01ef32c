"""What a shopper enters: what of it can be used, and how much of it is shown again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import EmailStr, TypeAdapter, ValidationError

from .errors import InvalidInput, Undeliverable
from .mail_addresses import mail_address
from .metadata import MAX_ENTRIES, MAX_KEY_LENGTH, JsonValue, json_entry
from .ownership import is_reserved

MAX_EMAIL_LENGTH = 320
"""Of an e-mail address, before it is looked at: 64 before the @, and 255 after it."""
MAX_NAME_LENGTH = 200
MAX_PHONE_LENGTH = 40

_EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)
_MAX_LENGTHS = {"name": MAX_NAME_LENGTH, "phone": MAX_PHONE_LENGTH}
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
    metadata: Mapping[str, JsonValue]

    def changes(self, metadata: Mapping[str, JsonValue]) -> dict[str, object]:
        """Return the fields of an order that has `metadata`, as these details want them."""
        given = {"name": self.name, "phone": self.phone}
        texts: dict[str, object] = {name: text or None for name, text in given.items() if text is not None}
        return {"email": self.email, **texts, "metadata": {**metadata, **self.metadata}}


def valid_details(email: str, name: str | None, phone: str | None, metadata: Mapping[str, JsonValue] | None) -> Details:
    """Check what the shopper has entered.

    Args:
        email: space around it is dropped.
        name: at most 200 characters.
        phone: at most 40 characters.
        metadata: at most 20 entries of any JSON value, keys of 40 and values of 500 characters, no key of ours.

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
        address = _EMAIL.validate_python(email.strip()[: MAX_EMAIL_LENGTH + 1])
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


def valid_metadata(metadata: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Check metadata of an application: Stripe keeps it, too (https://docs.stripe.com/metadata).

    Returns:
        A copy, as JSON has it.

    Raises:
        InvalidInput: there is too much, a value is none of JSON's, or a key is one of ours.
    """
    if not isinstance(metadata, Mapping) or not all(isinstance(key, str) for key in metadata):
        raise InvalidInput("Metadata are values by name: {'seat': 'B7'}.", field="metadata")
    if own := next(filter(is_reserved, metadata), None):
        raise InvalidInput(f"The metadata key {own!r} is this toolkit's own. Choose another.", field="metadata")
    if len(metadata) > MAX_ENTRIES or any(len(key) > MAX_KEY_LENGTH for key in metadata):
        raise InvalidInput(
            f"Metadata can have at most {MAX_ENTRIES} entries, and keys of {MAX_KEY_LENGTH} characters.",
            field="metadata",
        )
    if any(_CONTROL.search(key) or not key.isprintable() for key in metadata):
        raise InvalidInput("The keys of metadata are text without control characters.", field="metadata")
    return {str(key): json_entry(key, value) for key, value in metadata.items()}
