"""One API request: who sends it, and with which parameters."""

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from ..errors import StripeError, unauthorized
from ..events import EventLog
from ..ids import random_id
from ..state import Account, State, account_name
from ..wire import JSON
from .params import Params, decode


@dataclass(slots=True)
class ApiRequest:
    """An authenticated request to a path under `/v1`.

    Attributes:
        state: where handlers store objects.
        events: what tells of changes.
        account: the account of the secret key.
        path: what the path names, such as `id`.
        params: the query or form.
        now: the simulated time, in whole seconds since the epoch.
        public_url: the address under which a browser reaches the simulator.
        products: products that only an expansion of the answer shows; the handler puts them here.
        lines: line items in the answer, with the taxes that only an expansion shows.
    """

    state: State
    events: EventLog
    account: Account
    path: dict[str, str]
    params: Params
    now: int
    public_url: str = ""
    products: list[JSON] = field(default_factory=list)
    lines: list[JSON] = field(default_factory=list)

    def store(self, table: str, made: JSON) -> None:
        """Store a new object and emit the event that it was created."""
        self.state.put(self.account, table, made["id"], made)
        self.events.emit(self.account, f"{made['object']}.created", made)


Handler = Callable[[ApiRequest], Awaitable[JSON]]
ApiRoute = tuple[str, str, Handler]
"""A method, a path and the handler that answers."""


def new_request_id() -> str:
    """Return the id of a request, as its answer and the events that it causes name it."""
    return random_id("req_", 14)


def path_of(request: Request) -> str:
    """Return the path below the mount."""
    path, root = request.scope["path"], request.scope.get("root_path", "")
    return str(path[len(root) :] if root and path.startswith(root) else path)


def secret_key(request: Request) -> str:
    """Return the secret key of a request, from a Bearer token or a Basic user name."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            raise unauthorized("Invalid Basic authorization.") from None
    return ""


def authenticate(state: State, key: str) -> Account:
    """Return the account of a secret test key. Raises a 401 for every other key."""
    if not key:
        raise unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    if key.startswith(("sk_live_", "rk_live_", "pk_live_")):
        raise unauthorized(
            "This is a simulator and takes no live keys: use a key that starts with sk_test_.", "api_key_live"
        )
    if key.startswith("pk_"):
        raise unauthorized(
            "This API call cannot be made with a publishable API key. Please use a secret API key.",
            "secret_key_required",
        )
    if not key.startswith(("sk_test_", "rk_test_")) or not key[8:]:
        raise unauthorized(f"Invalid API Key provided: {key[:8]}****")
    return state.account(account_name(key))


def acting_for(state: State, platform: Account, request: Request) -> Account:
    """Return the account that a request is about: the key's own, or the one that `Stripe-Account` names.

    https://docs.stripe.com/connect/authentication

    Args:
        state: where accounts are.
        platform: the account of the key.
        request: the request.

    Raises:
        StripeError: the header names no account (403).
    """
    id = request.headers.get("stripe-account")
    if id is None:
        return platform
    if not re.fullmatch(r"acct_[A-Za-z0-9]+", id):
        raise StripeError(
            403,
            f"The provided key does not have access to account '{id}' (or that account does not exist). "
            "Application access may have been revoked.",
            code="account_invalid",
        )
    return state.connected(platform, id)


async def read_parameters(request: Request) -> JSON:
    """Return the decoded query or form."""
    if request.method == "GET":
        return decode(request.url.query)
    body = await request.body()
    if not body:
        return decode(request.url.query)
    if path_of(request).startswith("/v2/"):
        return _read_json(body)
    if "json" in request.headers.get("content-type", ""):
        raise StripeError(400, "Send parameters as application/x-www-form-urlencoded, not as JSON.")
    try:
        return decode(body.decode())
    except UnicodeDecodeError:
        raise StripeError(400, "Invalid UTF-8 in the request body.") from None


def _read_json(body: bytes) -> JSON:
    """Return the parameters of a request to `/v2`, which are JSON, in the texts that a form would have."""
    try:
        values = json.loads(body)
    except ValueError:
        raise StripeError(400, "The request body is no JSON.") from None
    if not isinstance(values, dict):
        raise StripeError(400, "The request body is no JSON object.")
    return {name: _as_text(value) for name, value in values.items() if value is not None}


def _as_text(value: object) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
