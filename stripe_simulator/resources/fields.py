"""Parameters that many resources have."""

from ..currencies import CURRENCIES, require_amount
from ..errors import invalid
from ..http.params import Params

TAX_BEHAVIORS = ("exclusive", "inclusive", "unspecified")


def take_currency(params: Params, name: str = "currency") -> str:
    """Take a currency that Stripe knows and return it in lower case. Raises when it is missing or unknown."""
    value = params.text(name)
    if value is None:
        raise params.missing(name)
    code = value.lower()
    if code not in CURRENCIES:
        raise invalid(f"Invalid currency: {code}.", params.name(name))
    return code


def take_amount(params: Params, name: str, low: int = 0) -> int | None:
    """Take an amount in minor units, at least `low`; `check_amount` knows the rest. None when it is absent."""
    return params.integer(name, low)


def check_amount(params: Params, name: str, amount: int, currency: str) -> None:
    """Raise when an amount of `params` has a fraction or more digits than its currency has."""
    require_amount(amount, currency, params.name(name))


def take_email(params: Params, name: str) -> str | None:
    """Take an e-mail address; None when it is absent."""
    given = params.text(name, 512)
    if given is not None and "@" not in given.strip("@"):
        raise invalid(f"Invalid email address: {given}", params.name(name), "email_invalid")
    return given
