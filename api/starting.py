"""A mounted app works, too: its first request finds out that the lifespan never ran, and starts what that starts."""

import atexit
import threading
from collections.abc import Callable

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from checkout_core.bootstrap import open_shops
from checkout_core.config.logging import get_logger
from checkout_core.domain.errors import CheckoutError
from checkout_core.fastapi.callback_address import report_unserved_callback
from checkout_core.fastapi.errors import error_answer
from checkout_core.services.shops import Shops

ADVICE = (
    "This application is mounted, so its lifespan does not run. Its background worker was started by the first request "
    "instead, in a thread of its own. To start it with the process and on the event loop of the application, add "
    "`lifespan=checkout_core.fastapi.lifespan(checkout)` to the application that is served."
)

log = get_logger(__name__)


class StartOnRequest:
    """ASGI middleware: starts an app whose lifespan has not run, and once says where callbacks would go wrong.

    Args:
        app: what answers.
        owner: the application that may be mounted.
        serve: lets it answer for shops.
    """

    def __init__(self, app: ASGIApp, *, owner: FastAPI, serve: Callable[[FastAPI, Shops], None]) -> None:
        self._app = app
        self._owner = owner
        self._serve = serve
        self._guard = threading.Lock()
        self._looked = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when the app is started."""
        if scope["type"] == "http" and not self._looked:
            try:
                await run_in_threadpool(self._start_once, scope.get("root_path", ""))
            except CheckoutError as error:
                await error_answer(Request(scope), error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _start_once(self, below: str) -> None:
        with self._guard:
            if self._looked:
                return
            if not self._owner.state.started:
                self._start()
            for checkout in self._owner.state.shops or ():
                report_unserved_callback(self._owner, checkout.asynchronous, below=below, proxied=True)
            self._looked = True

    def _start(self) -> None:
        if not hasattr(self._owner.state, "shops"):
            shops = open_shops()
            atexit.register(shops.close)
            self._serve(self._owner, shops)
        unattended = [each for each in self._owner.state.shops if not each.asynchronous.has_background_worker]
        for checkout in unattended:
            checkout.background_worker().__enter__()  # closing the checkout stops it
        if unattended:
            log.warning(ADVICE)
        self._owner.state.started = True
