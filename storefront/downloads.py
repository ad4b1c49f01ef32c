"""Files that are made when somebody asks for them, and served for a minute.

Streamlit serves a download at an address that asks nobody for a login, for as long as the page is open. Addresses are in
the logs of proxies and in the history of browsers; so a file is made by the click (a deferred download), its address is
good for a minute, and what was made is removed when the operator signs out.
"""

import math
import threading
import time
from functools import wraps

from streamlit import runtime
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryFile, MemoryMediaFileStorage, get_extension_for_mimetype

GOOD_SECONDS = 60.0
"""How long the address of a download is good after the click; a browser asks for it at once, perhaps twice."""

_guard = threading.Lock()
_applied = False


def serve_for_a_minute() -> None:
    """Let this process's Streamlit forget a download after `GOOD_SECONDS`; repeating this does nothing."""
    global _applied  # noqa: PLW0603 - the patch is of the process
    with _guard:
        if _applied:
            return
        _applied = True
        read = MemoryMediaFileStorage.get_file
        given_at: dict[str, float] = {}

        @wraps(read)
        def get_file(storage: MemoryMediaFileStorage, filename: str) -> MemoryFile:
            file_id = filename.partition(".")[0]
            if time.monotonic() - given_at.get(file_id, math.inf) > GOOD_SECONDS:
                given_at.pop(file_id, None)
                storage.delete_file(file_id)
            return read(storage, filename)

        def get_url(storage: MemoryMediaFileStorage, file_id: str) -> str:
            file = read(storage, file_id)
            if file.kind is MediaFileKind.DOWNLOADABLE:
                given_at[file_id] = time.monotonic()
            return f"{storage._media_endpoint}/{file_id}{get_extension_for_mimetype(file.mimetype)}"

        MemoryMediaFileStorage.get_file = get_file  # type: ignore[method-assign,assignment]
        MemoryMediaFileStorage.get_url = get_url  # type: ignore[method-assign,assignment]


def forget_unfetched() -> None:
    """Remove downloads that this browser session asked for and did not fetch, and the means to ask for more."""
    if runtime.exists():
        files = runtime.get_instance().media_file_mgr
        files.clear_session_refs()
        for _ in range(2):  # the first time a download is only marked
            files.remove_orphaned_files()
