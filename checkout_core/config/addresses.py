"""Which addresses lead to the machine itself."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Return whether a host's name or number, such as `127.0.0.1` or `shop.localhost`, is this machine's own.

    Every name below `localhost` is (https://www.rfc-editor.org/rfc/rfc6761#section-6.3).
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def leads_to_loopback(url: str) -> bool:
    """Return whether a URL, or `//host:port`, leads to this machine."""
    return is_loopback(urlsplit(url).hostname or "")
