"""What pydantic found wrong, in a sentence without values."""

from pydantic import ValidationError


def first_fault(error: ValidationError) -> tuple[list[str], str]:
    """Return where the first fault is (the names that lead there), and what it is."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return [str(part) for part in first["loc"]], first["msg"].removeprefix("Value error, ")
