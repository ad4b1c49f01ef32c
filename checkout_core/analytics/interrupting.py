"""Work that Ctrl-C and Jupyter's Interrupt stop at once.

DuckDB works in C++ and looks for no signal, and neither does a server that is waited for. So the work runs in a thread,
and the main thread, which is the one that gets signals, waits for it and stops it.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.1
"""How often the main thread looks for a signal; some systems deliver none to a thread that only waits."""
_AGAIN_SECONDS = 0.02
"""How often the work is told to stop: between two statements it has no effect."""


def interruptible(work: Callable[[], T], stop: Callable[[], None]) -> T:
    """Return what `work` returns; when the main thread is interrupted meanwhile, stop the work and wait for its end.

    Args:
        work: runs in another thread when this is the main one, else in this one, where no signal arrives.
        stop: makes the work end soon; it is called again and again until it has.

    Raises:
        KeyboardInterrupt: the work was stopped.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    answers: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()
    context = copy_context()

    def run() -> None:
        try:
            answers.append(context.run(work))
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    def stop_now() -> None:
        with suppress(Exception, KeyboardInterrupt):  # what is to be stopped may have been closed meanwhile
            stop()

    with _deferred(stop_now) as came:
        threading.Thread(target=run, name="question", daemon=True).start()
        try:
            while not done.wait(_AGAIN_SECONDS if came else _LOOK_SECONDS):
                if came:
                    stop_now()
        except BaseException:  # no signal, but raised in this thread by another: a debugger, for example
            stop_now()
            while not done.wait(_AGAIN_SECONDS):
                stop_now()
            raise
    if errors:
        raise errors[0]
    return answers[0]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Answer an interrupt at the end of what is done here: an import of NumPy that is cut short never works again.

    Raises:
        KeyboardInterrupt: it was interrupted meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _deferred(lambda: None):
        yield


@contextmanager
def _deferred(now: Callable[[], None]) -> Iterator[list[int]]:
    """Do `now` at an interrupt, and raise it at the end; give a list that is empty until then.

    An interrupt that is raised while a thread waits may leave the locks of what it waits for in disorder
    (https://docs.python.org/3/library/signal.html#note-on-signal-handlers-and-exceptions).

    Args:
        now: stops what is done meanwhile.
    """
    before = signal.getsignal(signal.SIGINT)
    came: list[int] = []
    if not callable(before):  # whoever started this program lets it take no interrupt
        yield came
        return

    def handle(number: int, _frame: object) -> None:
        came.append(number)
        now()

    signal.signal(signal.SIGINT, handle)
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            before(signal.SIGINT, None)
