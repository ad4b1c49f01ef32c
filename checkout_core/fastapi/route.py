"""The class of the toolkit's routes: they answer their errors themselves, so that the application keeps its own ways."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from .dependency import GetCheckout, serve_with
from .errors import error_answer


def checkout_route(get_checkout: GetCheckout | None = None) -> type[APIRoute]:
    """Return the class of routes that answer errors with `ErrorBody`.

    Args:
        get_checkout: what `checkout_dependency` asks for the checkout; None: the application's lifespan has one.
    """

    class CheckoutRoute(APIRoute):
        """A route of the toolkit (https://fastapi.tiangolo.com/how-to/custom-request-and-route/)."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """Return what answers a request, errors included."""
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                serve_with(request, get_checkout)
                try:
                    return await handle(request)
                except Exception as error:  # of dependencies, validation, the checkout, and what nobody expects
                    return error_answer(request, error)

            return answered

    return CheckoutRoute
