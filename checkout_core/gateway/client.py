"""How Stripe is asked: with a time-out for each try and a limit for all of them, and never unnoticed."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

from ..config import metrics
from ..config.settings import Settings
from ..domain.errors import CheckoutError, StripeRejected
from .call_log import CallLog, StripeCall
from .errors import translated

TIMEOUT = (4.0, 10.0)
"""Seconds to connect, and to wait for an answer, for each try."""
LAST_TRY_AFTER = 12.0
"""Seconds after which no further try begins, so that nobody waits longer than about 25."""
RETRIES = 2
PAUSES = (0.3, 0.9)
"""Seconds to wait when Stripe says that we ask too often; the SDK does not retry a 429."""


@dataclass(slots=True)
class Calling:
    """A call under way; which session it is about may be known only from the answer."""

    session_id: str | None


class LimitedClient(stripe.RequestsClient):
    """HTTP with a limit for all tries of a call together, and patience when Stripe is asked too often."""

    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT)
        self._call = threading.local()

    def begin(self) -> None:
        """From now on this thread's next call counts its seconds."""
        self._call.began = time.monotonic()

    def request(  # type: ignore[override]  # the SDK's own RequestsClient answers in bytes, its base class says text
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One try."""
        for pause in (*PAUSES, None):
            if time.monotonic() - self._call.began > LAST_TRY_AFTER:
                raise stripe.APIConnectionError("Stripe took too long.", should_retry=False)  # type: ignore[no-untyped-call]
            answer = super().request(method, url, headers, post_data)
            if answer[1] != 429 or pause is None:
                break
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
        return answer


class Connection:
    """The SDK's client for one account, and the memory of what was asked."""

    def __init__(self, settings: Settings) -> None:
        self.calls = CallLog()
        self.http = LimitedClient()
        self.v1 = stripe.StripeClient(
            settings.secret_key,
            base_addresses={"api": settings.api_base},
            max_network_retries=RETRIES,
            http_client=self.http,
        ).v1

    @contextmanager
    def call(
        self,
        name: str,
        session_id: str | None = None,
        *,
        missing: Callable[[], CheckoutError] = StripeRejected,
        refused: Callable[[], CheckoutError] = StripeRejected,
    ) -> Iterator[Calling]:
        """Everything that is common to calls: errors become ours, and the call is remembered however it ends."""
        calling = Calling(session_id)
        self.http.begin()
        started_at, started = datetime.now(UTC), time.perf_counter()
        outcome = "ok"
        try:
            with translated(missing, refused):
                yield calling
        except CheckoutError as error:
            outcome = error.code
            raise
        except BaseException:
            outcome = CheckoutError.code
            raise
        finally:
            seconds = time.perf_counter() - started
            self.calls.add(StripeCall(name, calling.session_id, started_at, seconds, outcome))
            metrics.stripe_call(name, outcome, seconds)
