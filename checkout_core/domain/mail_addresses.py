"""E-mail addresses as a mail server takes them: the domain in ASCII, and whether the rest needs SMTPUTF8."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from .errors import Undeliverable

MAX_LOCAL_OCTETS = 64
"""https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1"""


@dataclass(frozen=True, slots=True)
class MailAddress:
    """Where a message goes. `local` stands before the @; `domain` is written by IDNA 2008 (`xn--…`), which always works."""

    local: str
    domain: str

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only mail servers with SMTPUTF8 take it (https://www.rfc-editor.org/rfc/rfc6531)."""
        return not self.local.isascii()


def mail_address(email: str) -> MailAddress:
    """Read an address for an envelope. Addresses inside a company (`anna@mail.local`) are fine here.

    Raises:
        Undeliverable: no mail server takes such an address.
    """
    try:
        read = validate_email(email, check_deliverability=False, allow_quoted_local=True, globally_deliverable=False)
    except EmailNotValidError as error:
        raise Undeliverable(f"This is no e-mail address that a mail server takes: {error}") from error
    if len(read.local_part.encode()) > MAX_LOCAL_OCTETS:
        raise Undeliverable(f"A mail server takes at most {MAX_LOCAL_OCTETS} octets before the @.")
    return MailAddress(read.local_part, read.ascii_domain)
