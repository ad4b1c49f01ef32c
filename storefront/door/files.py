"""The files of the door's pages."""

from pathlib import Path


def text_of(name: str) -> str:
    """Return one of the files of this folder."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
