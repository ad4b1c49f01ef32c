"""Let each run call its callbacks to the end, so that no click is lost, however fast the next one follows.

Streamlit takes a click as a request to run the script again and calls the widget's callback at the start of that run.
When the next request arrives in between, the run is given up before its callbacks were called, or in the middle of
one, and the click is gone: a product that was added is not in the cart, and nothing says so. With
`runner.fastReruns` off (`apply` sees to that) requests of one browser run one after the other; this patch
lets each of them call its callbacks before it may be given up for the next.

Upstream: https://github.com/streamlit/streamlit/issues/8365 (callbacks and runs that did not finish) and
https://github.com/streamlit/streamlit/issues/8291 (the clicks of several buttons in one run).
"""

import threading
from functools import wraps
from typing import Any

from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequest, ScriptRequests
from streamlit.runtime.state.safe_session_state import SafeSessionState

_calling_back = threading.local()


def patch() -> None:
    """Replace the two methods; Streamlit has no other place for this."""
    begin_run = SafeSessionState.on_script_will_rerun
    asked_to_yield = ScriptRequests.on_scriptrunner_yield

    @wraps(begin_run)
    def begin_run_undisturbed(state: SafeSessionState, *args: Any, **options: Any) -> None:
        _calling_back.now = True
        try:
            begin_run(state, *args, **options)
        finally:
            _calling_back.now = False

    @wraps(asked_to_yield)
    def yield_after_callbacks(requests: ScriptRequests) -> ScriptRequest | None:
        return None if getattr(_calling_back, "now", False) else asked_to_yield(requests)

    SafeSessionState.on_script_will_rerun = begin_run_undisturbed  # type: ignore[method-assign,assignment]
    ScriptRequests.on_scriptrunner_yield = yield_after_callbacks  # type: ignore[method-assign,assignment]
