"""Requests that begin at the same moment, and callback services in processes of their own."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from checkout_core import Settings
from tests.support.programs import clean_environment, free_port, running_program


def at_the_same_moment(requests: Sequence[Callable[[], object]]) -> list[object]:
    """Return the answers. No request begins before all threads are ready."""
    together = threading.Barrier(len(requests))

    def work(request: Callable[[], object]) -> object:
        together.wait()
        return request()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(work, requests))


@contextmanager
def api_process(settings: Settings, database_url: str) -> Iterator[str]:
    """Run the callback service in a process of its own; gives its address when it is ready."""
    port = free_port()
    environment = clean_environment(
        STRIPE_SECRET_KEY=settings.stripe_secret_key.get_secret_value(),
        STRIPE_PUBLISHABLE_KEY=settings.stripe_publishable_key,
        STRIPE_WEBHOOK_SECRET="whsec_test",
        STRIPE_API_BASE=settings.stripe_api_base,
        CHECKOUT_DATABASE_URL=database_url,
        CHECKOUT_DATA_DIR=str(settings.data_dir),
        CHECKOUT_PUBLIC_URL=settings.public_url,
        CHECKOUT_RATE_LIMIT="",
    )
    command = ("-m", "uvicorn", "api.main:app", "--port", str(port))
    with running_program(*command, ready="running on", environment=environment):
        yield f"http://127.0.0.1:{port}"


def two_api_processes(stack: ExitStack, settings: Settings, database_url: str) -> list[str]:
    """Start two of them side by side, for as long as the stack lasts; return their addresses.

    Args:
        stack: ends them.
        settings: the Stripe account and the shop's address.
        database_url: what they share.
    """
    both = [api_process(settings, database_url) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        return [each.result() for each in [pool.submit(stack.enter_context, one) for one in both]]
