"""Where messages to shoppers go: a folder of `.eml` files, or a mail server.

A message has a key. Sending it again under the same key replaces the file, and keeps its Message-ID, by
which mail programs recognise repetitions.
"""

import os
import smtplib
import ssl
import tempfile
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formataddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..config.addresses import is_loopback
from ..config.settings import Settings

Mailbox = Callable[[str, EmailMessage], None]
"""Sends a message under a key."""

TIMEOUT_SECONDS = 10
"""Seconds to wait for the mail server."""


def mailbox(settings: Settings) -> Mailbox:
    """Return the mailbox that the settings lead to."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    sender = settings.mail_from or formataddr((settings.shop_name, f"receipts@{host}"))
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

    def __call__(self, key: str, message: EmailMessage) -> None:
        """Send the message.

        Raises:
            OSError, smtplib.SMTPException: the server did not take it.
        """
        self._address(key, message)
        with self._connected() as server:
            server.send_message(message)

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
