"""Twenty questions that shops ask, with their SQL, to be run as they are or changed: `questions.sql`."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def questions() -> Mapping[str, str]:
    """Return the SQL of each question, by the question."""
    text = files(__package__).joinpath("questions.sql").read_text(encoding="utf-8")
    parts = [part.strip().partition("\n") for part in text.split(";\n")]
    return {comment.removeprefix("-- "): query.strip() for comment, _, query in parts if query}
