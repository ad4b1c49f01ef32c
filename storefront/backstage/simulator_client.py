"""The simulator's controls, over HTTP: the storefront knows it as any client does."""

import httpx2

from checkout_core.config.settings import Settings
from checkout_core.domain.errors import StripeUnavailable


def use_control(settings: Settings, path: str, **body: object) -> None:
    """Use one of the simulator's controls (docs/simulator.md lists them).

    Raises:
        StripeUnavailable: the simulator did not answer, or said no; the message says which.
    """
    try:
        answer = httpx2.post(f"{settings.stripe_api_base}/_simulator/{path}", json=body, timeout=15, trust_env=False)
        answer.raise_for_status()
    except httpx2.HTTPStatusError as error:
        raise StripeUnavailable(f"The simulator says no: {_reason(error.response)}") from error
    except httpx2.HTTPError as error:
        raise StripeUnavailable("The simulator does not answer. Is it still running?") from error


def _reason(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}."
