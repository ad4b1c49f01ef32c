"""Whom a test delivers webhooks to without a server: applications, test clients, callables.

Frameworks are told apart by the names of their classes and arguments, because none of them is imported here.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

BASE_URL = "http://testserver"
ASGI_ARGUMENTS = 3


class Response(NamedTuple):
    """What a recipient answers."""

    status: int
    body: str


Headers = dict[str, str]
Post = Callable[[bytes, Headers], Response]


def find_post(app: Any, path: str | None) -> Post:
    """Return the function that posts a body with headers to `path` of `app`.

    Args:
        app: an ASGI or WSGI application, a test client of Starlette, FastAPI, Flask or Django, or a callable that
            takes a body and headers.
        path: where the application takes webhooks; a callable needs none.

    Raises:
        TypeError: `app` is none of these, or `path` is missing.
        ValueError: `path` is no path.
    """
    if path is not None and not path.startswith("/"):
        raise ValueError(f"deliver_to() takes a path that begins with /, such as /stripe/webhook, not {path!r}.")
    if isinstance(app, str):
        raise TypeError(f"deliver_to() takes an application, not an address: use delivering_to({app!r}).")
    make = _client(app) or _application(app, path)
    if make is None:
        return lambda body, headers: _answer_of(_finished(app(body, headers)))
    if path is None:
        raise TypeError(f"deliver_to() needs the path at which {type(app).__name__} takes webhooks.")
    return make(app, path)


def _client(app: Any) -> Callable[[Any, str], Post] | None:
    """Return what posts through a test client; None for everything else."""
    for cls in type(app).__mro__:
        kind = (cls.__module__.partition(".")[0], cls.__name__)
        if kind in CLIENTS:
            return CLIENTS[kind]
        if kind in ASYNC_CLIENTS:
            raise TypeError(
                f"deliver_to() cannot wait for {type(app).__name__}: give it the application, or a client that is not "
                "asynchronous, or post the body and the headers of event() yourself."
            )
    return None


def _application(app: Any, path: str | None) -> Callable[[Any, str], Post] | None:
    """Return what posts to an application; None for a callable that takes a body and headers."""
    wrong = f"deliver_to() takes an ASGI or WSGI application, a test client, or a callable, not {app!r}."
    if not callable(app) or inspect.isclass(app):
        raise TypeError(wrong)
    signature = inspect.signature(app)
    names = [each.name for each in signature.parameters.values() if each.kind is not each.KEYWORD_ONLY]
    takes_any = any(each.kind is each.VAR_POSITIONAL for each in signature.parameters.values())
    if len(names) == ASGI_ARGUMENTS and not takes_any:
        return _asgi
    if "start_response" in names:
        return _wsgi
    if takes_any and path is not None:
        return _asgi if inspect.iscoroutinefunction(getattr(app, "__call__", app)) else _wsgi  # noqa: B004
    try:
        signature.bind(b"", {})
    except TypeError:
        raise TypeError(f"{wrong} A callable takes a body and headers.") from None
    return None


def _asgi(app: Any, path: str) -> Post:
    import httpx2

    async def post(body: bytes, headers: Headers) -> Response:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=BASE_URL) as client:
            answer = await client.post(path, content=body, headers=headers)
        return Response(answer.status_code, answer.text)

    return lambda body, headers: _run(post(body, headers))


def _wsgi(app: Any, path: str) -> Post:
    import httpx2

    return _httpx(httpx2.Client(transport=httpx2.WSGITransport(app=app), base_url=BASE_URL), path)


def _httpx(client: Any, path: str) -> Post:
    def post(body: bytes, headers: Headers) -> Response:
        answer = client.post(path, content=body, headers=headers, follow_redirects=False)
        return Response(answer.status_code, answer.text)

    return post


def _werkzeug(client: Any, path: str) -> Post:
    def post(body: bytes, headers: Headers) -> Response:
        answer = client.post(path, data=body, headers=headers)
        return Response(answer.status_code, answer.get_data(as_text=True))

    return post


def _django(client: Any, path: str) -> Post:
    def post(body: bytes, headers: Headers) -> Response:
        sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        answer = client.post(path, data=body, content_type=sent.pop("HTTP_CONTENT_TYPE"), **sent)
        return Response(answer.status_code, b"".join(answer).decode(errors="replace"))

    return post


CLIENTS: dict[tuple[str, str], Callable[[Any, str], Post]] = {
    ("httpx", "Client"): _httpx,
    ("httpx2", "Client"): _httpx,
    ("werkzeug", "Client"): _werkzeug,
    ("django", "Client"): _django,
}
"""Test clients by package and class; Starlette's and FastAPI's are clients of httpx, Flask's is one of Werkzeug."""
ASYNC_CLIENTS = {("httpx", "AsyncClient"), ("httpx2", "AsyncClient"), ("django", "AsyncClient")}


def _answer_of(returned: Any) -> Response:
    """Return what a callable answered: a status, something that has a `status_code`, or anything else, which is fine."""
    status = getattr(returned, "status_code", returned)
    return Response(status if isinstance(status, int) and not isinstance(status, bool) else 200, "")


def _finished(returned: Any) -> Any:
    return _run(_await(returned)) if inspect.isawaitable(returned) else returned


async def _await(work: Awaitable[Any]) -> Any:
    return await work


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end, also from inside a test that runs in an event loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run_in_new_loop(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_run_in_new_loop, work).result()


def _run_in_new_loop(work: Coroutine[Any, Any, Any]) -> Any:
    # With a factory the runner leaves the current event loop of this thread alone.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)
