"""A FastAPI application's lifespan: the checkout is there, and its background worker runs, for as long as it is served."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Self

from starlette.concurrency import run_in_threadpool

from ..domain.errors import ConfigurationError
from ..services.blocking import Checkout
from ..services.calling import is_coroutine_function
from ..services.checkout import AsyncCheckout
from .callback_address import report_unserved_callback
from .dependency import GivenCheckout, asynchronous, register, unregister

CLOSED = (
    "This checkout was closed when its application stopped. To start more than once in a process, as tests do, let the "
    "lifespan open it: lifespan(lambda: open_async_checkout(…))."
)


class lifespan:  # noqa: N801 - it stands where a lifespan function stands
    """Run the background worker of a checkout while an application is served, and close the checkout at the end.

        app = FastAPI(lifespan=lifespan(checkout))

    Within a lifespan of your own enter it with the application, `async with lifespan(checkout)(app):`. Then
    `checkout_dependency` finds the checkout.

    Args:
        checkout: an `AsyncCheckout`, which is closed at the end; a blocking `Checkout`, which stays its owner's; or a
            function that opens one when the application starts, and which is closed at the end.

    Raises:
        ConfigurationError: at once, what is given can never open one; when the application starts, the checkout
            cannot be opened or is closed already, or the application has another one."""

    def __init__(self, checkout: GivenCheckout | Callable[[], GivenCheckout]) -> None:
        if not isinstance(checkout, AsyncCheckout | Checkout) and not callable(checkout):
            asynchronous(checkout)  # says what is expected
        if is_coroutine_function(checkout):
            raise ConfigurationError(
                "lifespan takes a function that opens the checkout, and not a coroutine function: "
                "lifespan(lambda: open_async_checkout(…)). To open it with await, do so in a lifespan of your own."
            )
        self._given = checkout
        self._closed = False
        self._entered: list[AbstractAsyncContextManager[None]] = []

    def __call__(self, app: Any) -> AbstractAsyncContextManager[None]:
        """Return the context in which an application is served."""
        return self._serve(app)

    async def __aenter__(self) -> Self:
        """Run the worker without an application: `checkout_dependency` does not know the checkout then."""
        entered = self._serve(None)
        await entered.__aenter__()
        self._entered.append(entered)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._entered.pop().__aexit__(kind, error, trace)

    @asynccontextmanager
    async def _serve(self, app: Any) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            checkout = await self._opened(stack)
            if app is not None:
                register(app, checkout)
                stack.callback(unregister, app, checkout)
                report_unserved_callback(app, checkout)
            await stack.enter_async_context(checkout.background_worker())
            yield

    async def _opened(self, stack: AsyncExitStack) -> AsyncCheckout:
        """Return the checkout; what is to be done at the end is on the stack."""
        if self._closed:
            raise ConfigurationError(CLOSED)
        if isinstance(self._given, Checkout):
            checkout = self._given.asynchronous
            stack.push_async_callback(checkout.disconnect)  # the event loop ends with the application
            return checkout
        if isinstance(self._given, AsyncCheckout):
            stack.push_async_callback(self._close, self._given)
            return self._given
        opened = await run_in_threadpool(self._given)
        checkout = asynchronous(opened)
        stack.push_async_callback(checkout.close)
        return checkout

    async def _close(self, checkout: AsyncCheckout) -> None:
        self._closed = True
        await checkout.close()
