"""The four steps over HTTP, for any FastAPI application: routes, schemas, and errors as answers."""

from .errors import install_error_answers
from .routes import checkout_router

__all__ = ["checkout_router", "install_error_answers"]
