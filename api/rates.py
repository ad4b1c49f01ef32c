"""How often one address may call the public routes."""

import ipaddress
import math
import re
import time
from collections.abc import Sequence

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerSecond, parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.exceptions import HTTPException

from checkout_core import Settings
from checkout_core.config.settings import Network

_HOP = re.compile(r"\"?(?:\[(?P<ipv6>[^\]]*)\]|(?P<ipv4>[^:\[\]]*))(?::\d*)?\"?")

_IPV6_CUSTOMER = 64
"""An IPv6 customer has at least a /64 of addresses, which count as one."""
_WRONG_PASSWORDS = RateLimitItemPerSecond(5, 300, "wrong passwords")
"""How often one address may give a wrong operator password, as on the operator's pages."""


class Rates:
    """CHECKOUT_RATE_LIMIT for one process; a fleet of processes allows as many times more."""

    def __init__(self, settings: Settings) -> None:
        self._limits: list[RateLimitItem] = parse_many(settings.rate_limit) if settings.rate_limit else []
        self._proxies = settings.trusted_proxies
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def require(self, request: Request) -> None:
        """Count a request.

        Raises:
            HTTPException: 429; `Retry-After` says when it is worth trying again.
        """
        address = caller(request, self._proxies)
        for limit in self._limits:
            if not self._limiter.hit(limit, address):
                raise self._refused(limit, address, "Too many requests. Please wait a moment and try again.")

    def require_tries(self, request: Request) -> None:
        """Check that the address may still try a password; only wrong ones count.

        Raises:
            HTTPException: 429; `Retry-After` says when it is worth trying again.
        """
        address = caller(request, self._proxies)
        if not self._limiter.test(_WRONG_PASSWORDS, address):
            raise self._refused(_WRONG_PASSWORDS, address, "Too many wrong passwords. Please wait a moment.")

    def count_wrong_password(self, request: Request) -> None:
        """Count a wrong password towards its address."""
        self._limiter.hit(_WRONG_PASSWORDS, caller(request, self._proxies))

    def _refused(self, limit: RateLimitItem, address: str, message: str) -> HTTPException:
        reset = self._limiter.get_window_stats(limit, address).reset_time
        wait = str(max(1, math.ceil(reset - time.time())))
        return HTTPException(429, message, {"Retry-After": wait})


async def limited(request: Request) -> None:
    """Count the request towards its caller's rate: a dependency of routes."""
    rates: Rates = request.app.state.rates
    rates.require(request)


def caller(request: Request, proxies: Sequence[Network]) -> str:
    """Return the address that a request counts for.

    X-Forwarded-For is only believed as far as trusted proxies wrote it: anyone can send any.
    """
    hops = request.headers.getlist("x-forwarded-for")
    chain = [hop.strip() for line in hops for hop in line.split(",")]
    address = _without_port(request.client.host) if request.client else ""
    while chain and _within(address, proxies):
        address = _without_port(chain.pop())
    return _customer(address)


def _without_port(hop: str) -> str:
    """Return the address of a hop: some proxies write `1.2.3.4:5678` or `[2001:db8::1]:443`, and another port each time."""
    found = _HOP.fullmatch(hop)
    return (found["ipv6"] or found["ipv4"]) if found else hop


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _customer(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_CUSTOMER), strict=False))
