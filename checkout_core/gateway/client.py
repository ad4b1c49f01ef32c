"""How Stripe is asked: within limits, with our errors, and never unnoticed."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import stripe

from ..config import metrics
from ..domain.errors import CheckoutError, StripeRejected, StripeUnavailable
from .call_log import CallLog, StripeCall
from .errors import map_stripe_errors
from .transport import CallLimits, StripeTransport


@dataclass(slots=True)
class CallContext:
    """A call in flight; which session it is about may be known only from the answer."""

    session_id: str | None


class StripeClient:
    """The SDK's client for one account, and the log of what was asked."""

    def __init__(self, secret_key: str, api_base: str, limits: CallLimits, *, places: int = 100) -> None:
        self.calls = CallLog()
        self._places = places
        self.in_flight = 0
        self._guard = threading.Lock()
        self.transport = StripeTransport(api_base, limits)
        self._sdk = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base},
            max_network_retries=limits.retries,
            http_client=self.transport,
        )
        self.v1 = self._sdk.v1

    async def get(self, path: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an answer as plain values; the SDK's objects take more time than all else of a call.

        Args:
            path: such as `/v1/events`.
            params: of the request.
        """
        answer = await self._sdk.raw_request_async("get", path, **params)
        return cast("Mapping[str, Any]", answer.data)

    async def post(self, path: str, params: Mapping[str, Any], *, idempotency_key: str | None = None) -> Any:
        """Return the answer to a request that changes something, as plain values.

        Args:
            path: such as `/v1/checkout/sessions`.
            params: of the request.
            idempotency_key: repeating the request under it does nothing more; None: one is made.
        """
        key = {} if idempotency_key is None else {"idempotency_key": idempotency_key}
        answer = await self._sdk.raw_request_async("post", path, **params, **key)
        return answer.data

    async def get_all(self, path: str, params: Mapping[str, Any]) -> list[Any]:
        """Return all of a list as plain values, page by page.

        Args:
            path: such as `/v1/refunds`.
            params: of the request.
        """
        found: list[Any] = []
        more: dict[str, Any] = {"limit": 100}
        while True:
            page = await self.get(path, {**params, **more})
            found += page["data"]
            if not page["has_more"]:
                return found
            more["starting_after"] = found[-1]["id"]

    @contextmanager
    def _place(self) -> Iterator[None]:
        with self._guard:
            if self.in_flight >= self._places:
                raise StripeUnavailable
            self.in_flight += 1
        try:
            yield
        finally:
            with self._guard:
                self.in_flight -= 1

    @contextmanager
    def call(
        self,
        name: str,
        session_id: str | None = None,
        *,
        on_missing: Callable[[], CheckoutError] = StripeRejected,
        on_refused: Callable[[], CheckoutError] = StripeRejected,
    ) -> Iterator[CallContext]:
        """Do what all calls share: the SDK's errors become ours, and the call is logged however it ends.

        Args:
            name: what is asked, such as `sessions.create`.
            session_id: the session that it is about.
            on_missing: the error when Stripe does not know what was named.
            on_refused: the error when Stripe refuses the request.

        Raises:
            StripeUnavailable: so many calls are in flight that Stripe is not asked: who waits for it when it is slow
                must not keep the program from all else.
        """
        context = CallContext(session_id)
        self.transport.begin_call()
        started_at, started = datetime.now(UTC), time.perf_counter()
        outcome = "ok"
        try:
            with self._place(), map_stripe_errors(on_missing, on_refused):
                yield context
        except CheckoutError as error:
            outcome = error.code
            raise
        except BaseException:
            outcome = CheckoutError.code
            raise
        finally:
            seconds = time.perf_counter() - started
            self.calls.add(StripeCall(name, context.session_id, started_at, seconds, outcome))
            metrics.stripe_call(name, outcome, seconds)
