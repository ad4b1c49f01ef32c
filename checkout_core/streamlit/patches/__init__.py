"""What we change in Streamlit itself: one module for each patch, which says why and where upstream speaks of it.

The patches replace methods that Streamlit does not document, so they are tested with `TESTED` only. On another version
they are applied all the same, because without them clicks are lost, and the log says so once.
"""

import threading

import streamlit
from streamlit import config

from ...config.logging import get_logger
from . import callbacks, given_up, page_top, pages

TESTED = "1.67"
"""The version of Streamlit that the patches were tested with; the same as in the distribution's `pyproject.toml`."""

ONE_RUN_AFTER_THE_OTHER = "runner.fastReruns"
"""The option that must be off: else a run begins beside the last one, which takes its presses away when it ends."""

log = get_logger(__name__)
_guard = threading.Lock()
_applied = False


def apply() -> None:
    """Patch this process's Streamlit; repeating it does nothing. Call it at the beginning of each run of the script."""
    global _applied  # noqa: PLW0603 - the patches are of the process
    with _guard:
        if _applied:
            return
        if not is_tested(streamlit.__version__):
            log.warning("untested streamlit version", version=streamlit.__version__, tested=TESTED)
        given_up.patch()
        pages.patch()
        callbacks.patch()
        page_top.patch()
        if not config.is_manually_set(ONE_RUN_AFTER_THE_OTHER):
            config.set_option(ONE_RUN_AFTER_THE_OTHER, False)
        _applied = True


def is_tested(version: str) -> bool:
    """Return whether the patches were tested with a version of Streamlit, such as `1.67.2`."""
    return version == TESTED or version.startswith(f"{TESTED}.")
