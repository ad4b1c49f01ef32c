"""The simulator's controls, over HTTP: the storefront knows it as any client does."""

from typing import Any

import httpx2

from checkout_core.config.settings import Settings
from checkout_core.domain.errors import StripeUnavailable

_TIMEOUT_SECONDS = 15


def use_control(settings: Settings, path: str, **body: object) -> None:
    """Use one of the simulator's controls (docs/simulator.md lists them).

    Raises:
        StripeUnavailable: the simulator did not answer, or said no; the message says which.
    """
    _request(settings, "POST", path, body)


def ask(settings: Settings, path: str) -> dict[str, Any]:
    """Return what the simulator answers to a question.

    Raises:
        StripeUnavailable: the simulator did not answer, or said no; the message says which.
    """
    answer: dict[str, Any] = _request(settings, "GET", path, None).json()
    return answer


def _request(settings: Settings, method: str, path: str, body: object) -> httpx2.Response:
    url = f"{settings.stripe_api_base}/_simulator/{path}"
    try:
        answer = httpx2.request(method, url, json=body, timeout=_TIMEOUT_SECONDS, trust_env=False)
        answer.raise_for_status()
    except httpx2.HTTPStatusError as error:
        raise StripeUnavailable(f"The simulator says no: {_reason(error.response)}") from error
    except httpx2.HTTPError as error:
        raise StripeUnavailable("The simulator does not answer. Is it still running?") from error
    return answer


def _reason(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}."
