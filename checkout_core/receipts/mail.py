"""Where messages to shoppers go: a folder of `.eml` files, or a mail server.

A message has a key. Sending it again under the same key replaces the file, and keeps its Message-ID, by
which mail programs recognise repetitions.
"""

import os
import re
import smtplib
import ssl
import tempfile
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from ..config.addresses import is_loopback
from ..config.logging import get_logger
from ..config.settings import Settings
from ..domain.errors import Undeliverable
from ..domain.mail_addresses import mail_address


class Mailbox(Protocol):
    """Sends a message under a key."""

    def __call__(self, key: str, message: EmailMessage) -> None:
        """Send the message.

        Raises:
            Undeliverable: it can never arrive.
        """
        ...

    def takes_utf8(self) -> bool:
        """Return whether addresses may have letters outside ASCII before the @."""
        ...


TIMEOUT_SECONDS = 10
"""Seconds to wait for the mail server."""
_STATUS = re.compile(r"5\.\d{1,3}\.\d{1,3}\b")

log = get_logger(__name__)


def mailbox(settings: Settings) -> Mailbox:
    """Return the mailbox that the settings lead to."""
    host = ascii_host(urlsplit(settings.public_url).hostname or "localhost")
    sender = (
        ascii_sender(settings.mail_from) if settings.mail_from else formataddr((settings.shop_name, f"receipts@{host}"))
    )
    if settings.smtp_url is not None:
        return MailServer(settings.smtp_url.get_secret_value(), sender, host)
    return Folder(settings.data_dir / "outbox", sender, host)


class _Mailbox:
    def __init__(self, sender: str, host: str) -> None:
        self._sender = sender
        self._host = host

    def _address(self, key: str, message: EmailMessage) -> None:
        message["From"] = self._sender
        message["Message-ID"] = f"<{key}@{self._host}>"


class Folder(_Mailbox):
    """Writes messages as `<key>.eml`, each complete or not at all."""

    def __init__(self, folder: Path, sender: str, host: str) -> None:
        super().__init__(sender, host)
        self._folder = folder

    def takes_utf8(self) -> bool:
        """Return True: whoever sends the files sees what they need."""
        return True

    def __call__(self, key: str, message: EmailMessage) -> None:
        """Write the message; one that was written under the key before is replaced."""
        self._address(key, message)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._folder / f"{key}.eml")
            _write_names(self._folder)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _write_names(folder: Path) -> None:
    """Let the folder know its new file after a power cut, too: https://man7.org/linux/man-pages/man2/fsync.2.html."""
    if os.name != "nt":  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class MailServer(_Mailbox):
    """Hands messages to an SMTP server: `smtp://user:password@host:587` (with STARTTLS) or `smtps://…:465`."""

    def __init__(self, url: str, sender: str, host: str) -> None:
        super().__init__(sender, host)
        self._url = url
        self._utf8: bool | None = None

    def takes_utf8(self) -> bool:
        """Return whether the server offers SMTPUTF8: asked once; False while it cannot be asked."""
        if self._utf8 is None:
            try:
                with self._connected() as server:
                    self._utf8 = server.has_extn("smtputf8")
            except (OSError, smtplib.SMTPException) as error:
                log.warning("mail server cannot be asked", error=type(error).__name__)
                return False
        return self._utf8

    def __call__(self, key: str, message: EmailMessage) -> None:
        """Send the message.

        Raises:
            Undeliverable: the server says that there is no such address, or cannot write it.
            OSError, smtplib.SMTPException: the server did not take the message now.
        """
        self._address(key, message)
        with self._connected() as server:
            needs_smtputf8 = isinstance(message.policy, EmailPolicy) and message.policy.utf8
            if needs_smtputf8 and not server.has_extn("smtputf8"):
                raise Undeliverable("The mail server does not offer SMTPUTF8, which this address needs.")
            try:
                server.send_message(message)
            except smtplib.SMTPRecipientsRefused as error:
                for code, text in error.recipients.values():
                    _require_an_address(code, text, error)
                raise
            except smtplib.SMTPDataError as error:
                _require_an_address(error.smtp_code, error.smtp_error, error)
                raise

    def _connected(self) -> smtplib.SMTP:
        parts = urlsplit(self._url)
        assert parts.hostname is not None
        secured = ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                parts.hostname, parts.port or 465, timeout=TIMEOUT_SECONDS, context=secured
            )
        else:
            server = smtplib.SMTP(parts.hostname, parts.port or 587, timeout=TIMEOUT_SECONDS)
        try:
            self._log_in(server, parts.hostname, parts.username, parts.password, secured)
        except BaseException:
            server.close()
            raise
        return server

    def _log_in(
        self, server: smtplib.SMTP, host: str, user: str | None, password: str | None, secured: ssl.SSLContext
    ) -> None:
        server.ehlo()
        encrypted = isinstance(server, smtplib.SMTP_SSL)
        if server.has_extn("starttls") and not encrypted:
            server.starttls(context=secured)
            server.ehlo()
            encrypted = True
        if user:
            if not encrypted and not is_loopback(host):
                raise smtplib.SMTPNotSupportedError("the mail server offers no encryption, and gets no password")
            server.login(unquote(user), unquote(password or ""))


def ascii_host(host: str) -> str:
    """Return a host as mail writes it: `xn--…` for names outside ASCII."""
    if host.isascii():
        return host
    try:
        return mail_address(f"receipts@{host}").domain
    except Undeliverable:
        return "localhost"


def ascii_sender(sender: str) -> str:
    """Return a sender such as `Shop <shop@exämple.de>` with its domain as mail writes it."""
    name, address = parseaddr(sender)
    local, _, domain = address.rpartition("@")
    return formataddr((name, f"{local}@{ascii_host(domain)}"), "utf-8") if not domain.isascii() else sender


def _require_an_address(code: int, text: bytes | str, error: smtplib.SMTPException) -> None:
    """Tell a refusal of the address, which stays, from one of the moment or of ourselves, which somebody mends.

    5.1.x is about the address and 5.6.7 about its letters (https://www.rfc-editor.org/rfc/rfc3463#section-3.2,
    https://www.rfc-editor.org/rfc/rfc6531#section-3.5); 5.7.x (no relaying, not signed) is about us. Some servers give no
    such status with 550, 551 or 553.

    Raises:
        Undeliverable: no such address, now and later.
    """
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    status = _STATUS.match(said)
    if status:
        never = status.group().startswith("5.1.") or status.group() == "5.6.7"
    else:
        never = code in (550, 551, 553) and "relay" not in said.lower()
    if never:
        raise Undeliverable(f"The mail server refuses the address: {code} {' '.join(said.split())[:200]}") from error
