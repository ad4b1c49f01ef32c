"""Draw every page from its top.

A request that arrives in the last moment of a fragment's run is answered by the same thread, where Streamlit would
still draw inside that fragment: the whole page would end up in the panel that looks again every second.

Upstream: https://github.com/streamlit/streamlit/pull/8260 mends the same for a run that ends early, and
https://github.com/streamlit/streamlit/pull/8798 speaks of the thread that is used again.
"""

from functools import wraps
from typing import Any

from streamlit.delta_generator_singletons import context_dg_stack, get_default_dg_stack_value
from streamlit.runtime.state.safe_session_state import SafeSessionState


def patch() -> None:
    """Forget, at the start of each run, where the run before was drawing."""
    begin_run = SafeSessionState.on_script_will_rerun

    @wraps(begin_run)
    def begin_run_at_the_top(state: SafeSessionState, *args: Any, **options: Any) -> None:
        context_dg_stack.set(get_default_dg_stack_value())
        begin_run(state, *args, **options)

    SafeSessionState.on_script_will_rerun = begin_run_at_the_top  # type: ignore[method-assign,assignment]
