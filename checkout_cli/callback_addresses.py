"""Does the application that runs at CHECKOUT_API_URL take what Stripe sends there? Shoppers who paid come back to it."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from checkout_core.domain.errors import ConfigurationError

COMPLETE, WEBHOOK = ("GET", "/checkout/complete"), ("POST", "/stripe/webhook")
"""How to ask each route for nothing: without a session, or an event, it answers what is missing, and does nothing."""
MAX_SECONDS = 5.0
NOT_CONFIGURED = "No webhook secret is configured."
"""What `checkout_core.fastapi` answers to webhooks when it has none."""


class NotRunning(ConfigurationError):
    """Nothing runs now at an address of this machine: no fault before the application is started."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    code: str
    message: str
    location: str

    @property
    def served(self) -> bool:
        """Whether a route of ours answered."""
        return bool(self.code) and self.status not in (404, 405)


def require_served(api_url: str, route: tuple[str, str]) -> str:
    """Return a sentence that says that a route of ours answers below an address.

    Args:
        api_url: CHECKOUT_API_URL.
        route: `COMPLETE` or `WEBHOOK`.

    Raises:
        NotRunning: nothing listens there, on this machine.
        ConfigurationError: it cannot be reached, or something else answers; the sentence says which, and what to do.
    """
    method, path = route
    answer = _ask(method, api_url + path)
    if answer.served:
        return f"{api_url}{path} is served"
    raise ConfigurationError(f"{api_url}{path} {_wrong(answer)}. {_advice(api_url, route, answer)}")


def _wrong(answer: _Answer) -> str:
    """Say what answers instead of our route."""
    status = answer.status
    if answer.message == NOT_CONFIGURED:
        return "has no webhook secret"
    if status in (404, 405):
        return f"is not served: what runs there answers {status}"
    if 300 <= status < 400:
        return f"leads to {answer.location or 'another address'} ({status}), and Stripe follows no redirect"
    if status in (401, 403):
        return f"refuses strangers ({status}), and Stripe and shoppers are strangers"
    if status >= 500:
        return f"answers {status}: the application behind it does not run, or fails"
    return f"is not ours: another program answers there, with {status}"


def _advice(api_url: str, route: tuple[str, str], answer: _Answer) -> str:
    if answer.message == NOT_CONFIGURED:
        return "Set STRIPE_WEBHOOK_SECRET for the application that runs there, and start it again."
    if answer.status in (401, 403) or answer.status >= 500:
        return "Look at the proxy and at the application's log."
    method, path = route
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(api_url))
    for other in (origin, f"{origin}/api"):
        if other != api_url and _serves(method, other + path):
            return f"It is served at {other}{path}: set CHECKOUT_API_URL={other}."
    return "Set CHECKOUT_API_URL to the address below which the routes of checkout_router are."


def _serves(method: str, url: str) -> bool:
    try:
        return _ask(method, url).served
    except ConfigurationError:
        return False


def _ask(method: str, url: str) -> _Answer:
    import httpx2

    try:
        response = httpx2.request(method, url, headers={"Accept": "application/json"}, timeout=MAX_SECONDS)
    except httpx2.TimeoutException as error:
        raise ConfigurationError(f"{url} does not answer within {MAX_SECONDS:g} seconds.") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        if _refused(error) and urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost"):
            raise NotRunning(f"Nothing runs at {url} now. Start the application, and ask again.") from error
        raise ConfigurationError(f"{url} cannot be reached from here: {error}.") from error
    code, message = _ours(response.text)
    return _Answer(response.status_code, code, message, response.headers.get("location", ""))


def _ours(body: str) -> tuple[str, str]:
    """Return code and message of an error answer of ours; empty texts: it is none."""
    try:
        error = json.loads(body)["error"]
        return str(error["code"]), str(error["message"])
    except (ValueError, TypeError, LookupError):
        return "", ""


def _refused(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ConnectionRefusedError):
            return True
        error = error.__cause__ or error.__context__
    return False
