"""Structured logs, without secrets and without whole e-mail addresses.

Modules log through `get_logger`, which needs no set-up: it hands over to the standard library, where information is
silent until somebody asks for it. Whoever starts a program calls `configure` once.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from .settings import Settings

SECRET = re.compile(r"\b(?:[sr]k_(?:test|live)_|whsec_|Bearer\s+|Basic\s+)[^\s\"'&,;]+|_secret_[A-Za-z0-9%]+")
"""API keys, webhook secrets, credentials in headers, and the part of a client secret that makes it one."""

PASSWORD = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@")
_DOMAIN = r"([\w-]+(?:\.[\w-]+)+)"
_LOCAL = r"[^\s\"<>(),:;@•\[\]\\]"
EMAIL = re.compile(rf"(?<!{_LOCAL})({_LOCAL}){_LOCAL}*+@{_DOMAIN}")
"""What may stand before the @ is much, so what is written in front of an address may be masked with it."""
QUOTED_EMAIL = re.compile(rf"(?<![\w.+'%-])([\w.+'%-])[\w.+'%-]*?%40{_DOMAIN}")
"""An address as it is in a URL."""


def get_logger(name: str) -> FilteringBoundLogger:
    """Return a logger that takes an event and its fields: `log.info("order event", order_id=…)`."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.processors.format_exc_info,
            without_secrets,
            _handed_over,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return logger


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Write the logs of this process to standard error: as JSON lines, or for people when they look at a terminal.

    CHECKOUT_LOG_FORMAT (`json`, `console`) and CHECKOUT_LOG_LEVEL decide. Other libraries' records go through the same
    processors. Calling it again changes nothing but format and level.
    """
    stream = stream or sys.stderr
    in_json = settings.log_format == "json" or (not settings.log_format and not stream.isatty())
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not in_json:
        renderer = structlog.dev.ConsoleRenderer(colors=stream.isatty())
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _taken_up,
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    handler.set_name("checkout")
    root = logging.getLogger()
    for former in [each for each in root.handlers if each.get_name() == "checkout"]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    for own in ("uvicorn", "uvicorn.access", "uvicorn.error"):  # they bring handlers of their own
        logging.getLogger(own).handlers.clear()
        logging.getLogger(own).propagate = True
    for chatty in ("httpx", "httpx2", "httpcore", "httpcore2", "stripe", "asyncio", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _handed_over(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> tuple[tuple[Any, ...], MutableMapping[str, Any]]:
    """What `logging` is called with. The fields travel as one, for a record has names of its own."""
    return (fields.pop("event"),), {"extra": {"fields": dict(fields)}}


def _taken_up(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = fields.get("_record")
    return {**fields, **getattr(record, "fields", {})}


def without_secrets(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets out of every text and mask e-mail addresses, however deep they are: a structlog processor."""
    return {key: value if key.startswith("_") else cleaned(value) for key, value in fields.items()}


def cleaned(value: Any) -> Any:
    """Return the value with what must not be logged replaced."""
    if isinstance(value, str):
        text = SECRET.sub("•••", value)
        if "@" in text:  # few texts have one, and to look is quicker than to search
            text = EMAIL.sub(r"\1•••@\2", PASSWORD.sub(r"\1:•••@", text))
        return QUOTED_EMAIL.sub(r"\1•••@\2", text) if "%40" in text else text
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {cleaned(key): cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [cleaned(each) for each in value]
    if isinstance(value, BaseException):
        return cleaned(f"{type(value).__name__}: {value}")
    return cleaned(value.decode(errors="replace") if isinstance(value, bytes) else repr(value))
