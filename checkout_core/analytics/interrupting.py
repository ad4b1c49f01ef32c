"""Work that Ctrl-C and Jupyter's Interrupt stop at once.

DuckDB works in C++ and looks for no signal, and neither does a server that is waited for. So the work runs in a thread,
and the main thread, which is the one that gets signals, waits for it and stops it.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
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

    worker = threading.Thread(target=run, name="question", daemon=True)
    try:
        worker.start()
        while not done.wait(_LOOK_SECONDS):
            pass
    except KeyboardInterrupt:
        if worker.ident is not None or done.wait(_LOOK_SECONDS) or worker.ident is not None:  # else it never began
            _stop(done, stop)
        raise
    if errors:
        raise errors[0]
    return answers[0]


def _stop(done: threading.Event, stop: Callable[[], None]) -> None:
    while not done.is_set():
        try:
            with suppress(Exception):  # what is to be stopped may have been closed meanwhile
                stop()
            done.wait(_AGAIN_SECONDS)
        except KeyboardInterrupt:  # an impatient second one
            continue
