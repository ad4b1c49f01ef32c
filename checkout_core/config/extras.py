"""What needs a package that only an extra of the distribution brings."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..domain.errors import ConfigurationError


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Say which extra to install when an import in the block does not find its package.

    Raises:
        ConfigurationError: the package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "checkout_core"):  # a mistake of our own
            raise
        raise ConfigurationError(f"{missing} is not installed. Install checkout-core[{name}].") from error
