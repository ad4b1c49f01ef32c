"""The callback service: HTTP around the four steps."""

from .app import create_app

__all__ = ["create_app"]
