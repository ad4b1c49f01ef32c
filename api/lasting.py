"""What lives as long as the process, and the collector of circular garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting_objects() -> Iterator[None]:
    """Let the collector leave alone what is there now, for as long as the `with` lasts.

    Those are the modules, models and routes: some 150,000 objects. Each full collection would look at all of them, which
    takes a tenth of a second in which nobody is answered, and never finds any garbage there.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
