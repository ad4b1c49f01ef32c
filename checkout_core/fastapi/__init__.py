"""The four steps over HTTP, for any FastAPI application.

`checkout_router` has the routes, which answer their errors themselves; `lifespan` runs the background worker;
`checkout_dependency` gives routes of your own the checkout.
"""

from .application_lifespan import lifespan
from .dependency import checkout_dependency
from .errors import install_error_answers
from .routes import checkout_router

__all__ = ["checkout_dependency", "checkout_router", "install_error_answers", "lifespan"]
