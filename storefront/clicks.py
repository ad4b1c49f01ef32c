"""No click is lost, however fast the next one follows.

Streamlit takes a click as a request to run the script again and calls the widget's callback at the start of that run.
When the next request arrives in between, the run is given up before its callbacks were called, or in the middle of
one, and the click is gone: a product that was added is not in the cart, and nothing says so. With
`runner.fastReruns` off (see `theme.config`) requests of one browser run one after the other; `keep` lets each call
its callbacks to the end before it may be given up for the next.

Nor is a page drawn in the wrong place: a request that arrives in the last moment of a fragment's run is answered by the
same thread, where Streamlit would still draw inside that fragment, and the whole page would end up in Backstage.
"""

import threading
from functools import wraps
from typing import Any

from streamlit.delta_generator_singletons import context_dg_stack, get_default_dg_stack_value
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequest, ScriptRequests
from streamlit.runtime.state.safe_session_state import SafeSessionState

_calling_back = threading.local()
_begin_run = SafeSessionState.on_script_will_rerun
_asked_to_yield = ScriptRequests.on_scriptrunner_yield


@wraps(_begin_run)
def _begin_run_undisturbed(state: SafeSessionState, *args: Any, **options: Any) -> None:
    context_dg_stack.set(get_default_dg_stack_value())
    _calling_back.now = True
    try:
        _begin_run(state, *args, **options)
    finally:
        _calling_back.now = False


@wraps(_asked_to_yield)
def _yield_after_callbacks(requests: ScriptRequests) -> ScriptRequest | None:
    return None if getattr(_calling_back, "now", False) else _asked_to_yield(requests)


def keep() -> None:
    """Make this process's Streamlit call every callback, and draw every page from its top; repeatable."""
    # Streamlit has no other place for this: the two methods are replaced on purpose.
    SafeSessionState.on_script_will_rerun = _begin_run_undisturbed  # type: ignore[method-assign,assignment]
    ScriptRequests.on_scriptrunner_yield = _yield_after_callbacks  # type: ignore[method-assign,assignment]
