"""Whose addresses are whose: where a request came to, where it came from, and where webhooks may go."""

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""This machine. Every name below `localhost` is it, too (https://www.rfc-editor.org/rfc/rfc6761#section-6.3)."""


def is_loopback(host: str) -> bool:
    """Return whether a host's name or number is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_named(url: str, hosts: Collection[str]) -> bool:
    """Return whether `hosts` names where a URL leads, as `host` or `host:port`; `localhost` stands for all of loopback."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return False
    named = host in hosts or f"{host}:{port}" in hosts or f"[{host}]:{port}" in hosts
    return named or ("localhost" in hosts and is_loopback(host))


def foreign(headers: Mapping[str, str], scope: Mapping[str, Any], hosts: Collection[str]) -> str | None:
    """Return why a request comes from a page of another site, or None: it does not.

    A name in `Host` that is none of ours is the sign of DNS rebinding; browsers name the page's own address in `Origin`
    and say in `Sec-Fetch-Site` whether it is the same. Programs such as curl send only `Host`.

    Args:
        headers: of the request.
        scope: of ASGI; it has the address of our end of the connection.
        hosts: our names beside loopback.
    """
    host = headers.get("host", "")
    name = _name_of(host)
    own = (scope.get("server") or ("", 0))[0]
    if not (is_loopback(name) or name in hosts or name == own):
        return "This is not the simulator's address. Name it with --allow-host, if it is."
    if scope.get("method") in ("GET", "HEAD"):  # changes nothing, and another site cannot read the answer
        return None
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return "Not from another site."
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return "Not from another site."
    return None


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
