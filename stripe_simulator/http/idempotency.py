"""Answers under idempotency keys: https://docs.stripe.com/api/idempotent_requests."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import StripeError
from ..wire import JSON

KEY_LIFETIME_SECONDS = 24 * 3600.0


@dataclass(slots=True)
class StoredAnswer:
    """What a key was first used for, and its answer; `body` is None while that request is in progress."""

    digest: bytes
    at: float
    request_id: str
    status: int = 200
    body: JSON | None = None


class IdempotencyKeys:
    """The answers of the last 24 hours by the simulated clock, by account and key."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._answers: dict[tuple[str, str], StoredAnswer] = {}

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def in_progress(self) -> bool:
        """Whether a request with a key is still in progress."""
        return any(answer.body is None for answer in list(self._answers.values()))

    def begin(self, account: str, key: str, digest: bytes, request_id: str) -> StoredAnswer | None:
        """Take a key for a request, unless it has an answer already.

        Args:
            account: the name of the account.
            key: what the caller sent.
            digest: a hash of path and body, to recognise the same request.
            request_id: the id of this request.

        Returns:
            The stored answer, or None when the key was free and is now taken.

        Raises:
            StripeError: the key belongs to another request, or to one that is still in progress.
        """
        now = self._now()
        while self._answers:
            oldest = next(iter(self._answers))
            if self._answers[oldest].at > now - KEY_LIFETIME_SECONDS:
                break
            del self._answers[oldest]
        answer = self._answers.get((account, key))
        if answer is None:
            self._answers[account, key] = StoredAnswer(digest, now, request_id)
            return None
        if answer.digest != digest:
            raise StripeError(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                type="idempotency_error",
            )
        if answer.body is None:
            raise StripeError(
                409,
                f"There is currently another in-progress request using this Idempotent Key: {key}.",
                type="idempotency_error",
                code="idempotency_key_in_use",
            )
        return answer

    def store(self, account: str, key: str, status: int, body: JSON) -> None:
        """Store the status and body that the request of a key ended with."""
        answer = self._answers.get((account, key))
        if answer is not None:
            answer.status, answer.body = status, body

    def release(self, account: str, key: str) -> None:
        """Free a key whose request is not to be stored."""
        self._answers.pop((account, key), None)

    def clear(self) -> None:
        """Forget every key."""
        self._answers.clear()
