"""Where the commands print, and how they fail."""

import sys
from typing import NoReturn

from rich.console import Console

console = Console()


def fail(sentence: str) -> NoReturn:
    """Print what is wrong on standard error, and exit with status 1."""
    Console(stderr=True).print(sentence, style="red", highlight=False, markup=False)
    sys.exit(1)


def without_password(url: str) -> str:
    """Return a database's address as it may be shown."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":•••@")).geturl()
